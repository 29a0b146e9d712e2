import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AnomalyKind, type BackupNumbers, judgeBackup } from "../../../src/model/anomaly/anomaly.ts";
import { describeJudgement } from "../../../src/model/anomaly/words.ts";
import { gaussianNoise } from "./noise.ts";

const GiB = 2 ** 30;
/** 2026-11-21, a Saturday. */
const today = 20_778;

/** One nightly restic backup as the journal remembers it: 84 GiB in 120 000 files, of which a few hundred change in a day. */
function night(index: number, random: () => number): BackupNumbers {
  const total = 120_000 + index * 20;
  const changed = Math.round(400 * Math.exp(0.4 * random()));
  const added = Math.round(60 * Math.exp(0.4 * random()));
  return {
    day: today - 90 + index,
    bytes: Math.round(84 * GiB * (1 + 0.0005 * index)),
    seconds: 300 * Math.exp(0.25 * random()),
    files: {
      added,
      changed,
      unmodified: total - added - changed,
      bytesAdded: Math.round(0.4 * GiB * Math.exp(0.5 * random())),
    },
  };
}

/** 90 nights, newest first, and the one that follows them. */
function nights(seed = 1): { past: BackupNumbers[]; next: BackupNumbers } {
  const random = gaussianNoise(seed);
  const all = Array.from({ length: 91 }, (_, index) => night(index, random));
  return { past: all.slice(0, 90).toReversed(), next: all[90] as BackupNumbers };
}

const unusual = (newest: BackupNumbers, past: readonly BackupNumbers[]) =>
  judgeBackup(newest, past)
    .filter(({ unusual }) => unusual)
    .map(({ kind }) => kind);
const sentence = (newest: BackupNumbers, past: readonly BackupNumbers[], kind: AnomalyKind) => {
  const found = judgeBackup(newest, past).find((judgement) => judgement.kind === kind);
  assert.ok(found, `there is a judgement of kind ${kind}`);
  return describeJudgement(found);
};

/** Sizes and durations alone, one run per day. @param values oldest first; the last one is judged by those before */
function daily(values: readonly number[], field: "bytes" | "seconds" = "bytes"): [BackupNumbers, BackupNumbers[]] {
  const runs = values.map((value, index): BackupNumbers => {
    const plain = { day: today - values.length + 1 + index, bytes: 1000, seconds: 100, files: null };
    return { ...plain, [field]: value };
  });
  const [newest, ...earlier] = runs.toReversed() as [BackupNumbers, ...BackupNumbers[]];
  return [newest, earlier];
}
/** Days (of those after the first) on which something was unusual, when every day is judged by what was known then. */
function alarms(values: readonly number[], field: "bytes" | "seconds" = "bytes"): number[] {
  return values.flatMap((_, index) => (unusual(...daily(values.slice(0, index + 1), field)).length > 0 ? [index] : []));
}

