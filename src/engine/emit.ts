import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { formatDuration } from "../model/quantity.ts";
import type { Run, Step } from "../model/run/run.ts";
import { incrementsOf } from "../model/samples/counters.ts";
import type { Sample } from "../model/samples/sample.ts";
import type { DogStatsD } from "../outputs/dogstatsd.ts";
import type { EmitServices } from "./tell-hooks.ts";

/**
 * Marks the finished runs that nobody has been told of yet, and tells of them: emission belongs to the ledger, not to the last line of a
 * run, so that a run which was killed is told all the same. Without DogStatsD and hooks nothing is owed: what is finished counts as
 * emitted, so that enabling them later does not send old runs. Metrics are bounded to a second, hooks to a minute; a failure
 * never changes a run.
 * @returns the number of runs that nobody had been told of
 */
export async function emitRuns(ledger: Ledger, config: Config, services: EmitServices): Promise<number> {
  // Marked before it is sent: of several processes that find the same run only one sends it. A kill in between loses a packet, as UDP may.
  const unemitted = ledger.unemittedRuns().filter(({ job }) => services.leftOut?.includes(job) !== true);
  const ours = new Set(
    ledger.markEmitted(
      unemitted.map(({ id }) => id),
      services.now(),
    ),
  );
  const runs = unemitted.filter(({ id }) => ours.has(id));
  if (runs.length === 0) return 0;
  if (config.outputs.dogstatsd) await sendMetrics(ledger, config, runs, services);
  if (runs.some((run) => config.jobs[run.job]?.hooks.length)) {
    const { tellHooks } = await import("./tell-hooks.ts");
    await tellHooks(ledger, config, runs, services);
  }
  return runs.length;
}

async function sendMetrics(ledger: Ledger, config: Config, runs: readonly Run[], options: EmitServices): Promise<void> {
  const { openDogStatsD } = await import("./datadog.ts");
  const sender = openDogStatsD(config, options.onProblem);
  for (const run of runs) send(sender, run, ledger.steps(run.id), options.now() / 1000);
  const { dropped } = await sender.close(1000);
  if (dropped > 0) ledger.addToTotals([{ metric: "dogstatsdDropped", labels: {}, value: dropped }]);
}

function send(sender: DogStatsD, run: Run, steps: readonly Step[], now: number): void {
  const { job, outcome, reason } = run;
  if (outcome === null) return;
  sender.count(incrementsOf({ job, outcome, reason }, steps, { lost: run.lost, journaled: run.journaled }));
  sender.gauge(gaugesOf(run, steps), now);
  if (outcome === "failed" || outcome === "partial") {
    sender.event({
      title: `Backup job ${job}: ${outcome}${reason ? ` (${reason})` : ""}`,
      text: run.message ?? `run ${run.id}`,
      alertType: outcome === "failed" ? "error" : "warning",
      tags: { job, outcome, reason: reason ?? "none", run: run.id },
    });
  }
}

function gaugesOf(run: Run, steps: readonly Step[]): Sample[] {
  if (run.outcome === "skipped" || run.finishedAt === null) return [];
  const { job } = run;
  const samples: Sample[] = [
    { metric: "backupDuration", labels: { job }, value: (run.finishedAt - run.startedAt) / 1000 },
  ];
  for (const { kind, outcome, target, bytes } of steps) {
    if (kind === "backup" && outcome === "success" && target !== null && bytes !== null) {
      samples.push({ metric: "backupSize", labels: { job, target }, value: bytes });
    }
  }
  return samples;
}

/** `home: success in 1m 30s`, for logs. */
export function describeRun(run: Run): string {
  const took = run.finishedAt === null ? "" : ` in ${formatDuration((run.finishedAt - run.startedAt) / 1000)}`;
  return `${run.job}: ${run.outcome ?? "running"}${run.reason ? ` (${run.reason})` : ""}${took}`;
}
