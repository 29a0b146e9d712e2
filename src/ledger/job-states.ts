import type { Outcome } from "../model/run/outcome.ts";
import type { JobState, Run } from "../model/run/run.ts";
import type { Database, Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import { moment } from "./rows.ts";

/** Declared jobs and jobs that have run, one row each: how many runs there are does not matter. */
export function jobStatesOf({ read }: Store): Pick<Ledger, "jobStates"> {
  return {
    jobStates: () =>
      read((database) =>
        database.all<JobState>(
          `SELECT known.name AS job, coalesce(declared_at, known_since) AS declaredAt, last_started_at AS lastStartedAt,
             last_finished_at AS lastFinishedAt, last_outcome AS lastOutcome, last_reason AS lastReason, last_success_at AS lastSuccessAt,
             last_duration_seconds AS lastDurationSeconds, last_bytes AS lastBytes, last_run_id AS lastRunId,
             coalesce(consecutive_failures, 0) AS consecutiveFailures
           FROM (SELECT name FROM declarations WHERE kind = 'job' UNION SELECT job FROM jobs) AS known
           LEFT JOIN declarations ON declarations.kind = 'job' AND declarations.name = known.name
           LEFT JOIN jobs ON job = known.name
           ORDER BY known.name`,
        ),
      ),
  };
}

/** @param startedAt milliseconds */
export function recordStart(database: Database, job: string, startedAt: number): void {
  const at = moment(startedAt);
  const sql =
    "INSERT INTO jobs (job, known_since, last_started_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last_started_at = ?";
  database.run(sql, job, at, at, at);
}

/**
 * The run that has just finished is its job's last one, whatever the clock says. A skipped run changes nothing; a partial one is neither
 * a success nor a failure. Bytes are those of its backup steps.
 */
export function recordEnd(database: Database, runId: string): void {
  database.run(
    `INSERT INTO jobs (job, known_since, last_finished_at, last_outcome, last_reason, last_success_at, last_duration_seconds, last_bytes,
       last_run_id, consecutive_failures)
     SELECT job, started_at, finished_at, outcome, reason, iif(outcome = 'success', finished_at, NULL),
       max(0, (finished_at - started_at) / 1000.0),
       (SELECT sum(bytes) FROM steps JOIN plans ON plan = plans.number WHERE run = runs.number AND kind = 'backup'), id, iif(outcome = 'failed', 1, 0)
     FROM runs WHERE id = ? AND outcome <> 'skipped'
     ON CONFLICT DO UPDATE SET last_finished_at = excluded.last_finished_at, last_outcome = excluded.last_outcome,
       last_reason = excluded.last_reason, last_success_at = coalesce(excluded.last_success_at, last_success_at),
       last_duration_seconds = excluded.last_duration_seconds, last_bytes = excluded.last_bytes, last_run_id = excluded.last_run_id,
       consecutive_failures = iif(excluded.last_outcome = 'success', 0, consecutive_failures + excluded.consecutive_failures)`,
    runId,
  );
}

/** A run that is taken in later, perhaps after others that came after it. Nothing newer is overwritten. */
export function recordEarlierRun(
  database: Database,
  run: Pick<Run, "id" | "job" | "startedAt"> & { readonly finishedAt: number; readonly outcome: Outcome },
): void {
  if (run.outcome === "skipped") return;
  type State = { started: number | null; finished: number | null; success: number | null };
  const { started, finished, success } = database.get<State>(
    "SELECT last_started_at AS started, last_finished_at AS finished, last_success_at AS success FROM jobs WHERE job = ?",
    run.job,
  ) ?? { started: null, finished: null, success: null };

  recordStart(database, run.job, Math.max(run.startedAt, started ?? 0));
  if (run.finishedAt >= (finished ?? 0)) {
    recordEnd(database, run.id);
  } else if (run.finishedAt <= (success ?? 0)) {
    // A later success is known: nothing that came before it matters.
  } else if (run.outcome === "success") {
    // Others ended after it: the last end stays, but failures are counted from this success.
    const at = moment(run.finishedAt);
    database.run(
      `UPDATE jobs SET last_success_at = ?, consecutive_failures = (SELECT count(*) FROM runs
         WHERE runs.job = jobs.job AND started_at > ? AND outcome = 'failed' AND finished_at > ?) WHERE job = ?`,
      ...[at, moment(run.startedAt), at, run.job],
    );
  } else if (run.outcome === "failed") {
    database.run("UPDATE jobs SET consecutive_failures = consecutive_failures + 1 WHERE job = ?", run.job);
  }
}
