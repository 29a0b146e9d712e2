import type { Run, Step } from "../model/run/run.ts";
import { addedUp, incrementsOf } from "../model/samples/counters.ts";
import type { Sample } from "../model/samples/sample.ts";
import type { Database, Store } from "./database.ts";
import { recordEnd } from "./job-states.ts";
import type { Ledger, LostEnd } from "./ledger.ts";
import { moment } from "./rows.ts";
import { addTotals } from "./totals.ts";

/** An unfinished run with one of its steps, as far as both matter to their end; `position` is null for a run without steps. */
interface OpenRow extends Pick<Run, "id" | "job">, Pick<Step, "kind" | "target" | "outcome" | "reason"> {
  readonly number: number;
  readonly journaled: number;
  readonly position: number | null;
  /** 1: it has begun and not ended. */
  readonly isUnderWay: number;
}

/** Ends of runs whose process is gone. After a crash there may be thousands: what can be asked or written for all of them at once is. */
export function lostRunsOf({ write }: Store): Pick<Ledger, "finishLostRuns"> {
  return {
    finishLostRuns: (ends) =>
      write("durable", (database) => {
        const open = openRuns(database, ends);
        const increments: Sample[] = [];
        for (const { end, rows } of open) increments.push(...finishRun(database, end, rows));
        addTotals(database, addedUp(increments));

        const numbers = JSON.stringify(open.map(({ run }) => run.number));
        database.run("DELETE FROM locks WHERE run IN (SELECT value FROM json_each(?))", numbers);
        database.run("DELETE FROM children WHERE run IN (SELECT value FROM json_each(?))", numbers);
        for (const { run } of open) recordEnd(database, run.id);
        return open.map(({ run }) => run.id);
      }),
  };
}

/** Those that have no end yet, in the order of `ends`, each with its steps. */
function openRuns(database: Database, ends: readonly LostEnd[]) {
  const rows = database.all<OpenRow>(
    `SELECT runs.number, runs.id, job, journaled, position, kind, target, steps.outcome, steps.reason,
       steps.started_at IS NOT NULL AND steps.finished_at IS NULL AS isUnderWay
     FROM json_each(?) JOIN runs ON runs.id = value LEFT JOIN steps ON run = runs.number LEFT JOIN plans ON plans.number = plan
     WHERE runs.finished_at IS NULL ORDER BY runs.number, position`,
    JSON.stringify(ends.map(({ runId }) => runId)),
  );
  const byRun = Map.groupBy(rows, ({ id }) => id);
  return ends.flatMap((end) => {
    const ofRun = byRun.get(end.runId) ?? [];
    const [run] = ofRun;
    // An end that is given twice is written once.
    byRun.delete(end.runId);
    return run ? [{ end, run, rows: ofRun }] : [];
  });
}

/** @returns what it adds to the counters */
function finishRun(database: Database, { finishedAt, reason, message }: LostEnd, rows: readonly OpenRow[]): Sample[] {
  const [run] = rows;
  if (!run) return [];
  const at = moment(finishedAt);
  // When the holder was last seen stays as it was: whoever finds a lost run is not its holder.
  database.run(
    `UPDATE runs SET finished_at = max(?, started_at), outcome = 'failed', reason = ?, message = ?, lost = 1, progress = NULL
     WHERE number = ?`,
    ...[at, reason, message, run.number],
  );
  const steps = rows.flatMap((step) => {
    if (step.position === null) return [];
    if (step.isUnderWay === 0) return [step];
    database.run(
      `UPDATE steps SET finished_at = max(?, started_at), outcome = 'failed', reason = ?, message = ?, attempts = 1
       WHERE run = ? AND position = ?`,
      ...[at, reason, message, run.number, step.position],
    );
    return [{ ...step, outcome: "failed", reason } as const];
  });
  return incrementsOf({ job: run.job, outcome: "failed", reason }, steps, {
    lost: true,
    journaled: run.journaled === 1,
  });
}
