import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Secret } from "../../../src/model/secret.ts";
import {
  judgeLock,
  listLocks,
  type Machine,
  parseLock,
  type ResticLock,
  thisMachine,
} from "../../../src/tools/restic/locks.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { writeRepository } from "../../support/repository-files.ts";
import { fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

const now = 1_800_000_000;
const lock: ResticLock = { id: "a".repeat(64), at: now - 600, exclusive: true, host: "here", pid: 42 };
const machine = (holder: ReturnType<Machine["processOf"]>): Machine => ({ host: "here", now, processOf: () => holder });
const process = (name: string, startedAt: number) => ({ name, startedAt });

describe("a lock", () => {
  for (const version of recordedVersions) {
    it(`is read from restic ${version}`, () => {
      const { at, ...rest } = parseLock(lock.id, recording(version, "cat-lock").stdout);
      assert.deepEqual(rest, { id: lock.id, exclusive: true, host: "thishost", pid: 4242 });
      assert.ok(at > 1_700_000_000);
    });
  }

  it("may leave out what is false", () => {
    assert.equal(parseLock("b", '{"time":"2026-11-21T12:00:00Z","hostname":"x","pid":1}').exclusive, false);
  });

  it("is unknown when it is something else", () => {
    for (const text of ["", "nonsense", "{}", '{"time":"yesterday"}'])
      assert.throws(() => parseLock("b", text), { reason: "unknown" });
  });
});

describe("the locks of a repository", () => {
  it("are found in a folder without starting restic", async (t) => {
    const location = temporaryDirectory(t);
    writeRepository(location);
    const repository = { name: "main", location, environment: {}, program: "restic", cacheDirectory: "/nowhere" };
    const { execute, calls } = fakeExecute(() => recording("0.19.1", "cat-lock"));
    const open = { ...repository, password: new Secret("x", "a test") };
    assert.deepEqual([await listLocks(open, execute), calls], [[], []]);
    writeRepository(location, { locks: [lock.id] });
    assert.deepEqual(
      (await listLocks(open, execute)).map(({ id }) => id),
      [lock.id],
    );
    assert.deepEqual(
      calls.map(({ argv }) => argv[1]),
      ["cat"],
    );
  });
});

describe("the holder of a lock", () => {
  for (const [what, holder, dead] of [
    ["is gone", "gone", true],
    ["is alive", process("restic", now - 700), false],
    ["cannot be seen", "hidden", false],
    ["has given its number to a program that began later", process("bash", now - 500), true],
    ["has given its number within the same moment, as far as clocks tell", process("bash", now - 597), false],
    ["is a restic that seems to have begun later, because the clock was set", process("restic", now - 10), false],
  ] as const) {
    it(`of this host that ${what} is ${dead ? "" : "not "}proven dead`, () => {
      const verdict = judgeLock(lock, machine(holder), null);
      assert.equal(verdict.dead, dead);
      assert.match(verdict.because, /process 42 of this host/);
    });
  }

  it("of another host is never dead by itself, whatever runs here", () => {
    const verdict = judgeLock({ ...lock, host: "there" }, machine("gone"), null);
    assert.equal(verdict.dead, false);
    assert.match(verdict.because, /process 42 of there, which cannot be seen from here, 600 s old/);
  });

  it("of another host counts as dead by age alone, where that was asked for", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 10_000 }), fc.nat(10_000), (age, limit) => {
        const verdict = judgeLock({ ...lock, host: "there", at: now - age }, machine("gone"), limit);
        assert.equal(verdict.dead, age > limit);
      }),
    );
  });

  it("is looked up among the processes of this machine", () => {
    const here = thisMachine(now);
    assert.equal(here.host, hostname());
    const me = here.processOf(globalThis.process.pid);
    assert.ok(typeof me === "object");
    const startedAt = Date.now() / 1000 - globalThis.process.uptime();
    assert.ok(Math.abs(me.startedAt - startedAt) < 3, `${me.startedAt} ${startedAt}`);
    assert.equal(here.processOf(2 ** 22 + 1), "gone");
  });
});
