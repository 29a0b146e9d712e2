import type { Run } from "../model/run/run.ts";
import type { Database, Store } from "./database.ts";
import { recordEarlierRun, recordEnd, recordStart } from "./job-states.ts";
import type { Ledger, RunFinish, RunStart } from "./ledger.ts";
import { moment, type RunRow, runColumns, toRun } from "./rows.ts";
import { importStep, planStep } from "./steps.ts";
import { addTotals } from "./totals.ts";

/** The life of a run: lock and start, heartbeat, end and release. */
export function runsOf({
  write,
}: Store): Pick<Ledger, "startRun" | "recordFinishedRun" | "markSeen" | "finishRun" | "importRun" | "markEmitted"> {
  return {
    startRun: (start) =>
      write("durable", (database) => {
        const lockedBy = holderOf(database, start.job);
        if (lockedBy) return { lockedBy };
        insertStart(database, start);
        database.run("INSERT INTO locks (job, run) SELECT job, number FROM runs WHERE id = ?", start.id);
        recordStart(database, start.job, start.startedAt);
        return { lockedBy: null };
      }),

    recordFinishedRun: (start, finish) =>
      write("durable", (database) => {
        insertStart(database, start);
        if (finish.outcome !== "skipped") recordStart(database, start.job, start.startedAt);
        settle(database, start.id, finish);
      }),

    markSeen: (runId, at, ratio) =>
      write("relaxed", (database) => {
        const sql = "UPDATE runs SET seen_at = ?, progress = ? WHERE id = ? AND finished_at IS NULL";
        database.run(sql, moment(at), ratio, runId);
      }),

    finishRun: (runId, finish) =>
      write("durable", (database) => {
        const run = database.get<{ finished_at: number | null }>("SELECT finished_at FROM runs WHERE id = ?", runId);
        if (!run) throw new Error(`there is no run ${runId} to be finished`);
        if (run.finished_at !== null) return false;
        settle(database, runId, finish);
        return true;
      }),

    importRun: (run, steps, increments) =>
      write("durable", (database) => {
        const { finishedAt, outcome } = run;
        if (finishedAt === null || outcome === null)
          throw new Error(`run ${run.id} is not finished and cannot be taken in`);
        const known = database.get<{ finished_at: number | null }>("SELECT finished_at FROM runs WHERE id = ?", run.id);
        if (known && known.finished_at !== null) return false;
        // Its steps, children and lock go with it.
        database.run("DELETE FROM runs WHERE id = ?", run.id);
        insertFinished(database, run, finishedAt);
        for (const step of steps) importStep(database, step);
        addTotals(database, increments);
        recordEarlierRun(database, { ...run, finishedAt, outcome });
        return true;
      }),

    // Relaxed: after a loss of power the same metrics may be sent a second time, which is less than waiting for the disk in every run.
    markEmitted: (runIds, at) =>
      write("relaxed", (database) => {
        const unemitted = "id IN (SELECT value FROM json_each(?)) AND emitted_at IS NULL";
        const mark = `UPDATE runs SET emitted_at = ? WHERE ${unemitted} RETURNING id`;
        return database.all<{ id: string }>(mark, moment(at), JSON.stringify(runIds)).map(({ id }) => id);
      }),
  };
}

function holderOf(database: Database, job: string): Run | null {
  const row = database.get<RunRow>(
    `SELECT ${runColumns} FROM locks JOIN runs ON runs.number = locks.run WHERE locks.job = ?`,
    job,
  );
  return row ? toRun(row) : null;
}

function insertStart(database: Database, start: RunStart): void {
  const { bootId, pid, startTicks } = start.holder;
  const startedAt = moment(start.startedAt);
  database.run(
    `INSERT INTO runs (id, job, started_by, started_at, deadline_at, seen_at, boot, pid, start_ticks, journaled)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    ...[start.id, start.job, start.trigger, startedAt, moment(start.deadlineAt), startedAt],
    ...[bootNumber(database, bootId), pid, startTicks],
  );
  for (const step of start.steps) planStep(database, start.id, step);
}

function bootNumber(database: Database, bootId: string): number {
  const find = () => database.get<{ number: number }>("SELECT number FROM boots WHERE boot_id = ?", bootId)?.number;
  const known = find();
  if (known !== undefined) return known;
  database.run("INSERT INTO boots (boot_id) VALUES (?)", bootId);
  return find() ?? 0;
}

function insertFinished(database: Database, run: Run, finishedAt: number): void {
  const { bootId, pid, startTicks } = run.holder;
  database.run(
    `INSERT INTO runs (id, job, started_by, started_at, deadline_at, finished_at, seen_at, outcome, reason, message,
       boot, pid, start_ticks, journaled, lost, emitted_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[
      run.id,
      run.job,
      run.trigger,
      moment(run.startedAt),
      moment(run.deadlineAt),
      moment(finishedAt),
      moment(run.seenAt),
    ],
    ...[run.outcome, run.reason, run.message, bootNumber(database, bootId), pid, startTicks],
    ...[run.journaled ? 1 : 0, run.lost ? 1 : 0, moment(run.emittedAt)],
  );
}

/** The end of a run whose row is there: outcome, totals, what its job has come to, and the lock. */
function settle(database: Database, runId: string, finish: RunFinish): void {
  const finishedAt = moment(finish.finishedAt);
  const lost = finish.lost ? 1 : 0;
  // Whoever finds a lost run is not its holder: when the holder was last seen stays as it was.
  database.run(
    `UPDATE runs SET finished_at = ?, outcome = ?, reason = ?, message = ?, lost = ?, progress = NULL,
       seen_at = iif(?, seen_at, NULL)
     WHERE id = ?`,
    ...[finishedAt, finish.outcome, finish.reason, finish.message, lost, lost, runId],
  );
  database.run("DELETE FROM locks WHERE run = (SELECT number FROM runs WHERE id = ?)", runId);
  database.run("DELETE FROM children WHERE run = (SELECT number FROM runs WHERE id = ?)", runId);
  addTotals(database, finish.increments);
  recordEnd(database, runId);
}
