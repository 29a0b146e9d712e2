import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { endedForMemory, memoryKills, readKernelLog } from "../../../src/tools/process/kernel-log.ts";
import { temporaryDirectory } from "../../support/directory.ts";

/** As mm/oom_kill.c words it; the time is in microseconds since boot. */
const byGroup =
  "3,812,5000000000,-;Memory cgroup out of memory: Killed process 4711 (node) total-vm:1184368kB, anon-rss:163220kB, file-rss:0kB, UID:0\n";
const byMachine =
  "3,900,6000000000,-;Out of memory: Killed process 4712 (restic) total-vm:9184368kB, anon-rss:8163220kB\n";
const saidByAProgram = "12,901,6000000000,-;Out of memory: Killed process 4713 (node) total-vm:1kB\n";
const kills = memoryKills(["6,1,0,-;Linux version 6.1\n SUBSYSTEM=none\n", byGroup, byMachine, saidByAProgram]);

const host = (pid: number, startSeconds: number, namespace = "pid:[4026531836]") => ({
  bootId: `6ac1d6a5-0000-4000-8000-000000000001 ${namespace}`,
  pid,
  startTicks: startSeconds * 100,
});

describe("the kernel's log", () => {
  it("tells which process was ended for lack of memory, of its group or of the machine", () => {
    assert.equal(endedForMemory(host(4711, 4000), kills), true);
    assert.equal(endedForMemory(host(4712, 4000), kills), true);
    assert.equal(endedForMemory(host(4714, 4000), kills), false);
  });

  it("does not take a process for the one that had its number before", () => {
    assert.equal(endedForMemory(host(4711, 5001), kills), false);
  });

  it("is not believed about a process of a container, which has other numbers", () => {
    assert.equal(endedForMemory(host(4711, 4000, "pid:[4026532001]"), kills), false);
  });

  it("is believed only where the kernel itself speaks: programs may write to it, too", () => {
    assert.equal(endedForMemory(host(4713, 4000), kills), false);
  });

  it("is empty where it is not there, and read to its end where it is", (t) => {
    const file = join(temporaryDirectory(t), "log");
    assert.deepEqual(readKernelLog(file), []);
    writeFileSync(file, byGroup);
    assert.deepEqual(readKernelLog(file), [byGroup]);
    // The machine's own, if we may: it ends, and no record of it breaks anything.
    assert.equal(endedForMemory(host(4_999_999, 0), memoryKills(readKernelLog())), false);
  });
});
