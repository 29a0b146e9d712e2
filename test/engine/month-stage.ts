import { type Config, configuration } from "../../src/config/schema.ts";
import { newRunId } from "../../src/engine/run-id.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { Outcome, Reason } from "../../src/model/run/outcome.ts";
import type { Step, StepKind } from "../../src/model/run/run.ts";

/** A step of a run that is written into a journal as if it had happened. */
export interface PlayedStep extends Partial<Pick<Step, "bytes" | "files" | "evidence" | "message">> {
  readonly id: string;
  readonly uses: string;
  readonly kind: StepKind;
  readonly target: string;
  readonly outcome?: Outcome;
  readonly reason?: Reason;
}

/** A run that is written into a journal as if it had happened. Moments are seconds since the epoch. */
export interface PlayedRun {
  readonly job: string;
  readonly at: number;
  /** Null: it has no end yet. */
  readonly seconds: number | null;
  readonly steps?: readonly PlayedStep[];
  readonly outcome?: Outcome;
  readonly reason?: Reason;
  readonly message?: string;
  readonly lost?: boolean;
  readonly id?: string;
}

/** A source of numbers from 0 to 1 that is the same every time (mulberry32). */
export function sameNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function play(ledger: Ledger, run: PlayedRun, random: () => number): string {
  const { job, at, seconds, steps = [], outcome = "success", reason = null, message = null, lost = false } = run;
  const id = run.id ?? newRunId(at * 1000, random);
  const planned = steps.map(({ id: step, uses, kind, target }, position) => {
    return { position, id: step, uses, kind, target, optional: false };
  });
  ledger.startRun({
    ...{ id, job, trigger: "schedule", startedAt: at * 1000, deadlineAt: null, steps: planned },
    holder: { bootId: "stage", pid: 1, startTicks: 1 },
  });
  if (seconds === null) return id;
  for (const [position, step] of steps.entries()) {
    if (outcome === "skipped") break;
    ledger.startStep(id, position, at * 1000, []);
    ledger.finishStep(id, position, (at + seconds) * 1000, {
      ...{ outcome: step.outcome ?? "success", reason: step.reason ?? null, message: step.message ?? null },
      ...{ attempts: 1, exitCode: null, signal: null, tail: null },
      ...{ bytes: step.bytes ?? null, files: step.files ?? null, evidence: step.evidence ?? {} },
    });
    if (step.outcome === "failed") break;
  }
  ledger.finishRun(id, { finishedAt: (at + seconds) * 1000, outcome, reason, message, lost, increments: [] });
  return id;
}

const hour = 3600;
const day = 24 * hour;

/** 2026-08-20 08:00 in Berlin: the stage begins here. */
export const stageBegins = Date.UTC(2026, 7, 20, 6) / 1000;
/** 2026-11-21 13:00 in Berlin: now. */
export const stageEnds = Date.UTC(2026, 10, 21, 12) / 1000;

const password = { file: "/etc/pantheros/secrets/password" };

/** A database, the files of a server and the memory of an assistant: three data sets as in the examples. */
export const stageConfig: Config = configuration.parse({
  host: "production",
  timezone: "Europe/Berlin",
  repositories: {
    offsite: { repository: "s3:https://s3.example.org/a", password, offsite: true, medium: "b2", retention: "year" },
    nas: { repository: "/mnt/nas/restic", password, medium: "nas", retention: "year" },
  },
  destinations: { bucket: { type: "local", path: "/mnt/bucket", offsite: true, medium: "b2" } },
  retention: { year: { daily: 14, weekly: 8, monthly: 6 } },
  jobs: {
    postgres: {
      description: "Dump of the dashboard's database, offsite",
      schedule: "30 3 * * *",
      steps: [
        { id: "dump", uses: "backup.postgres", repository: "offsite" },
        { id: "forget", uses: "forget.restic", repository: "offsite" },
      ],
    },
    "postgres-drill": {
      description: "A restore that is used, and how long it took",
      schedule: "0 5 1 * *",
      steps: [{ id: "drill", uses: "drill.restic-postgres", repository: "offsite" }],
    },
    files: {
      description: "Data and configuration, to the NAS",
      schedule: "0 3 * * *",
      steps: [{ id: "files", uses: "backup.restic", repository: "nas", from: ["/srv", "/etc"] }],
    },
    memory: {
      description: "Graph, cache and export of the assistant, every six hours",
      schedule: "0 */6 * * *",
      steps: ["graph", "cache", "export"].map((id) => ({ id, uses: "backup.rclone", to: "bucket" })),
    },
  },
  objectives: {
    dashboard: {
      ...{ jobs: ["postgres", "postgres-drill"], rpo: "26h", rto: "30m", copies: 2, offsite_copies: 1 },
      budget_usd_per_month: 5,
    },
    files: { jobs: ["files"], rpo: "26h", rto: "1h", copies: 2 },
    memory: { jobs: ["memory"], rpo: "13h", copies: 2, offsite_copies: 1 },
  },
});

/** Three months of a host that is run as most are: nearly everything works, and not always. The same every time. */
export function stageLedger(until = stageEnds): Ledger {
  const ledger = openLedger(":memory:", { mode: "write" });
  const random = sameNumbers(20_261_121);
  ledger.declare("job", Object.keys(stageConfig.jobs), stageBegins * 1000);
  for (let midnight = stageBegins - (stageBegins % day) + day; midnight < until; midnight += day) {
    const runs = [...oneDay(midnight, random)].filter(({ at }) => at < until).toSorted((a, b) => a.at - b.at);
    for (const run of runs) play(ledger, run, random);
  }
  remember(ledger, until, random);
  return ledger;
}

