import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { bootId } from "../../../src/tools/process/process.ts";
import { createResticCall } from "../../../src/tools/restic/call.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { eventually } from "../../support/eventually.ts";
import { fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

const repository = {
  name: "main",
  location: "/srv/repository",
  environment: {},
  program: "restic",
  cacheDirectory: "/nowhere",
  password: new Secret("x", "a test"),
};
const { failure } = createResticCall(repository, fakeExecute(() => assert.fail("nothing is called")).execute);

/** What is said of the lock of a process of this host, as a version of restic reports it. */
function lockOf(pid: number, version = recordedVersions.at(-1) ?? "") {
  const { stderr, ...end } = recording(version, "locked-stale");
  const ours = stderr.replace(/PID \d+ on \S+ by/, `PID ${pid} on ${hostname()} by`);
  assert.notEqual(ours, stderr);
  return failure("back up to the repository main", { ...end, stderr: ours });
}

describe("a repository that a process of this host has locked", () => {
  const nobody = 2 ** 22 + 1;
  const seesAll = bootId().endsWith("pid:[4026531836]");

  for (const version of recordedVersions) {
    it(`is told from restic ${version} with what to do once that process is gone`, () => {
      const { reason, message, details } = lockOf(nobody, version);
      assert.equal(reason, "repository_locked");
      assert.equal(message.endsWith(`; process ${nobody} of this host is gone`), seesAll);
      assert.match(details.advice ?? "", /restic unlock$/);
    });
  }

  it("is not called abandoned while that process lives", () => {
    assert.doesNotMatch(lockOf(process.pid).message, /is gone/);
  });

  it("is not called abandoned when that process lives in a PID namespace of its own", needs("root"), async (t) => {
    const own = 30_100;
    const file = join(temporaryDirectory(t), "ready");
    const script = `echo ${own - 1} >/proc/sys/kernel/ns_last_pid; sleep 300 & echo $! >"$1"; wait`;
    const child = spawn("unshare", ["--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", file]);
    t.after(async () => {
      const ended = once(child, "exit");
      if (child.kill("SIGKILL")) await ended;
    });
    await eventually("it is there", () => existsSync(file) && readFileSync(file, "utf8") === `${own}\n`);
    assert.doesNotMatch(lockOf(own).message, /is gone/);
  });
});
