import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startPantheros } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";

const steps = ["one", "two", "three"];
/** A run tells that it started, each step twice, and its end: it is killed when the test has read so many of these lines … */
const linesOfARun = 2 + 2 * steps.length;
/** … and so many milliseconds later. The moment is not what is tested: wherever it falls, the same must hold. */
const delays = [0, 2, 7];

describe("kill -9 at every point of a run", { timeout: 200_000 }, () => {
  it("leaves a sound ledger, one end for every run, totals that agree, and a job that can run", async (t) => {
    const host = createHost(t, {
      jobs: { test: jobOf(steps.map((word) => ({ uses: "command", argv: ["echo", word] }))) },
    });
    assert.equal((await host.run(["run", "test"])).code, 0);
    let killed = 0;
    for (let lines = 0; lines <= linesOfARun; lines += 1) {
      for (const milliseconds of delays) {
        const run = startPantheros(t, host.config, ["run", "test", "--json"]);
        // Before its first line it has the longest way to go.
        await eventually(`${lines} lines of the run`, () => run.stdout().split("\n").length > lines);
        await delay(lines === 0 ? milliseconds * 30 : milliseconds);
        run.kill("SIGKILL");
        killed += (await run.ended).signal === "SIGKILL" ? 1 : 0;
        assert.equal((await host.run(["reconcile"])).code, 0);
        examine(host, `killed ${milliseconds} ms after line ${lines}`);
      }
    }
    t.diagnostic(`${killed} runs were killed: ${JSON.stringify(outcomesOf(host))}`);
    assert.ok(killed > linesOfARun, "most runs ended before they could be killed");
    assert.equal((await host.run(["run", "test"])).code, 0);
    examine(host, "after the last run");
  });
});

interface Row {
  readonly outcome: string;
  readonly reason: string | null;
  readonly runs: number;
}

function outcomesOf(host: TestHost): readonly Row[] {
  return host.query("SELECT outcome, reason, count(*) AS runs FROM runs GROUP BY outcome, reason ORDER BY outcome");
}

/** What has to hold after every reconciliation. */
function examine(host: TestHost, when: string): void {
  assert.deepEqual(host.query("PRAGMA integrity_check"), [{ integrity_check: "ok" }], when);
  assert.deepEqual(host.query("PRAGMA foreign_key_check"), [], when);
  assert.deepEqual(host.query("SELECT id FROM runs WHERE finished_at IS NULL OR outcome IS NULL"), [], when);
  assert.deepEqual(host.query("SELECT job FROM locks"), [], when);
  assert.deepEqual(host.query("SELECT pid FROM children"), [], when);
  const unfinished = "SELECT run FROM steps WHERE started_at IS NOT NULL AND finished_at IS NULL";
  assert.deepEqual(host.query(unfinished), [], when);
  const counted = host.query<{ labels: string; value: number }>(
    "SELECT labels, value FROM totals WHERE metric = 'jobRuns'",
  );
  const totals = counted.map(({ labels, value }) => {
    const { outcome, reason } = JSON.parse(labels);
    return [outcome, reason, value];
  });
  const found = outcomesOf(host).map(({ outcome, reason, runs }) => [outcome, reason ?? "none", runs]);
  assert.deepEqual(totals.sort(), found.sort(), when);
}