describe("a backup of 90 nights", () => {
  const { past, next } = nights();

  it("is judged by size, duration, changed and deleted files, and nothing is unusual", () => {
    const judged = judgeBackup(next, past);
    assert.deepEqual(
      judged.map(({ kind, unusual }) => [kind, unusual]),
      [
        ["size", false],
        ["duration", false],
        ["changed", false],
        ["deleted", false],
      ],
    );
    assert.ok(Math.abs((judged[0]?.ratio ?? 0) - 1) < 0.05);
  });

  it("that is suddenly a seventh is unusual, and says what would be usual", () => {
    const shrunk = { ...next, bytes: 12 * GiB };
    assert.deepEqual(unusual(shrunk, past), ["size"]);
    assert.equal(sentence(shrunk, past, "size"), "12.0 GiB, a seventh of what is usual (median of 30 runs 87.1 GiB)");
  });

  it("that is suddenly empty is unusual", () => {
    const empty = { ...next, bytes: 0, files: { added: 0, changed: 0, unmodified: 0, bytesAdded: 0 } };
    assert.deepEqual(unusual(empty, past), ["size", "deleted"]);
    assert.equal(sentence(empty, past, "size"), "nothing, where 87.1 GiB is usual (median of 30 runs)");
  });

  it("stays unusual while it stays so, until it is what is usual", () => {
    let known = past;
    const verdicts = Array.from({ length: 25 }, (_, index) => {
      const run = { ...next, day: next.day + index, bytes: 12 * GiB };
      const found = unusual(run, known).includes("size");
      known = [run, ...known];
      return found;
    });
    assert.equal(verdicts.indexOf(false), 15);
    assert.ok(!verdicts.slice(15).includes(true));
  });

  it("in which most files changed and most data is new is unusual: they may have been encrypted", () => {
    const files = { added: 150, changed: 118_000, unmodified: 3650, bytesAdded: 85 * GiB };
    const encrypted = { ...next, files, seconds: 2400 };
    assert.deepEqual(unusual(encrypted, past), ["duration", "changed"]);
    assert.equal(
      sentence(encrypted, past, "changed"),
      "97 % of the files are new or changed, and 97 % of the data is new; usual is 0.4 % (median of 30 runs)",
    );
    assert.match(
      sentence(encrypted, past, "duration"),
      /^took 40m, 8(\.\d)? times what is usual \(median of 30 runs 4m/,
    );
  });

  it("in which every file got a new name and new content is unusual, too", () => {
    const files = { added: 121_000, changed: 0, unmodified: 800, bytesAdded: 86 * GiB };
    assert.deepEqual(unusual({ ...next, files }, past), ["changed", "deleted"]);
  });

  it("in which all files were only touched, or came to another disk, is not: their data was there already", () => {
    const files = { added: 0, changed: 121_800, unmodified: 0, bytesAdded: 0.2 * GiB };
    assert.deepEqual(unusual({ ...next, files }, past), []);
  });

  it("in which a third of the files is gone is unusual", () => {
    const files = { added: 10, changed: 300, unmodified: 80_000, bytesAdded: 1000 };
    assert.deepEqual(unusual({ ...next, files }, past), ["deleted"]);
    assert.match(
      sentence({ ...next, files }, past, "deleted"),
      /^34 % of the files of the run before are gone; usual is/,
    );
  });
});

describe("no false alarm", () => {
  it("on the first runs: there is no history", () => {
    const { past, next } = nights();
    assert.deepEqual(judgeBackup(next, past.slice(0, 7)), []);
    assert.deepEqual(judgeBackup({ ...next, bytes: 0, files: null }, []), []);
    assert.equal(
      judgeBackup(next, past.slice(0, 8)).length,
      3,
      "the eighth run before has none before it that is known",
    );
  });

  it("on 90 nights of each of 50 hosts", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { past } = nights(seed);
      for (let from = 0; from < past.length; from += 1) {
        assert.deepEqual(unusual(past[from] as BackupNumbers, past.slice(from + 1)), [], `host ${seed}, run ${from}`);
      }
    }
  });

  const noise = gaussianNoise(7);
  const days = Array.from({ length: 400 }, (_, day) => day);
  const histories: Record<string, readonly number[]> = {
    "a full backup each Sunday, increments between": days.map(
      (day) => (day % 7 === 3 ? 100 : 2) * Math.exp(0.3 * noise()),
    ),
    "a full backup on every day of the week that it may begin with": days.map((day) => (day % 7 === 6 ? 50 : 1)),
    "growth of one per cent a day": days.map((day) => 1.01 ** day),
    "a size that has never changed": days.map(() => 4096),
    noise: days.map(() => Math.exp(0.5 * noise())),
    "heavy noise": days.map(() => Math.exp(1.2 * noise())),
    "retention that lets it shrink by one and a half per cent a day": days.map((day) => 0.985 ** day),
    "a job that has never had anything to do": days.map(() => 0),
  };
  for (const [name, values] of Object.entries(histories)) {
    it(`on ${name}, of sizes and of durations`, () => {
      assert.deepEqual(alarms(values), []);
      assert.deepEqual(
        alarms(
          values.map((value) => value * 600),
          "seconds",
        ),
        [],
      );
    });
  }

  it("on a full backup each month, from the third one on", () => {
    const monthly = days.map((day) => (day % 30 === 29 ? 100 : 2));
    assert.deepEqual(alarms(monthly), [29, 59], "the second one has one precedent, which proves nothing");
  });

  it("on a duration that is many times a very short one", () => {
    assert.deepEqual(alarms([...days.map(() => 2), 50], "seconds"), []);
    assert.deepEqual(alarms([...days.map(() => 20), 500], "seconds"), [400]);
  });

  it("on a few files that are all replaced, as dumps are", () => {
    const files = { added: 0, changed: 0, unmodified: 6, bytesAdded: 0 };
    const past = Array.from({ length: 30 }, (_, index) => ({ day: today - 1 - index, bytes: 10, seconds: 1, files }));
    const replaced = {
      day: today,
      bytes: 10,
      seconds: 1,
      files: { added: 6, changed: 0, unmodified: 0, bytesAdded: 10 },
    };
    assert.deepEqual(unusual(replaced, past), []);
  });

  it("where all files change every night", () => {
    const files = { added: 0, changed: 100, unmodified: 0, bytesAdded: 10 };
    const past = Array.from({ length: 30 }, (_, index) => ({ day: today - 1 - index, bytes: 10, seconds: 1, files }));
    assert.deepEqual(unusual({ ...(past[0] as BackupNumbers), day: today }, past), []);
  });
});

