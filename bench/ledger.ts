import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import type { Ledger } from "../src/ledger/ledger.ts";
import { pack } from "../src/ledger/packed.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import type { Artifact } from "../src/model/samples/sample.ts";
import { byTurns, quantile } from "./measure.ts";
import { atMost, type Benchmark, megabytes, milliseconds, plain, type Row } from "./row.ts";

const runCount = 1_000_000;
const jobCount = 20;

/** A ledger of a million runs of one restic backup each, with the evidence that it leaves: what `status` asks, what a run writes, what a collector saves. */
export const ledger: Benchmark = {
  name: "ledger",
  needs: [],
  async run({ directory, note }) {
    const path = join(directory, "ledger.sqlite");
    note("writing 1 000 000 runs");
    fill(path);
    const size = statSync(path).size;
    const bytesOfStep = addSteps(path, 100_000);
    note("asking and writing");
    const reader = openLedger(path, { mode: "read" });
    const writer = openLedger(path, { mode: "write" });
    try {
      return [
        atMost(
          "ledger of 1 000 000 runs, size of the file",
          { value: size, limit: 500e6, write: megabytes },
          { how: "Each run with one step, a restic backup with its evidence, as the ledger packs it." },
        ),
        plain(
          "each further step",
          `${bytesOfStep} bytes`,
          "100 000 steps of snapshot.btrfs, added to runs that are there.",
        ),
        await asked("what status asks", 2000, () => status(reader), 10),
        await asked("open and ask", 50, () => openAndAsk(path), 10),
        await asked("last 20 runs of a job", 500, () => reader.runs({ job: "job-7" })),
        await asked("last 20 failed runs", 500, () => reader.runs({ outcome: "failed" })),
        await asked("start and finish a run, durable", 100, journal(writer)),
        await asked("save an observation of 5 000 artifacts", 50, observe(writer)),
        await asked("prune 10 000 runs", 5, () => writer.pruneRuns(Number.MAX_SAFE_INTEGER)),
      ];
    } finally {
      writer.close();
      reader.close();
    }
  },
};

/** @param limit of the 99th percentile, milliseconds */
async function asked(what: string, count: number, work: () => void, limit?: number): Promise<Row> {
  const { took } = await byTurns(count, { took: work }, 0);
  const [half, most] = [quantile(took, 0.5), quantile(took, 0.99)];
  const how = `p99 of ${count} calls in a process that has the ledger open.`;
  const name = `ledger of 1 000 000 runs, ${what}: p99`;
  const detail = `p50 ${milliseconds(half)}`;
  if (limit === undefined) return plain(name, `${milliseconds(most)} (${detail})`, how);
  return atMost(name, { value: most, limit, write: milliseconds }, { detail, how });
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
  const observed = {
    collector: "snapshots",
    observedAt: 1,
    succeededAt: 1,
    attemptedAt: 1,
    durationSeconds: 0,
    error: null,
  };
  return () => ledger.saveObservation({ ...observed, samples: [], artifacts });
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
