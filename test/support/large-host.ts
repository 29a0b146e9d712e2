import { collectors } from "../../src/collectors/index.ts";
import { type Config, configuration } from "../../src/config/schema.ts";
import { declareInventory } from "../../src/engine/declare.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { outcomes, type Reason, reasons } from "../../src/model/run/outcome.ts";
import type { StepKind } from "../../src/model/run/run.ts";
import type { DeclaredSizes } from "../../src/model/samples/bound.ts";
import { incrementsOf } from "../../src/model/samples/counters.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";

/** 100 jobs and 100 subvolumes, and the rest as large as it gets beside them. */
export const largeSizes = {
  jobs: 100,
  subvolumes: 100,
  repositories: 4,
  destinations: 2,
  objectives: 5,
  buckets: 3,
  collectors: collectors.filter((collector) => !("live" in collector)).length,
  subjects: 106,
  declared: 100 + 4 + 2 + 5 + 1,
  promises: 106,
  series: 2,
  claims: 200,
  backups: 100,
  checks: 10,
  drills: 10,
} as const satisfies DeclaredSizes;

const names = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}-${index}`);
const named = (count: number, name: string, value: (index: number) => object) =>
  Object.fromEntries(names(count, name).map((each, index) => [each, value(index)]));

/** Every job snapshots a subvolume of its own and backs it up; every tenth checks and restores its repository as well. */
export function largeConfig(stateDirectory = "/var/lib/pantheros"): Config {
  const { jobs, subvolumes, repositories, destinations, objectives } = largeSizes;
  const everyTier = { last: 3, within: "2d", hourly: 24, daily: 30, weekly: 12, monthly: 12, yearly: 5 };
  const password = { file: "/p" };
  return configuration.parse({
    ...{ host: "large", timezone: "Europe/Berlin", state_directory: stateDirectory },
    retention: { every: everyTier },
    subvolumes: named(subvolumes, "volume", (index) => ({
      ...{ path: `/data/${index}`, snapshots: `/snapshots/${index}`, retention: "every" },
    })),
    repositories: named(repositories, "vault", (index) => ({
      repository: `/vault/${index}`,
      password,
      retention: "every",
    })),
    destinations: named(destinations, "shelf", (index) => ({
      ...{ type: "s3", endpoint: "https://s3.example.org", bucket: `bucket-${index}`, retention: "every" },
      ...{ access_key_id: password, secret_access_key: password },
    })),
    objectives: named(objectives, "promise", (index) => ({
      ...{ jobs: [`job-${index}`], rpo: "1d", rto: "1h", copies: 3, offsite_copies: 1, budget_usd_per_month: 5 },
    })),
    jobs: named(jobs, "job", (index) => ({
      ...{ schedule: `${index % 60} 2 * * *`, expected_duration: "10m" },
      staleness: index % 2 === 0 ? "awake" : "schedule",
      steps: stepsOf(index).map(({ uses, place, target }) => ({ uses, [place]: target })),
    })),
  });
}

interface LargeStep {
  readonly uses: string;
  readonly kind: StepKind;
  readonly place: "subvolume" | "repository";
  readonly target: string;
}

function stepsOf(index: number): readonly LargeStep[] {
  const subvolume = { place: "subvolume", target: `volume-${index}` } as const;
  const repository = { place: "repository", target: `vault-${index % largeSizes.repositories}` } as const;
  return [
    { uses: "snapshot.btrfs", kind: "snapshot", ...subvolume },
    { uses: "backup.restic", kind: "backup", ...repository },
    { uses: "prune.snapshots", kind: "prune", ...subvolume },
    ...(index % 10 === 0
      ? [
          { uses: "verify.restic-check", kind: "check" as const, ...repository },
          { uses: "drill.files", kind: "drill" as const, ...repository },
        ]
      : []),
  ];
}

/**
 * A ledger that remembers the worst: every job has ended in every way and for every reason, and its last backups are proven by nobody.
 * @param now seconds since the epoch
 * @param runs successful ones of each job, a day apart
 */
export function fillLargeLedger(ledger: Ledger, config: Config, now: number, runs: number): void {
  declareInventory(ledger, config, (now - runs * 86_400) * 1000);
  for (let index = 0; index < largeSizes.jobs; index += 1) {
    for (let run = runs; run > 0; run -= 1) recordSuccess(ledger, index, now - run * 86_400);
    recordRunning(ledger, index, now - 60);
    ledger.addToTotals(everyEnd(index));
  }
}

function plan(index: number) {
  return stepsOf(index).map(({ place, ...step }, position) => ({
    ...{ position, id: `step_${position + 1}`, ...step },
    optional: false,
  }));
}

function start(index: number, at: number) {
  return {
    ...({ id: `run-${index}-${at}`, job: `job-${index}`, trigger: "schedule", startedAt: at * 1000 } as const),
    ...{ deadlineAt: null, holder: ownIdentity(), steps: plan(index) },
  };
}

function recordRunning(ledger: Ledger, index: number, at: number): void {
  const run = start(index, at);
  ledger.startRun(run);
  ledger.markSeen(run.id, at * 1000, 0.5);
}

function recordSuccess(ledger: Ledger, index: number, at: number): void {
  const run = start(index, at);
  ledger.startRun(run);
  for (const { position, kind, target } of run.steps) {
    ledger.startStep(run.id, position, at * 1000 + position, []);
    ledger.finishStep(run.id, position, at * 1000 + 60_000 + position, {
      ...{ outcome: "success", reason: null, message: null, attempts: 1, exitCode: 0, signal: null, tail: null },
      ...{ bytes: 1e9 + index, files: 1000, evidence: evidenceOf(kind, target) },
    });
  }
  const finish = { finishedAt: at * 1000 + 120_000, outcome: "success", reason: null, message: null } as const;
  ledger.finishRun(run.id, { ...finish, increments: [] });
}

function evidenceOf(kind: StepKind, target: string): Record<string, unknown> {
  if (kind === "snapshot") return { path: `/snapshots/${target}`, uuid: target };
  if (kind === "check") return { coverage_ratio: 0.5 };
  if (kind === "drill") return { rto_seconds: 600 };
  if (kind !== "backup") return {};
  const files = { files_new: 5, files_changed: 20, files_unmodified: 975, bytes_added: 1e6 };
  return { repository: target, snapshot_id: "0123456789abcdef", ...files };
}

function everyEnd(index: number): Sample[] {
  const job = `job-${index}`;
  return outcomes.flatMap((outcome) =>
    (Object.keys(reasons) as Reason[]).flatMap((reason) => {
      const steps = plan(index).map(({ kind, target }) => ({ kind, target, outcome, reason }));
      const success = outcome === "success";
      const ended = success ? steps.map((step) => ({ ...step, reason: null })) : steps;
      return incrementsOf({ job, outcome, reason: success ? null : reason }, ended, {
        lost: !success,
        journaled: false,
      });
    }),
  );
}
