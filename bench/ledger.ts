import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import type { Ledger } from "../src/ledger/ledger.ts";
import { pack } from "../src/ledger/packed.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import type { Artifact } from "../src/model/sample.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly p50: string;
  readonly p99: string;
  readonly target: string;
}

const runCount = 1_000_000;
const jobCount = 20;

/** A ledger of a million runs of one restic backup each, with the evidence that it leaves: what `status` asks, what a run writes, what a collector saves. */
export async function run(): Promise<{ readonly name: string; readonly rows: readonly Row[] }> {
  const directory = mkdtempSync(join(tmpdir(), "pantheros-bench-ledger-"));
  try {
    const path = join(directory, "ledger.sqlite");
    fill(path);
    const megabytes = `${(statSync(path).size / 1e6).toFixed(0)} MB`;
    const bytesOfStep = addSteps(path, 100_000);
    const reader = openLedger(path, { mode: "read" });
    const writer = openLedger(path, { mode: "write" });
    try {
      return {
        name: "ledger with 1 000 000 runs",
        rows: [
          { what: "size of the file", p50: megabytes, p99: "", target: "under 500 MB" },
          { what: "each further step (snapshot.btrfs)", p50: `${bytesOfStep} bytes`, p99: "", target: "" },
          measure("what status asks (states and unfinished runs)", 2000, () => status(reader), "p99 under 10 ms"),
          measure("open and ask", 50, () => openAndAsk(path)),
          measure("last 20 runs of a job", 500, () => reader.runs({ job: "job-7" })),
          measure("last 20 failed runs", 500, () => reader.runs({ outcome: "failed" })),
          measure("start and finish a run, durable", 100, journal(writer)),
          measure("save an observation of 5 000 artifacts", 50, observe(writer)),
          measure("prune 10 000 runs", 5, () => writer.pruneRuns(Number.MAX_SAFE_INTEGER)),
        ],
      };
    } finally {
      writer.close();
      reader.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function status(ledger: Ledger): void {
  ledger.jobStates();
  ledger.unfinishedRuns();
}

function openAndAsk(path: string): void {
  const ledger = openLedger(path, { mode: "read" });
  status(ledger);
  ledger.close();
}

function journal(ledger: Ledger): () => void {
  let number = 0;
  const holder = { bootId: "6ac1d6a5-0000-4000-8000-000000000001", pid: 1, startTicks: 1 };
  return () => {
    number += 1;
    const id = `bench-${number}`;
    const start = { id, job: "bench", trigger: "command" as const, startedAt: 1, deadlineAt: null, holder, steps: [] };
    ledger.startRun(start);
    ledger.finishRun(id, { finishedAt: 2, outcome: "success", reason: null, message: null, increments: [] });
  };
}

function observe(ledger: Ledger): () => void {
  const artifacts = Array.from(
    { length: 5000 },
    (_, index): Artifact => ({
      subject: "home",
      name: `/data/.snapshots/home.20261121T${index}Z`,
      at: 1_763_000_000 + index,
    }),
  );
  const observed = { collector: "snapshots", observedAt: 1, attemptedAt: 1, durationSeconds: 0, error: null };
  return () => ledger.saveObservation({ ...observed, samples: [], artifacts });
}

function measure(what: string, times: number, work: () => void, target = ""): Row {
  const milliseconds = Array.from({ length: times }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const at = (share: number) => `${(milliseconds[Math.ceil(share * times) - 1] ?? 0).toFixed(2)} ms`;
  return { what, p50: at(0.5), p99: at(0.99), target };
}

/** Written in one transaction and by SQL alone: a million calls would measure the disk. */
function fill(path: string): void {
  openLedger(path, { mode: "write" }).close();
  const database = new BetterSqlite(path);
  defineEvidence(database);
  database.exec(`
    PRAGMA synchronous = OFF;
    BEGIN;
    INSERT INTO boots (boot_id)
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series LIMIT 1000)
    SELECT '6ac1d6a5-0000-4000-8000-00000000' || printf('%04d', n) FROM series;
    INSERT INTO plans (id, uses, kind, target, optional)
    VALUES ('offsite', 'backup.restic', 'backup', 'vault', 0), ('snap', 'snapshot.btrfs', 'snapshot', 'home', 0);
    INSERT INTO runs (number, id, job, started_by, started_at, deadline_at, finished_at, seen_at, outcome, reason, message, boot,
      pid, start_ticks, journaled, emitted_at)
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series LIMIT ${runCount})
    SELECT n, strftime('%Y%m%dT%H%M%SZ', 1700000000 + n * 60, 'unixepoch') || printf('-%04x', n % 65536), 'job-' || (n % ${jobCount}),
      'schedule', at, at + 18000000, iif(n % 200000 = 0, NULL, at + 42000), iif(n % 200000 = 0, at + 42000, NULL),
      CASE WHEN n % 200000 = 0 THEN NULL WHEN n % 50 = 0 THEN 'failed' ELSE 'success' END,
      iif(n % 50 = 0, 'network', NULL), iif(n % 50 = 0, 'the repository vault could not be reached: connection refused', NULL),
      1 + n % 1000, 1000 + n % 30000, n * 100, 1, at + 43000
    FROM (SELECT n, 1700000000000 + n * 60000 AS at FROM series);
    INSERT INTO steps (run, position, plan, started_at, finished_at, outcome, attempts, exit_code, bytes, files, inputs, evidence)
    SELECT number, 0, 1, started_at + 1000, started_at + 41000, coalesce(outcome, 'success'), 1, 0, 12345678901 + number, 12000 + number % 999,
      backup_inputs(id), backup_evidence(number) FROM runs;
    INSERT INTO jobs (job, known_since, last_started_at, last_finished_at, last_outcome, last_success_at, last_run_id)
    SELECT job, min(started_at), max(started_at), max(finished_at), 'success', max(finished_at), max(id) FROM runs GROUP BY job;
    INSERT INTO declarations SELECT 'job', job, known_since FROM jobs;
    COMMIT;`);
  database.close();
}

/** Gives runs a second step. @returns what one takes in the file, bytes */
function addSteps(path: string, count: number): number {
  const before = statSync(path).size;
  const database = new BetterSqlite(path);
  defineEvidence(database);
  database.exec(`
    INSERT INTO steps (run, position, plan, started_at, finished_at, outcome, attempts, exit_code, evidence)
    SELECT number, 1, 2, started_at, started_at + 900, 'success', 1, 0, snapshot_evidence(id, number) FROM runs
    WHERE number > ${runCount - count};`);
  database.close();
  return Math.round((statSync(path).size - before) / count);
}

/** What `snapshot.btrfs` and `backup.restic` leave behind, with ids as hard to compress as theirs. */
function defineEvidence(database: BetterSqlite.Database): void {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const uuid = (hex: string) =>
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
  const path = (id: string) => `/srv/pool/.snapshots/home.${id}`;
  database.function("backup_inputs", (id: string) => pack([path(id)]));
  database.function("snapshot_evidence", (id: string, number: number) =>
    pack({
      path: path(id),
      name: `home.${id}`,
      uuid: uuid(hash(`${number}`)),
      parent_uuid: uuid(hash("home")),
      created_at: new Date(1_700_000_000_000 + number * 60_000).toISOString(),
    }),
  );
  database.function("backup_evidence", (number: number) =>
    pack({
      snapshot_id: hash(`snapshot ${number}`),
      repository: "vault",
      host: "db1.example.org",
      paths: ["/srv/pool/home"],
      files: 12_000 + (number % 999),
      bytes: 12_345_678_901 + number,
      bytes_added: number * 7,
      files_new: number % 77,
      files_changed: number % 333,
      files_unmodified: 11_000 + (number % 888),
      duration_seconds: 12 + (number % 9973) / 1000,
    }),
  );
}

if (import.meta.main) {
  const { name, rows } = await run();
  console.info(name);
  console.table(rows);
}
