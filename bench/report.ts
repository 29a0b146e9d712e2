import { writeFileSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import { pack } from "../src/ledger/packed.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import { peakMemory, published, requirePublished } from "./program.ts";
import { atMost, type Benchmark, megabytes, milliseconds, plain } from "./row.ts";

const runs = 100_000;
const jobs = Array.from({ length: 20 }, (_, index) => `job-${index}`);
/** Of October 2026, UTC. */
const begins = Date.UTC(2026, 9, 1);
const month = 31 * 86_400_000;
/** Milliseconds. */
const longest = 10_000;

/** `pantheros report` of a month in which far more has run than on any host: each run is listed with what it left behind. */
export const report: Benchmark = {
  name: "report",
  needs: [],
  async run({ directory, note }) {
    requirePublished();
    const config = join(directory, "pantheros.yaml");
    writeFileSync(config, JSON.stringify(declared(directory)));
    note(`writing ${runs} runs`);
    fill(join(directory, "ledger.sqlite"));
    note("telling of them");
    const output = join(directory, "report.html");
    const argv = [published, "report", "--config", config, "--month", "2026-10", "--output", output];
    const started = performance.now();
    const memory = await peakMemory(argv, directory);
    const took = performance.now() - started;
    return [
      atMost(
        `report of a month of ${runs} runs, as a page`,
        { value: took, limit: longest, write: milliseconds },
        { how: "One whole process: each run with two steps, a backup with its evidence and a pruning." },
      ),
      plain(
        "the same, peak RSS",
        megabytes(memory),
        "getrusage's maxrss at its exit. All runs are listed on the page.",
      ),
    ];
  },
};

function declared(directory: string): object {
  const steps = [
    { id: "dump", uses: "backup.restic", repository: "vault", from: ["/srv"] },
    { id: "forget", uses: "forget.restic", repository: "vault" },
  ];
  return {
    ...{ host: "bench", timezone: "Europe/Berlin", state_directory: directory },
    repositories: {
      vault: { repository: join(directory, "vault"), password: { file: "/nothing" }, retention: "usual" },
    },
    retention: { usual: { daily: 30 } },
    jobs: Object.fromEntries(jobs.map((job) => [job, { schedule: "*/10 * * * *", steps }])),
    objectives: Object.fromEntries(jobs.slice(0, 5).map((job) => [job, { jobs: [job], rpo: "1h", copies: 2 }])),
  };
}

/** By SQL alone: a hundred thousand durable runs would measure the disk. */
function fill(path: string): void {
  const ledger = openLedger(path, { mode: "write" });
  ledger.declare("job", jobs, begins);
  ledger.close();
  const database = new BetterSqlite(path);
  const digits = (number: number) => ((number * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0");
  database.function("saved", (number: number) =>
    pack({
      snapshot_id: digits(number).repeat(8),
      repository: "vault",
      files_new: number % 77,
      bytes_added: number * 7,
    }),
  );
  database.function("removed", (number: number) => pack({ removed: [digits(number + 1)], kept: 45 }));
  database.exec(`
    PRAGMA synchronous = OFF;
    BEGIN;
    INSERT INTO boots (boot_id) VALUES ('6ac1d6a5-0000-4000-8000-000000000001');
    INSERT INTO plans (id, uses, kind, target, optional)
    VALUES ('dump', 'backup.restic', 'backup', 'vault', 0), ('forget', 'forget.restic', 'prune', 'vault', 0);
    INSERT INTO runs (number, id, job, started_by, started_at, finished_at, outcome, reason, message, boot, pid, start_ticks, journaled, emitted_at)
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series LIMIT ${runs})
    SELECT n, 'run-' || n, 'job-' || (n % ${jobs.length}), 'schedule', at, at + 42000, iif(n % 50 = 0, 'failed', 'success'),
      iif(n % 50 = 0, 'network', NULL), iif(n % 50 = 0, 'the repository vault could not be reached: connection refused', NULL), 1, 1, n, 1, at
    FROM (SELECT n, ${begins} + n * ${month} / ${runs + 1} AS at FROM series);
    INSERT INTO steps (run, position, plan, started_at, finished_at, outcome, attempts, exit_code, bytes, files, evidence)
    SELECT number, 0, 1, started_at, started_at + 41000, outcome, 1, 0, 12345678901 + number, 12000, saved(number) FROM runs;
    INSERT INTO steps (run, position, plan, started_at, finished_at, outcome, attempts, exit_code, evidence)
    SELECT number, 1, 2, started_at + 41000, started_at + 42000, 'success', 1, 0, removed(number) FROM runs WHERE outcome = 'success';
    COMMIT;`);
  database.close();
}
