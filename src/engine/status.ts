import { type JudgedBackup, judgedBackups } from "../collectors/anomalies.ts";
import { readAwakeJournal } from "../collectors/awake.ts";
import type { SubjectKind } from "../collectors/collector.ts";
import { type Proof, proofOf, worstProof } from "../collectors/proof.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { describeJudgement } from "../model/anomaly/words.ts";
import type { MetricName } from "../model/metrics.ts";
import type { JobState, Run } from "../model/run/run.ts";
import { type StateSnapshot, valueAt } from "../model/samples/sample.ts";
import { type ReadClock, readClock } from "../tools/clock.ts";
import { hasEngine } from "./only-engine.ts";
import { isGone } from "./presence.ts";

/** One declared job: its last run and its last success are two things. Times are seconds since the epoch; null: never or unknown. */
export interface JobStatus {
  readonly job: string;
  readonly running: {
    readonly id: string;
    readonly since: number;
    readonly progress: number | null;
    /** Its process is gone and nobody has said so in the ledger yet. */
    readonly lost: boolean;
  } | null;
  readonly lastRun: (Pick<Run, "id" | "outcome" | "reason" | "message"> & { readonly finishedAt: number }) | null;
  readonly lastSuccessAt: number | null;
  readonly consecutiveFailures: number;
  readonly nextRunAt: number | null;
  /** 0: in time; null: neither the job nor any that it comes after has a schedule. */
  readonly overdueSeconds: number | null;
  /** What is counted: time by the clock, or time awake; `unjournaled`: time awake is asked for, and nobody journals it, so the clock counts. */
  readonly overdueBy: "clock" | "awake" | "unjournaled";
  /** The engine is to start it, and none journals that it runs: nobody will. */
  readonly unattended: boolean;
}

/** One subvolume, repository or destination: what the last look saw there. */
export interface SubjectStatus {
  readonly kind: SubjectKind;
  readonly name: string;
  readonly artifacts: number | null;
  readonly newestAt: number | null;
  readonly policy: string | null;
  readonly compliant: boolean | null;
  readonly missing: number | null;
  readonly excess: number | null;
  /** Seconds since the epoch of the look that this is true for. */
  readonly observedAt: number | null;
}

/** The newest proven artifact of a job at a repository or destination. */
export interface BackupStatus {
  readonly job: string;
  readonly target: string;
  readonly newestAt: number;
  readonly bytes: number | null;
  /** Whether somebody else than the job has seen all of it since; null: it leaves nothing that others could see. */
  readonly proof: Proof | null;
}

/** @param clock for jobs that only become overdue while the machine is awake */
export function jobStatuses(
  config: Config,
  ledger: Ledger,
  state: StateSnapshot,
  clock: ReadClock = readClock,
): JobStatus[] {
  const read = reader(state);
  const countsAwake = Object.values(config.jobs).some(({ staleness }) => staleness === "awake");
  const journal = countsAwake ? readAwakeJournal(ledger, clock(state.at * 1000)) : null;
  const awake = journal === null || journal.stopped ? "unjournaled" : "awake";
  const isAttended = !Object.values(config.jobs).some(isStartedByEngine) || hasEngine(ledger, state.at * 1000);
  const states = new Map(ledger.jobStates().map((known) => [known.job, known]));
  const running = new Map(ledger.unfinishedRuns().map((run) => [run.job, run]));
  return Object.entries(config.jobs).map(([job, declared]) => {
    const run = running.get(job);
    const known = states.get(job);
    return {
      job,
      running: run
        ? {
            id: run.id,
            since: run.startedAt / 1000,
            progress: read("jobProgress", { job }),
            lost: isGone(run, state.at * 1000),
          }
        : null,
      lastRun: lastRunOf(ledger, known),
      lastSuccessAt: read("jobLastSuccess", { job }),
      consecutiveFailures: known?.consecutiveFailures ?? 0,
      nextRunAt: read("jobNextRun", { job }),
      overdueSeconds: read("jobOverdue", { job }),
      overdueBy: declared.staleness === "awake" ? awake : "clock",
      unattended: isStartedByEngine(declared) && !isAttended,
    };
  });
}

/** Whether it is started by the engine and by nobody else. */
function isStartedByEngine({ schedule, scheduler }: Config["jobs"][string]): boolean {
  return schedule !== undefined && scheduler === "internal";
}

