import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { memoryKillCount } from "../../../src/tools/process/memory-events.ts";
import { temporaryDirectory } from "../../support/directory.ts";

/** A machine as far as /proc and /sys tell of it. */
function machine(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const unit = "/system.slice/pantheros-home.service";
const events = "low 0\nhigh 7\nmax 93\noom 2\noom_kill 3\noom_group_kill 0\n";

describe("processes that the kernel has ended in our cgroup", () => {
  it("are counted by memory.events of cgroup v2", (t) => {
    const root = machine(t, { "proc/self/cgroup": `0::${unit}\n`, [`sys/fs/cgroup${unit}/memory.events`]: events });
    assert.equal(memoryKillCount(root), 3);
  });

  for (const [where, files] of Object.entries({
    "on a machine with cgroup v1": { "proc/self/cgroup": "4:memory:/\n1:cpu:/\n" },
    "without a memory controller": { "proc/self/cgroup": "4:memory:/\n0::/\n" },
    "where /proc is not mounted": {},
    "where the kernel does not count them yet": {
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/memory.events": "oom 2\n",
    },
  })) {
    it(`are not known ${where}`, (t) => assert.equal(memoryKillCount(machine(t, files)), null));
  }
});
