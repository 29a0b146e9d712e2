import { stepId } from "../config/declaration.ts";
import type { Config } from "../config/schema.ts";
import type { JobConfig } from "../config/sections/jobs.ts";
import { timezoneOf } from "../config/timezone.ts";
import type { LastStep, Ledger, PastStep } from "../ledger/ledger.ts";
import {
  anomalyHistory,
  type BackupNumbers,
  type FileNumbers,
  type Judgement,
  judgeBackup,
} from "../model/anomaly/anomaly.ts";
import type { Sample } from "../model/samples/sample.ts";
import { bucketAt } from "../model/time/calendar.ts";
import { type Zone, zoneOf } from "../model/time/zone.ts";
import { type Collector, defineCollector } from "./collector.ts";

/** One number of the last successful backup of a step, held against the step's history. */
export interface JudgedBackup extends Judgement {
  readonly job: string;
  readonly target: string;
  readonly runId: string;
}

/** What was found of a step, for as long as it has not succeeded again. By job and step. */
type Known = Map<string, { readonly finishedAt: number; readonly judged: readonly JudgedBackup[] }>;

/**
 * Holds the last successful backup of each step against those before it. Reads up to 91 ends of a step from the journal when it has succeeded
 * again, and so has an interval, although it looks at nothing but the ledger; the engine calls it soon after a run has ended, too.
 */
export const anomalies = createAnomalies();

function createAnomalies(): Collector {
  const known = new WeakMap<Ledger, Known>();
  return defineCollector({
    name: "anomalies",
    summary: "Whether the last backups are like those before them: size, duration, changed and deleted files.",
    every: 300,
    timeout: 60,
    async collect({ config, ledger }) {
      const own: Known = known.get(ledger) ?? new Map();
      known.set(ledger, own);
      return { samples: judgedBackups(config, ledger, own).flatMap(samplesOf) };
    },
  });
}

function samplesOf({ job, target, kind, ratio, unusual }: JudgedBackup): Sample[] {
  const labels = { job, target, kind };
  return [
    { metric: "backupAnomaly", labels, value: unusual ? 1 : 0 },
    { metric: "backupDeviation", labels, value: ratio },
  ];
}

/** Of several steps of a job at one target, for each number the one that is least like its history. */
export function judgedBackups(
  config: Config,
  ledger: Pick<Ledger, "lastSteps" | "pastSteps">,
  known: Known = new Map(),
): JudgedBackup[] {
  const worst = new Map<string, JudgedBackup>();
  for (const step of ledger.lastSteps()) {
    const declared = Object.hasOwn(config.jobs, step.job) ? config.jobs[step.job] : undefined;
    if (declared === undefined || !isBackupOf(declared, step)) continue;
    const key = JSON.stringify([step.job, step.id, step.uses]);
    const remembered = known.get(key);
    const judged =
      remembered?.finishedAt === step.finishedAt
        ? remembered.judged
        : judgeStep(step, timezoneOf(declared, config), ledger);
    known.set(key, { finishedAt: step.finishedAt, judged });
    for (const each of judged) {
      const series = JSON.stringify([each.job, each.target, each.kind]);
      const other = worst.get(series);
      if (other === undefined || oddness(each) > oddness(other)) worst.set(series, each);
    }
  }
  return [...worst.values()];
}

function judgeStep(step: LastStep, timezone: string, ledger: Pick<Ledger, "pastSteps">): JudgedBackup[] {
  const [newest, ...earlier] = ledger.pastSteps(step, anomalyHistory + 1);
  // Its run may have been pruned from the journal: then there is nothing left to judge.
  if (newest === undefined) return [];
  const zone = zoneOf(timezone);
  const numbers = earlier.map((past) => numbersOf(past, zone));
  const { job, target } = step;
  return judgeBackup(numbersOf(newest, zone), numbers).map((judgement) => ({
    ...judgement,
    ...{ job, target, runId: newest.runId },
  }));
}

function isBackupOf({ steps }: JobConfig, { id, uses, kind }: LastStep): boolean {
  if (kind !== "backup" && kind !== "copy") return false;
  return steps.some((step, position) => stepId(step, position) === id && step.uses === uses);
}

function oddness({ unusual, ratio }: Judgement): number {
  return Math.abs(Math.log(ratio)) + (unusual ? 1e6 : 0);
}

function numbersOf({ startedAt, finishedAt, bytes, evidence }: PastStep, zone: Zone): BackupNumbers {
  return {
    day: bucketAt("daily", startedAt / 1000, zone),
    bytes: amount(bytes),
    // The clock may have been set back while it ran.
    seconds: Math.max(0, finishedAt - startedAt) / 1000,
    files: filesOf(evidence),
  };
}

/** What restic tells about the files of a snapshot; null: another runner, or it is not all there. */
function filesOf(evidence: Readonly<Record<string, unknown>>): FileNumbers | null {
  const [added, changed, unmodified] = ["files_new", "files_changed", "files_unmodified"].map((name) =>
    amount(evidence[name]),
  );
  if (added == null || changed == null || unmodified == null) return null;
  return { added, changed, unmodified, bytesAdded: amount(evidence["bytes_added"]) };
}

/** The journal may have been written by another version, from the numbers of any tool. */
function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
