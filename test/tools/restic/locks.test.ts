import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Secret } from "../../../src/model/secret.ts";
import { bootId } from "../../../src/tools/process/process.ts";
import {
  judgeLock,
  listLocks,
  type Machine,
  parseLock,
  type ResticLock,
  removeLocks,
  thisMachine,
} from "../../../src/tools/restic/locks.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { writeRepository } from "../../support/repository-files.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

const now = 1_800_000_000;
const lock: ResticLock = { id: "a".repeat(64), at: now - 600, exclusive: true, host: "here", pid: 42 };
type Process = NonNullable<ReturnType<Machine["processOf"]>>;
const machine = (here: Process | null, all: readonly Process[] | null = here === null ? [] : [here]): Machine => ({
  host: "here",
  now,
  processOf: () => here,
  namesakesOf: () => all,
});
const process = (name: string, startedAt: number) => ({ name, startedAt });
const elder = (name: string) => process(name, now - 700);
const younger = (name: string) => process(name, now - 500);

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
  for (const [what, here, all, dead] of [
    ["is gone", null, [], true],
    ["is alive", elder("restic"), undefined, false],
    ["is alive, among others that are not shown", elder("restic"), null, false],
    ["is alive in a container that shares our name", null, [elder("restic")], false],
    ["has given its number to a program that began later", younger("bash"), undefined, true],
    [
      "has given its number here, while a container has a restic of that number",
      younger("bash"),
      [elder("restic")],
      false,
    ],
    [
      "has given its number within the same moment, as far as clocks tell",
      process("bash", now - 597),
      undefined,
      false,
    ],
    [
      "is a restic that seems to have begun later, because the clock was set",
      process("restic", now - 10),
      undefined,
      false,
    ],
    ["cannot be seen", null, null, false],
    ["has a number that means another process in this container", younger("bash"), null, false],
    ["may be an older program, in whatever container", null, [elder("nginx")], false],
  ] as const) {
    it(`of this host that ${what} is ${dead ? "" : "not "}proven dead`, () => {
      const verdict = judgeLock(lock, machine(here, all), null);
      assert.equal(verdict.dead, dead);
      assert.match(verdict.because, /process 42 of this host/);
    });
  }

  for (const [what, here, all, dead] of [
    ["that cannot be seen counts as dead", null, null, true],
    ["that may be an older program counts as dead", elder("nginx"), [elder("nginx")], true],
    ["that is a restic does not", elder("restic"), null, false],
  ] as const) {
    it(`${what} by age, where that was asked for`, () => {
      assert.equal(judgeLock(lock, machine(here, all), 599).dead, dead);
      assert.equal(judgeLock(lock, machine(here, all), 600).dead, false);
    });
  }

  it("is nobody that a process in another PID namespace can speak of", needs("root"), (t) => {
    const file = join(temporaryDirectory(t), "judge.ts");
    const module = join(import.meta.dirname, "../../../src/tools/restic/locks.ts");
    writeFileSync(
      file,
      `import { judgeLock, thisMachine } from ${JSON.stringify(module)};
       const machine = thisMachine(1000);
       const lock = { id: "a", at: 0, exclusive: true, host: machine.host, pid: 4194305 };
       console.log(JSON.stringify(judgeLock(lock, machine, null)));`,
    );
    const inside = ["--pid", "--fork", "--kill-child", "--mount-proc", globalThis.process.execPath, file];
    const { dead, because } = JSON.parse(execFileSync("unshare", inside, { encoding: "utf8", timeout: 30_000 }));
    assert.deepEqual([dead, because.split(",")[0]], [false, "process 4194305 of this host is hidden from us"]);
  });

  it("of another host is never dead by itself, whatever runs here", () => {
    const verdict = judgeLock({ ...lock, host: "there" }, machine(null), null);
    assert.equal(verdict.dead, false);
    assert.match(verdict.because, /process 42 of there, which cannot be seen from here, 600 s old/);
  });

  it("of another host counts as dead by age alone, where that was asked for", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 10_000 }), fc.nat(10_000), (age, limit) => {
        const verdict = judgeLock({ ...lock, host: "there", at: now - age }, machine(null), limit);
        assert.equal(verdict.dead, age > limit);
      }),
    );
  });

  it("is looked up among the processes of this machine", () => {
    const here = thisMachine(now);
    assert.equal(here.host, hostname());
    const me = here.processOf(globalThis.process.pid) ?? assert.fail("this process lives");
    const startedAt = Date.now() / 1000 - globalThis.process.uptime();
    assert.ok(Math.abs(me.startedAt - startedAt) < 3, `${me.startedAt} ${startedAt}`);
    assert.equal(here.processOf(2 ** 22 + 1), null);
    const all = here.namesakesOf(globalThis.process.pid);
    if (bootId().endsWith("pid:[4026531836]")) assert.deepEqual(all, [me]);
    else assert.equal(all, null);
  });
});

describe("restic unlock", () => {
  const old = { ...lock, at: now - 1800 };
  for (const [what, held, here, all, harm] of [
    ["removes the lock of who is gone", lock, null, [], null],
    ["leaves that of a restic at work", lock, elder("restic"), undefined, null],
    [
      "removes a lock that is old, whoever holds it",
      old,
      elder("restic"),
      undefined,
      /would also remove lock aaaaaaaa of here/,
    ],
    ["removes the lock of a restic in another container", lock, null, [elder("restic")], /would also remove/],
    ["removes the lock of who cannot be seen", lock, null, null, /would also remove/],
    [
      "asks whoever has the number now with a signal that may end it",
      lock,
      younger("vim"),
      undefined,
      /SIGHUP to process 42, which is vim/,
    ],
    ["asks nobody of another host", { ...lock, host: "there" }, elder("vim"), undefined, null],
  ] as const) {
    it(`${what}: it is ${harm ? "not " : ""}called then`, () => {
      const verdict = judgeLock(held, machine(here, all), null);
      if (harm === null) assert.equal(verdict.harm, null);
      else assert.match(verdict.harm ?? "", harm);
    });
  }

  it("is called only where it would do no harm", async () => {
    const repository = {
      ...{ name: "main", location: "rest:http://127.0.0.1:1/", environment: {}, program: "restic" },
      ...{ cacheDirectory: "/nowhere", password: new Secret("x", "a test") },
    };
    const { execute, calls } = fakeExecute(() => ended());
    const gone = judgeLock(lock, machine(null), null);
    const signalled = judgeLock({ ...lock, id: "b".repeat(64) }, machine(younger("vim")), null);
    assert.match((await removeLocks([gone, signalled], repository, execute)) ?? "", /SIGHUP/);
    assert.deepEqual(calls, []);
    assert.equal(await removeLocks([gone], repository, execute), null);
    assert.deepEqual(
      calls.map(({ argv }) => argv[1]),
      ["unlock"],
    );
  });
});