describe("where the line is", () => {
  const usually = (runs: number, value: number, newest: number) => [...Array<number>(runs).fill(value), newest];
  for (const [what, values, field, expected] of [
    ["half of what is usual is not too small", usually(20, 1000, 500), "bytes", []],
    ["less than half is", usually(20, 1000, 499), "bytes", ["size"]],
    ["also after 8 runs", usually(8, 1000, 1), "bytes", ["size"]],
    ["but not after 7", usually(7, 1000, 1), "bytes", []],
    ["three times as much is not too much", usually(20, 1000, 3000), "bytes", []],
    ["more than that is", usually(20, 1000, 3001), "bytes", ["size"]],
    ["also after 15 runs", usually(15, 1000, 9000), "bytes", ["size"]],
    ["but not after 14", usually(14, 1000, 9000), "bytes", []],
    ["more than three times as long is too long", usually(20, 100, 301), "seconds", ["duration"]],
    ["three times is not", usually(20, 100, 300), "seconds", []],
    ["nor is less than a minute more", usually(20, 20, 79), "seconds", []],
    ["a minute more is", usually(20, 20, 80), "seconds", ["duration"]],
    ["what came up twice in 90 runs is ordinary", [9, 9, ...usually(88, 1000, 9)], "bytes", []],
    ["what came up before that is not", [9, 9, ...usually(89, 1000, 9)], "bytes", ["size"]],
  ] as const) {
    it(what, () => assert.deepEqual(unusual(...daily(values, field)), expected));
  }

  it("fewer than 20 files are not judged by how many of them changed or are gone", () => {
    const changed = (files: number) => {
      const [newest, past] = daily(usually(20, 1000, 1000));
      const untouched = { added: 0, changed: 0, unmodified: files, bytesAdded: null };
      const earlier = past.map((run) => ({ ...run, files: untouched }));
      return unusual({ ...newest, files: { ...untouched, changed: files, unmodified: 0 } }, earlier);
    };
    assert.deepEqual([changed(19), changed(20)], [[], ["changed"]]);
  });

  it("what a tool does not tell is neither judged nor a part of what is usual", () => {
    const { past, next } = nights();
    const untold = { bytes: null, files: null };
    const kinds = judgeBackup({ ...next, ...untold }, past).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["duration"]);
    const everySecond = past.map((run, index) => (index % 2 === 0 ? run : { ...run, ...untold }));
    const [size, , changed] = judgeBackup(next, everySecond);
    assert.deepEqual([size?.kind, changed?.kind], ["size", "changed"]);
    assert.ok((size?.ratio ?? 0) > 0.9 && !size?.unusual && !changed?.unusual);
  });
});

