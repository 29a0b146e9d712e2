import type { Config } from "../../src/config/schema.ts";
import { configuration } from "../../src/config/schema.ts";
import type { Ledger, RunFinish } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { StepKind } from "../../src/model/run/run.ts";
import type { Artifact, Sample } from "../../src/model/samples/sample.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";

/** All moments of these tests are seconds; this one is 2026-11-21 12:00 UTC, a Saturday. */
export const noon = Date.UTC(2026, 10, 21, 12) / 1000;
export const hour = 3600;
export const day = 86_400;

export const emptyLedger = () => openLedger(":memory:", { mode: "write" });

export function configOf(sections: object): Config {
  return configuration.parse({ host: "testhost", timezone: "UTC", ...sections });
}

/** Journals a run with one step that has ended. @param at seconds, start and end */
export function record(
  ledger: Ledger,
  at: number,
  run: {
    readonly job: string;
    readonly outcome?: RunFinish["outcome"];
    readonly reason?: RunFinish["reason"];
    readonly id?: string;
    readonly kind?: StepKind;
    readonly uses?: string;
    readonly target?: string;
    readonly evidence?: Record<string, unknown>;
    readonly bytes?: number;
    readonly unfinished?: boolean;
  },
): string {
  const id = `${run.job}-${at}-${run.id ?? ""}`;
  const { outcome = "success", reason = null } = run;
  const step = {
    position: 0,
    id: run.id ?? "step_1",
    uses: run.uses ?? "test",
    kind: run.kind ?? "backup",
    target: run.target ?? "main",
    optional: false,
  };
  ledger.startRun({
    id,
    job: run.job,
    trigger: "command",
    startedAt: at * 1000,
    deadlineAt: null,
    holder: ownIdentity(),
    steps: [step],
  });
  if (run.unfinished) return id;
  ledger.startStep(id, 0, at * 1000, []);
  ledger.finishStep(id, 0, at * 1000, {
    ...{ outcome, reason, message: null, attempts: 1, exitCode: null, signal: null, files: null, tail: null },
    bytes: run.bytes ?? null,
    evidence: run.evidence ?? {},
  });
  ledger.finishRun(id, { finishedAt: at * 1000, outcome, reason, message: null, increments: [] });
  return id;
}

/** What a collector saw of one subject. @param at seconds */
export function observe(
  ledger: Ledger,
  collector: "snapshots" | "restic" | "destinations",
  at: number,
  subject: string,
  artifacts: readonly Omit<Artifact, "subject">[],
): void {
  const value = artifacts.length;
  const counts: Record<typeof collector, Sample> = {
    snapshots: { metric: "snapshotCount", labels: { subvol: subject, type: "all" }, value },
    restic: { metric: "repositorySnapshots", labels: { repository: subject }, value },
    destinations: { metric: "destinationArtifacts", labels: { destination: subject }, value },
  };
  ledger.saveObservation({
    ...{ collector, observedAt: at, succeededAt: at, attemptedAt: at, durationSeconds: 0, error: null },
    samples: [counts[collector]],
    artifacts: artifacts.map((artifact) => ({ subject, ...artifact })),
  });
}

/** `metric{label=value}` of samples → value, or the moment that an age counts from. */
export function readable(samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    samples.map(({ metric, labels, value, since }) => {
      const text = Object.entries(labels).map(([label, given]) => `${label}=${given}`);
      return [`${metric}{${text.join(",")}}`, value ?? since ?? Number.NaN];
    }),
  );
}
