import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { endGroup } from "../../../src/tools/process/group.ts";
import {
  bootId,
  hasEnded,
  identityOf,
  ownIdentity,
  parseStat,
  sightOf,
  sightOfNumber,
  statOf,
} from "../../../src/tools/process/process.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { eventually } from "../../support/eventually.ts";
import { isAlive } from "../../support/process.ts";

/** A shell script that leads a process group of its own, as `createExecute` starts its children; ended by its group with the test. */
async function startGroup(t: TestContext, script: string) {
  const file = join(temporaryDirectory(t), "ready");
  const child = spawn("sh", ["-c", script, "sh", file], { detached: true, stdio: "ignore" });
  const pid = child.pid ?? assert.fail("it was not started");
  t.after(() => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
    }
  });
  await eventually("the group is ready", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  return { child, pid, said: readFileSync(file, "utf8").trim() };
}

describe("the identity of a process", () => {
  it("is not judged from another PID namespace, and gone with the boot that it belongs to", () => {
    const own = ownIdentity();
    const [boot] = own.bootId.split(" ");
    assert.equal(sightOf(own), "alive");
    assert.equal(sightOf({ ...own, startTicks: own.startTicks - 1 }), "gone");
    assert.equal(sightOf({ ...own, bootId: `${boot} pid:[1]` }), "hidden");
    assert.equal(sightOf({ ...own, bootId: "another-boot pid:[1]" }), "gone");
  });

  it("is its boot, its pid and when it started", () => {
    const own = ownIdentity();
    assert.equal(own.pid, process.pid);
    assert.match(own.bootId, /^[0-9a-f-]{36} pid:\[\d+\]$/);
    assert.equal(own.bootId, bootId());
    assert.ok(own.startTicks > 0);
    assert.deepEqual(identityOf(process.pid), own);
    assert.equal(isAlive(own), true);
  });

  it("is not that of another process with the same number, nor of another boot", () => {
    const own = ownIdentity();
    assert.equal(isAlive({ ...own, startTicks: own.startTicks - 1 }), false);
    assert.equal(isAlive({ ...own, bootId: "00000000-0000-4000-8000-000000000000" }), false);
  });

  it("is null when there is no such process", async () => {
    const child = spawn("true");
    await once(child, "exit");
    assert.equal(identityOf(child.pid ?? -1), null);
  });

  it("is null for a zombie: it has ended, only its exit code is left", async (t) => {
    // The shell never waits for its child.
    const { said } = await startGroup(t, 'sleep 0 & echo $! >"$1"; exec sleep 300');
    await eventually("the child is a zombie", () => statOf(Number(said))?.state === "Z");
    assert.equal(identityOf(Number(said)), null);
  });

  it("is read behind a name with spaces, parentheses and newlines", async (t) => {
    const line = "42 (a) S 1 (b\n) c) Z 7 40 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
    assert.deepEqual(parseStat(line), { pid: 42, state: "Z", group: 40, session: 41, startTicks: 12345 });
    assert.equal(parseStat("garbage"), null);
    const { pid } = await startGroup(t, "echo ') R 1 (' >/proc/$$/comm; echo x >\"$1\"; sleep 300 & wait");
    const stat = statOf(pid);
    assert.deepEqual([stat?.group, stat?.session, stat && hasEnded(stat)], [pid, pid, false]);
  });
});

describe("a process that is known by its number alone", () => {
  const module = join(import.meta.dirname, "../../../src/tools/process/process.ts");
  const script = `const { sightOfNumber } = await import(${JSON.stringify(module)}); console.log(sightOfNumber(2 ** 22 + 1));`;
  /** Tests may run in a container, too. */
  const seesAll = bootId().endsWith("pid:[4026531836]");
  /** What is seen of a number that nobody has, by a process that a program of the shell has put where it cannot see everybody. */
  const seenUnder = (program: string, ...args: readonly string[]) => {
    const node = [process.execPath, "--input-type=module", "--eval", script];
    return execFileSync(program, [...args, ...node], { encoding: "utf8", timeout: 30_000 }).trim();
  };

  it("is alive when somebody goes by it", () => assert.equal(sightOfNumber(process.pid), "alive"));

  it("is alive when somebody goes by it in a PID namespace of its own", needs("root"), async (t) => {
    const own = 30_000;
    const last = `echo ${own - 1} >/proc/sys/kernel/ns_last_pid`;
    const { said } = await startGroup(
      t,
      `exec unshare --pid --fork --kill-child sh -c '${last}; sleep 300 & echo $! >"$1"; wait' sh "$1"`,
    );
    assert.equal(said, `${own}`);
    assert.equal(sightOfNumber(own), seesAll ? "alive" : "hidden");
  });

  it("is gone when nobody does, and everybody is seen", () => {
    assert.equal(sightOfNumber(2 ** 22 + 1), seesAll ? "gone" : "hidden");
  });

  it("is hidden when nobody does in a PID namespace that is not the outermost", needs("root"), () => {
    assert.equal(seenUnder("unshare", "--pid", "--fork", "--mount-proc"), "hidden");
  });

  it("is hidden where processes of others are not shown", needs("root"), () => {
    const hide = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --regid 65534 --clear-groups "$@"';
    const without = ["--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"];
    assert.equal(seenUnder("unshare", "--mount", "sh", "-c", hide, "sh", ...without), "hidden");
  });
});

describe("ending a group", () => {
  it("takes SIGTERM when that is enough", async (t) => {
    const { pid, said } = await startGroup(t, 'sleep 300 & echo $! >"$1"; wait');
    const leader = identityOf(pid) ?? assert.fail();
    const child = identityOf(Number(said)) ?? assert.fail();
    assert.equal(await endGroup(leader, 10), "ended");
    assert.deepEqual([isAlive(leader), isAlive(child)], [false, false]);
  });

  it("takes SIGKILL for who ignores SIGTERM", async (t) => {
    const { pid } = await startGroup(t, 'trap "" TERM; echo ready >"$1"; while :; do sleep 300; done');
    const leader = identityOf(pid) ?? assert.fail();
    assert.equal(await endGroup(leader, 0.2), "killed");
    assert.equal(isAlive(leader), false);
  });

  it("ends what is left of it when the leader is gone", async (t) => {
    const { child, pid, said } = await startGroup(t, 'sleep 300 & echo "$! $(cut -d" " -f22 /proc/$$/stat)" >"$1"');
    if (child.exitCode === null) await once(child, "exit");
    const [orphan, startTicks] = said.split(" ").map(Number) as [number, number];
    const left = identityOf(orphan) ?? assert.fail("the orphan is not there");
    assert.equal(await endGroup({ bootId: bootId(), pid, startTicks }, 10), "ended");
    assert.equal(isAlive(left), false);
  });

  it("never touches another process that has got the leader's number", async (t) => {
    const { pid } = await startGroup(t, 'echo ready >"$1"; sleep 300 & wait');
    const now = identityOf(pid) ?? assert.fail();
    assert.equal(await endGroup({ ...now, startTicks: now.startTicks - 1 }, 0), "gone");
    assert.equal(await endGroup({ ...now, bootId: "00000000-0000-4000-8000-000000000000" }, 0), "gone");
    assert.equal(isAlive(now), true);
  });

  it("is done at once when nothing is left", async () => {
    const child = spawn("true", { detached: true });
    const leader = { bootId: bootId(), pid: child.pid ?? -1, startTicks: 1 };
    await once(child, "exit");
    assert.equal(await endGroup(leader, 10), "gone");
  });
});