describe("days of the week", () => {
  const weekly = Array.from({ length: 84 }, (_, index) => ((today - 84 + index + 3) % 7 === 5 ? 100 * GiB : 2 * GiB));

  it("a full backup that is as small as the increments is unusual on its own day", () => {
    const [newest, earlier] = daily([...weekly, 2 * GiB]);
    assert.deepEqual(unusual(newest, earlier), ["size"]);
    assert.equal(sentence(newest, earlier, "size"), "2.0 GiB, 2 % of what is usual (median of 12 Saturdays 100 GiB)");
  });

  it("and not on the day after", () => {
    assert.deepEqual(unusual(...daily([...weekly, 100 * GiB, 2 * GiB])), []);
  });

  it("mean nothing to a job of every hour, and where they are all alike", () => {
    const hourly = Array.from({ length: 90 }, (_, index) => ({
      ...{ day: today - Math.floor(index / 24), bytes: 100, seconds: 1, files: null },
    }));
    assert.equal(judgeBackup({ ...(hourly[0] as BackupNumbers), bytes: 90 }, hourly)[0]?.weekday, null);
    assert.equal(judgeBackup(...daily(weekly.map(() => 5)))[0]?.weekday, null);
  });
});

describe("whatever the numbers are", () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 9, maxLength: 91 });

  it("their unit does not matter", () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 2, max: 1e9 }), (values, scale) => {
        const [one, other] = [values, values.map((value) => value * scale)].map(
          (given) => judgeBackup(...daily(given))[0],
        );
        assert.equal(one?.unusual, other?.unusual);
        assert.ok(Math.abs((one?.ratio ?? 0) / (other?.ratio ?? 1) - 1) < 1e-9);
      }),
    );
  });

  it("the order of equal days does not matter", () => {
    const weekday = fc.integer({ min: 0, max: 6 });
    const runs = fc.array(fc.tuple(weekday, fc.integer({ min: 50, max: 100 })), { minLength: 20, maxLength: 30 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 400 }), fc.infiniteStream(fc.nat()), (given, newest, order) => {
        const run = ([day, bytes]: readonly [number, number]) => ({
          day: today - 7 + day,
          bytes,
          seconds: 1,
          files: null,
        });
        const judge = (list: typeof given) => judgeBackup(run([3, newest]), list.map(run))[0];
        const shuffled = given.map((each) => ({ each, key: order.next().value })).sort((a, b) => a.key - b.key);
        assert.deepEqual(judge(given), judge(shuffled.map(({ each }) => each)));
      }),
    );
  });

  it("one odd earlier run does not change the verdict, whatever it was", () => {
    const usual = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 20, maxLength: 90 });
    const verdict = fc.constantFrom(0, 14, 100, 130, 1000);
    fc.assert(
      fc.property(usual, verdict, fc.nat(), fc.nat(1_000_000), (values, newest, where, odd) => {
        const without = unusual(...daily([...values, newest]));
        const spoilt = values.with(where % values.length, odd);
        assert.deepEqual(unusual(...daily([...spoilt, newest])), without);
        assert.equal(without.length, newest < 50 || newest > 500 ? 1 : 0);
      }),
    );
  });

  it("no number is ever not a number", () => {
    const count = fc.nat(1000);
    const files = fc.option(
      fc.record({ added: count, changed: count, unmodified: count, bytesAdded: fc.option(count) }),
    );
    const run = fc.record({ day: count, bytes: fc.option(count), seconds: count, files });
    fc.assert(
      fc.property(run, fc.array(run, { maxLength: 95 }), (newest, earlier) => {
        for (const judgement of judgeBackup(newest, earlier)) {
          assert.ok(Number.isFinite(judgement.ratio) && judgement.ratio >= 0, JSON.stringify(judgement));
          assert.doesNotMatch(describeJudgement(judgement), /NaN|undefined|Infinity|null|–/);
        }
      }),
    );
  });
});
