import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { awakeSince, lastMark, lengthOf, noteAfter, tailOf } from "../../../src/model/time/awake.ts";

const hour = 3_600_000;
const reading = (wall: number, monotonic: number, boot = "one") => ({ wall, monotonic, boot });

describe("the time since the last mark", () => {
  const last = reading(100 * hour, 10 * hour);

  it("goes on from there while the machine is awake, also where the wall clock was corrected a little", () => {
    const expected = { from: 100 * hour, until: 100 * hour + 15_000 };
    assert.deepEqual(awakeSince(last, reading(100 * hour + 15_000, 10 * hour + 15_000)), expected);
    assert.deepEqual(awakeSince(last, reading(100 * hour + 15_000, 10 * hour + 15_900)), expected);
  });

  it("leaves out hours of sleep: what is awake of it is at its end", () => {
    const now = reading(108 * hour, 10 * hour + 15_000);
    assert.deepEqual(awakeSince(last, now), { from: 108 * hour - 15_000, until: 108 * hour });
  });

  it("is as long as it was, however the wall clock was set", () => {
    for (const wall of [500 * hour, 3 * hour]) {
      const { from, until } = awakeSince(last, reading(wall, 10 * hour + 15_000));
      assert.deepEqual([until, until - from], [wall, 15_000]);
    }
  });

  it("begins with the machine after a reboot, and where nothing is known", () => {
    const now = reading(110 * hour, 60_000, "two");
    for (const before of [last, null]) {
      assert.deepEqual(awakeSince(before, now), { from: 110 * hour - 60_000, until: 110 * hour });
    }
  });

  it("is never negative, whatever the note said", () => {
    const odd = reading(100 * hour, 99 * hour);
    assert.deepEqual(awakeSince(odd, reading(108 * hour, hour)), { from: 108 * hour, until: 108 * hour });
  });
});

describe("the note beside the journal", () => {
  const stretch = { from: 99 * hour, until: 100 * hour };

  it("is written at first, after a sleep, after the clock was set, and after a reboot, and else not", () => {
    const first = noteAfter(null, stretch, reading(100 * hour, hour));
    assert.deepEqual(first, { since: 99 * hour, boot: "one", ahead: 99 * hour });
    assert.equal(noteAfter(first, stretch, reading(101 * hour, 2 * hour + 900)), first);
    assert.equal(noteAfter(first, stretch, reading(109 * hour, 2 * hour)).ahead, 107 * hour, "slept for eight hours");
    assert.equal(noteAfter(first, stretch, reading(90 * hour, 2 * hour)).ahead, 88 * hour, "set back");
    assert.deepEqual(noteAfter(first, stretch, reading(101 * hour, 0, "two")), {
      ...{ since: 99 * hour, boot: "two", ahead: 101 * hour },
    });
    assert.equal(noteAfter(first, stretch, reading(100 * hour, hour, "two")).boot, "two");
    assert.notEqual(
      noteAfter(first, stretch, reading(101 * hour, 2 * hour - 1500)),
      first,
      "drifted away little by little",
    );
  });

  it("tells a later process how long the machine has been awake since the journal ended", () => {
    const note = { since: 0, boot: "one", ahead: 90 * hour };
    const now = reading(106 * hour, 12 * hour);
    assert.deepEqual(lastMark(note, 100 * hour, now), reading(100 * hour, 10 * hour));
    assert.deepEqual(tailOf(note, 100 * hour, now), { from: 104 * hour, until: 106 * hour, journaled: true });
    assert.deepEqual([lastMark(note, null, now), lastMark(null, 100 * hour, now)], [null, null]);
  });

  it("tells nothing of the moments since the clock was set back", () => {
    const note = { since: 0, boot: "one", ahead: 90 * hour };
    const now = reading(95 * hour, 10 * hour + 5000);
    assert.deepEqual(tailOf(note, 95 * hour, now), { from: 95 * hour, until: 95 * hour, journaled: true });
    const rebooted = reading(50 * hour, 60_000, "two");
    assert.deepEqual(tailOf(note, 95 * hour, rebooted), {
      from: 50 * hour - 60_000,
      until: 50 * hour,
      journaled: true,
    });
  });

  it("counts all the time as awake when no engine journals after a reboot, but not before it could have started", () => {
    const note = { since: 0, boot: "one", ahead: 90 * hour };
    const soon = reading(110 * hour, 120_000, "two");
    assert.deepEqual(tailOf(note, 100 * hour, soon), {
      from: 110 * hour - 120_000,
      until: 110 * hour,
      journaled: true,
    });
    const late = reading(110 * hour, hour, "two");
    assert.deepEqual(tailOf(note, 100 * hour, late), { from: 100 * hour, until: 110 * hour, journaled: false });
  });
});

describe("the length of several stretches", () => {
  const stretches = fc.array(
    fc.tuple(fc.nat(200), fc.nat(50)).map(([from, length]) => ({ from, until: from + length })),
    { maxLength: 20 },
  );

  it("counts every moment once, in whatever order they are", () => {
    fc.assert(
      fc.property(stretches, (given) => {
        const moments = Array.from({ length: 251 }, (_, at) => at);
        const covered = moments.filter((at) => given.some(({ from, until }) => at >= from && at < until)).length;
        assert.equal(lengthOf(given), covered);
        assert.equal(lengthOf(given.toReversed()), covered);
      }),
    );
  });
});
