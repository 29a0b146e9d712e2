import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import { reconcile as reconcileRuns } from "../src/engine/reconcile.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import { bootId } from "../src/tools/process.ts";
import { duration } from "./measure.ts";
import { atMost, type Benchmark, milliseconds } from "./row.ts";

const runCount = 10_000;
const jobCount = 100;
/** Beyond what Linux gives to a process (PID_MAX_LIMIT, include/linux/threads.h): nobody has it, so every run is gone. */
const nobody = 5_000_000;

/** A ledger full of runs whose processes are gone: each needs its true end, its steps too, and its counters. */
export const reconcile: Benchmark = {
  name: "reconcile",
  needs: [],
  async run({ directory, note }) {
    const path = join(directory, "ledger.sqlite");
    note(`writing ${runCount} open runs`);
    fill(path);
    const ledger = openLedger(path, { mode: "write" });
    try {
      note("reconciling");
      let found = 0;
      const took = await duration(async () => {
        found = (await reconcileRuns(ledger, { now: Date.now })).length;
      });
      if (found !== runCount) throw new Error(`${found} of ${runCount} runs were given an end`);
      return [
        atMost(
          "reconcile 10 000 open runs",
          { value: took, limit: 1000, write: milliseconds },
          { how: "Once, durable; each run with two steps, one of them begun, killed in this boot of the machine." },
        ),
      ];
    } finally {
      ledger.close();
    }
  },
};

function fill(path: string): void {
  openLedger(path, { mode: "write" }).close();
  const database = new BetterSqlite(path);
  database.function("boot", () => bootId());
  database.exec(`
    BEGIN;
    INSERT INTO boots (boot_id) SELECT boot();
    INSERT INTO plans (id, uses, kind, target, optional)
    VALUES ('snap', 'snapshot.btrfs', 'snapshot', 'home', 0), ('offsite', 'backup.restic', 'backup', 'vault', 0);
    INSERT INTO runs (number, id, job, started_by, started_at, seen_at, boot, pid, start_ticks, journaled)
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series LIMIT ${runCount})
    SELECT n, 'run-' || n, 'job-' || (n % ${jobCount}), 'schedule', at, at, 1, ${nobody} + n, n, 1
    FROM (SELECT n, 1700000000000 + n * 60000 AS at FROM series);
    INSERT INTO steps (run, position, plan, started_at) SELECT number, 0, 1, started_at FROM runs;
    INSERT INTO steps (run, position, plan) SELECT number, 1, 2 FROM runs;
    COMMIT;`);
  database.close();
}
