import BetterSqlite from "better-sqlite3";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { bootId } from "../../src/tools/process/process.ts";

/** Beyond what Linux gives to a process (PID_MAX_LIMIT, include/linux/threads.h): nobody has it, so every run is gone. */
const nobody = 5_000_000;

/** A new ledger in which so many jobs have an open run that this boot has killed: one step was under way, the other not begun. */
export function writeLostRuns(path: string, count: number): void {
  openLedger(path, { mode: "write" }).close();
  const database = new BetterSqlite(path);
  database.function("boot", () => bootId());
  database.exec(`
    BEGIN;
    INSERT INTO boots (boot_id) SELECT boot();
    INSERT INTO plans (id, uses, kind, target, optional)
    VALUES ('snap', 'snapshot.btrfs', 'snapshot', 'home', 0), ('offsite', 'backup.restic', 'backup', 'vault', 0);
    INSERT INTO runs (number, id, job, started_by, started_at, seen_at, boot, pid, start_ticks, journaled)
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series LIMIT ${count})
    SELECT n, 'run-' || n, 'job-' || n, 'schedule', at, at, 1, ${nobody} + n, n, 1
    FROM (SELECT n, 1700000000000 + n * 60000 AS at FROM series);
    INSERT INTO steps (run, position, plan, started_at) SELECT number, 0, 1, started_at FROM runs;
    INSERT INTO steps (run, position, plan) SELECT number, 1, 2 FROM runs;
    INSERT INTO locks (job, run) SELECT job, number FROM runs;
    INSERT INTO jobs (job, known_since, last_started_at) SELECT job, started_at, started_at FROM runs;
    COMMIT;`);
  database.close();
}

/** What a ledger says about its lost runs: numbers that must agree with each other, whenever one looks. */
export interface LostRunCount {
  /** Runs without an end. */
  readonly open: number;
  readonly locks: number;
  readonly stepsUnderWay: number;
  /** Runs that have the end of a lost run. */
  readonly lost: number;
  /** What the counters say: of lost runs, of failed snapshots, of failed backups. */
  readonly counted: readonly number[];
  /** Jobs whose last run has failed, once. */
  readonly failedJobs: number;
}

export function countLostRuns(path: string): LostRunCount {
  const database = new BetterSqlite(path, { readonly: true });
  const number = (sql: string) => Number(database.prepare(sql).pluck().get() ?? 0);
  const total = (metric: string) => number(`SELECT sum(value) FROM totals WHERE metric = '${metric}'`);
  const count = {
    open: number("SELECT count(*) FROM runs WHERE finished_at IS NULL"),
    locks: number("SELECT count(*) FROM locks"),
    stepsUnderWay: number("SELECT count(*) FROM steps WHERE started_at IS NOT NULL AND finished_at IS NULL"),
    lost: number("SELECT count(*) FROM runs WHERE finished_at IS NOT NULL AND lost = 1 AND outcome = 'failed'"),
    counted: ["jobLost", "snapshotFailed", "backupFailed"].map(total),
    failedJobs: number("SELECT count(*) FROM jobs WHERE last_outcome = 'failed' AND consecutive_failures = 1"),
  };
  database.close();
  return count;
}

/** How many ends there are where nothing is half done: `lost` of so many runs have theirs, with all that belongs to it. */
export function lostRunCount(runs: number, lost: number): LostRunCount {
  const open = runs - lost;
  return { open, locks: open, stepsUnderWay: open, lost, counted: [lost, lost, lost], failedJobs: lost };
}