function lastRunOf(ledger: Ledger, known: JobState | undefined): JobStatus["lastRun"] {
  if (!known || known.lastRunId === null || known.lastFinishedAt === null) return null;
  return {
    id: known.lastRunId,
    outcome: known.lastOutcome,
    reason: known.lastReason,
    message: ledger.run(known.lastRunId)?.message ?? null,
    finishedAt: known.lastFinishedAt / 1000,
  };
}

export function subjectStatuses(config: Config, state: StateSnapshot): SubjectStatus[] {
  const read = reader(state);
  const about = (kind: SubjectKind, subject: string, policy: string | undefined) => {
    const compliant = policy === undefined ? null : read("retentionCompliant", { kind, subject, policy });
    const missing = readAll(state, "retentionMissing", { kind, subject });
    return {
      policy: policy ?? null,
      compliant: compliant === null ? null : compliant === 1,
      missing: missing.length > 0 ? missing.reduce((sum, count) => sum + count, 0) : null,
      excess: read("retentionExcess", { kind, subject }),
    };
  };
  const subvolumes = Object.entries(config.subvolumes).map(
    ([name, { retention }]): SubjectStatus => ({
      kind: "subvolume",
      name,
      artifacts: read("snapshotCount", { subvol: name, type: "all" }),
      newestAt: read("snapshotNewest", { subvol: name }),
      ...about("subvolume", name, retention),
      observedAt: read("collectorLastSuccess", { collector: "snapshots" }),
    }),
  );
  const repositories = Object.entries(config.repositories).map(([name, { retention }]): SubjectStatus => {
    const newest = readAll(state, "repositoryNewest", { repository: name });
    return {
      kind: "repository",
      name,
      artifacts: read("repositorySnapshots", { repository: name }),
      newestAt: newest.length > 0 ? Math.max(...newest) : null,
      ...about("repository", name, retention),
      observedAt: read("collectorLastSuccess", { collector: "restic" }),
    };
  });
  const destinations = Object.entries(config.destinations).map(
    ([name, { retention }]): SubjectStatus => ({
      kind: "destination",
      name,
      artifacts: read("destinationArtifacts", { destination: name }),
      newestAt: null,
      ...about("destination", name, retention),
      observedAt: read("collectorLastSuccess", { collector: "destinations" }),
    }),
  );
  return [...subvolumes, ...repositories, ...destinations];
}

export function backupStatuses(ledger: Ledger, state: StateSnapshot): BackupStatus[] {
  const read = reader(state);
  const observations = ledger.observations();
  const steps = ledger.lastSteps();
  return state.samples.flatMap((sample) => {
    if (sample.metric !== "backupNewest") return [];
    const { job, target } = sample.labels;
    const own = steps.filter((step) => step.job === job && step.target === target);
    return [
      {
        job,
        target,
        newestAt: valueAt(sample, state.at),
        bytes: read("backupSize", { job, target }),
        proof: worstProof(own.flatMap((step) => proofOf(step, observations) ?? [])),
      },
    ];
  });
}

/** What is unlike a job's own history about its last successful backup. */
export interface AnomalyStatus extends Pick<JudgedBackup, "job" | "target" | "kind" | "ratio" | "runId"> {
  /** For a person: what it is, and what would be usual. */
  readonly sentence: string;
}

export function anomalyStatuses(config: Config, ledger: Ledger): AnomalyStatus[] {
  return judgedBackups(config, ledger)
    .filter(({ unusual }) => unusual)
    .map((judged) => {
      const { job, target, kind, ratio, runId } = judged;
      return { job, target, kind, ratio, runId, sentence: describeJudgement(judged) };
    });
}

type Reader = (metric: MetricName, labels: Readonly<Record<string, string>>) => number | null;

function reader(state: StateSnapshot): Reader {
  return (metric, labels) => readAll(state, metric, labels)[0] ?? null;
}

/** Values of a metric whose labels include the given ones. */
function readAll(state: StateSnapshot, metric: MetricName, labels: Readonly<Record<string, string>>): number[] {
  const wanted = Object.entries(labels);
  return state.samples.flatMap((sample) => {
    const given: Readonly<Record<string, string | undefined>> = sample.labels;
    return sample.metric === metric && wanted.every(([label, value]) => given[label] === value)
      ? [valueAt(sample, state.at)]
      : [];
  });
}