function* oneDay(midnight: number, random: () => number): Generator<PlayedRun> {
  const age = (midnight - stageBegins) / day;
  const date = new Date(midnight * 1000).getUTCDate();
  const month = new Date(midnight * 1000).getUTCMonth() + 1;
  const hex = () =>
    Math.floor(random() * 2 ** 52)
      .toString(16)
      .padStart(16, "0");
  const around = (seconds: number) => Math.round(seconds * (0.8 + 0.4 * random()));

  const bytes = Math.round((2.1e9 + age * 9e6) * (0.98 + 0.04 * random()));
  const postgres = { job: "postgres", at: midnight + 1.5 * hour, seconds: around(340) };
  const dump = { id: "dump", uses: "backup.postgres", kind: "backup", target: "offsite" } as const;
  // The provider was down for two days in October.
  if (month === 10 && (date === 13 || date === 14)) {
    const message = "the repository cannot be reached: connection refused";
    const failed = { ...dump, outcome: "failed", reason: "network", message } as const;
    yield { ...postgres, seconds: 62, outcome: "failed", reason: "network", message, steps: [failed] };
  } else {
    const evidence = { repository: "offsite", snapshot_id: hex(), database: "dashboard" };
    const forget = { id: "forget", uses: "forget.restic", kind: "prune", target: "offsite" } as const;
    yield { ...postgres, steps: [{ ...dump, bytes, evidence }, forget] };
  }
  if (date === 1) {
    const drill = { id: "drill", uses: "drill.restic-postgres", kind: "drill", target: "offsite" } as const;
    const message = "the dump was restored in a quarter of an hour: 2 of 2 queries as expected";
    const evidence = { rto_seconds: around(900), snapshot_id: hex() };
    yield {
      job: "postgres-drill",
      at: midnight + 3 * hour,
      seconds: 960,
      steps: [{ ...drill, bytes, evidence, message }],
    };
  }

  const step = { id: "files", uses: "backup.restic", kind: "backup", target: "nas" } as const;
  const size = Math.round(6.4e11 + age * 2.2e9 + random() * 1e9);
  const files = { job: "files", at: midnight + hour, seconds: around(1500) };
  const evidence = { repository: "nas", snapshot_id: hex() };
  if (month === 10 && date === 20) {
    yield {
      ...files,
      seconds: 700,
      outcome: "failed",
      reason: "reboot",
      message: "the machine went down while it ran",
      lost: true,
    };
    yield { ...files, at: midnight + 7 * hour, steps: [{ ...step, bytes: size, files: 182_344, evidence }] };
  } else if (random() < 0.05) {
    const message = "3 files could not be read: /srv/www/cache/a|b, permission denied";
    const partial = { ...step, outcome: "partial", reason: "source", message } as const;
    yield { ...files, outcome: "partial", reason: "source", message, steps: [partial] };
    yield { ...files, at: midnight + 9 * hour, steps: [{ ...step, bytes: size, files: 182_340, evidence }] };
  } else {
    yield { ...files, steps: [{ ...step, bytes: size, files: 182_340 + date, evidence }] };
  }

  for (const at of [midnight, midnight + 6 * hour, midnight + 12 * hour, midnight + 18 * hour]) {
    const name = new Date(at * 1000).toISOString().slice(0, 13);
    if (random() < 0.01) {
      const message = "another run of memory holds the lock";
      yield { job: "memory", at, seconds: 0, outcome: "skipped", reason: "locked", message };
      continue;
    }
    const parts = ["graph", "cache", "export"].map((id, index) => ({
      ...{ id, uses: "backup.rclone", kind: "backup" as const, target: "bucket", files: 3 - index },
      bytes: Math.round((4.1e8 + age * 1.5e6) / (index + 1)),
      evidence: { destination: "bucket", prefix: `${id}-${name}`, files: 3 - index, bytes: 1 },
    }));
    yield { job: "memory", at, seconds: around(75), steps: parts };
  }
}

/** What the hourly look at the objectives saw. */
function remember(ledger: Ledger, until: number, random: () => number): void {
  for (let at = stageBegins - (stageBegins % hour) + 90; at < until; at += hour) {
    const date = new Date(at * 1000);
    const [month, dayOfMonth] = [date.getUTCMonth() + 1, date.getUTCDate()];
    // The machine was off for a day.
    if (month === 10 && dayOfMonth === 25) continue;
    const isOutage = month === 10 && (dayOfMonth === 14 || dayOfMonth === 15);
    const copies = { copies_promised: 2, copies: isOutage ? 1 : 2, copies_met: isOutage ? 0 : 1 };
    const offsite = { offsite_promised: 1, offsite: isOutage ? 0 : 1, offsite_met: isOutage ? 0 : 1 };
    const budget = { budget_promised: month < 10 ? 4 : 5, budget: 0.11 * dayOfMonth + 0.02 * random(), budget_met: 1 };
    const retention = month === 10 && dayOfMonth > 13 && dayOfMonth < 20 ? 0 : 1;
    ledger.recordMeasurements([
      {
        ...{ series: "objectives/dashboard", at },
        values: {
          ...copies,
          ...offsite,
          ...budget,
          media: 2,
          retention_met: retention,
          "retention/repository offsite": retention,
        },
      },
      {
        ...{ series: "objectives/files", at },
        values: {
          copies_promised: 2,
          copies: 2,
          copies_met: 1,
          media: 2,
          retention_met: 1,
          "retention/repository nas": 1,
        },
      },
      {
        ...{ series: "objectives/memory", at },
        values: {
          copies_promised: 2,
          copies: 2,
          copies_met: 1,
          offsite_promised: 1,
          offsite: 1,
          offsite_met: 1,
          media: 2,
        },
      },
    ]);
  }
}
