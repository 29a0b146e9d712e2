import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHost, jobOf } from "./host.ts";

const job = (argv: readonly string[], after: readonly string[] = []) => jobOf([{ uses: "command", argv }], { after });

describe("jobs that come after another", { timeout: 60_000 }, () => {
  it("are started when it has succeeded, theirs after them, each once and as a run of its own", async (t) => {
    const host = createHost(t, {
      jobs: {
        backup: job(["true"]),
        sync: job(["true"], ["backup"]),
        check: job(["true"], ["backup", "sync"]),
        report: job(["true"], ["check"]),
        other: job(["true"]),
      },
    });
    const { code, stderr } = await host.run(["run", "backup"]);
    assert.equal(code, 0, stderr);
    const runs = (await host.runs()).toReversed();
    assert.deepEqual(
      runs.map(({ job: name, outcome }) => [name, outcome]),
      ["backup", "sync", "check", "report"].map((name) => [name, "success"]),
    );
    const triggers = host.query<{ job: string; started_by: string }>(
      "SELECT job, started_by FROM runs ORDER BY number",
    );
    assert.deepEqual(
      triggers.map(({ started_by }) => started_by),
      ["command", "after", "after", "after"],
    );
  });

  it("are not started when it has failed; when one of them fails, the exit code says so and the rest goes on", async (t) => {
    const host = createHost(t, {
      jobs: {
        bad: job(["false"]),
        never: job(["true"], ["bad"]),
        good: job(["true"]),
        broken: job(["false"], ["good"]),
        beyond: job(["true"], ["broken"]),
        last: job(["true"], ["good"]),
      },
    });
    assert.equal((await host.run(["run", "bad"])).code, 1);
    assert.equal((await host.run(["run", "good"])).code, 1);
    assert.deepEqual((await host.runs()).map((run) => run.job).toReversed(), ["bad", "good", "broken", "last"]);
  });

  it("are not started by a dry run", async (t) => {
    const host = createHost(t, { jobs: { first: job(["true"]), second: job(["true"], ["first"]) } });
    const { code, stdout } = await host.run(["run", "first", "--dry-run"]);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /second/);
  });

  it("must not come after themselves: the configuration is refused", async (t) => {
    const host = createHost(t, { jobs: { a: job(["true"], ["b"]), b: job(["true"], ["a"]) } });
    const { code, stdout } = await host.run(["config", "check"]);
    assert.equal(code, 2);
    assert.match(stdout, /a would start after itself/);
  });
});
