import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { reasons } from "../../src/model/run/outcome.ts";
import { createHost, jobOf } from "../e2e/host.ts";
import { leaveLock, restic } from "../e2e/jobs.ts";
import { needs } from "../support/components.ts";
import { invoke } from "./invoke.ts";

describe("pantheros explain", () => {
  it("lists every reason, without any configuration", async () => {
    const { code, stdout } = await invoke(["explain"]);
    assert.equal(code, 0);
    for (const [reason, sentence] of Object.entries(reasons))
      assert.ok(
        stdout.split("\n").some((line) => line.startsWith(`${reason} `) && line.endsWith(sentence)),
        reason,
      );
    const listed = JSON.parse((await invoke(["explain", "--json"])).stdout);
    assert.deepEqual(
      listed.map((entry: { reason: string }) => entry.reason),
      Object.keys(reasons),
    );
  });

  it("says what a reason means, what to do, and whether trying again helps", async () => {
    const { stdout } = await invoke(["explain", "repository_locked"]);
    assert.match(stdout, /^repository_locked: the repository is locked by another process\n/);
    assert.match(stdout, /\n {6}restic -r PLACE unlock\n/);
    assert.match(stdout, /\nRetried {2}yes/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
    const { given_by: givenBy, retried } = JSON.parse(
      (await invoke(["explain", "repository_locked", "--json"])).stdout,
    );
    assert.equal(retried, true);
    assert.equal(givenBy[0].program, "restic");
  });

  it("knows what was meant by a typing error", async () => {
    const { code, stderr } = await invoke(["explain", "trotled"]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /there is no reason "trotled": did you mean "throttled"\?\n {2}→ all of them: pantheros explain/,
    );
  });
});

describe("pantheros explain of a run", { timeout: 60_000 }, () => {
  async function failedHost(t: TestContext) {
    const host = createHost(t, {
      jobs: {
        bad: jobOf([{ id: "copy", uses: "command", argv: ["sh", "-c", "echo nothing works; exit 7"] }]),
        good: jobOf([{ uses: "command", argv: ["true"] }]),
      },
    });
    assert.match((await host.run(["run", "bad"])).stdout, /\n {2}→ pantheros explain unknown\n$/);
    assert.doesNotMatch((await host.run(["run", "good"])).stdout, /explain/);
    return host;
  }

  it("begins with what it said itself, and fills in its names; a failed run points to it", async (t) => {
    const host = await failedHost(t);
    const [good, bad] = await host.runs();
    const { stdout, code } = await host.run(["explain", bad?.id ?? ""]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${bad?.id} {2}bad {2}failed \\(unknown\\)\n {2}sh ended with exit code 7`));
    assert.match(stdout, /step copy, command, attempt 1, exit code 7\n {2}\| nothing works\n/);
    assert.match(stdout, new RegExp(`pantheros runs show ${bad?.id}\n`));
    assert.match((await host.run(["explain", good?.id ?? ""])).stdout, /it succeeded: there is nothing to explain\n$/);
    assert.equal((await host.run(["explain", "--job", "bad"])).stdout, stdout);
    const told = JSON.parse((await host.run(["explain", "--job", "bad", "--json"])).stdout);
    assert.deepEqual([told.run, told.reason.reason, told.step.tail], [bad?.id, "unknown", "nothing works"]);
  });

  it("names the repository that it was about in the commands of restic", needs("restic"), async (t) => {
    const host = createHost(t);
    await leaveLock(t, host);
    const { repositories, jobs } = restic(host);
    host.configure({ repositories, jobs });
    assert.equal((await host.run(["run", "test"])).code, 1);
    const { stdout } = await host.run(["explain", "--job", "test"]);
    assert.match(stdout, new RegExp(`\n {6}restic -r ${host.root}/repository -p ${host.root}/password unlock\n`));
  });

  it("says so when there is no such run or failure", async (t) => {
    const host = createHost(t, { jobs: { good: jobOf([{ uses: "command", argv: ["true"] }]) } });
    await host.run(["run", "good"]);
    for (const [words, said] of [
      [["20260101T000000Z-none"], /there is no run "20260101T000000Z-none"/],
      [["--job", "good"], /every run of good that is journaled has succeeded/],
      [["--job", "goodd"], /no run of a job "goodd" is journaled\n {2}→ did you mean "good"\?/],
      [["auth", "--job", "good"], /one of them/],
    ] as const) {
      const { code, stderr } = await invoke(["explain", ...words, "--config", host.config]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});
