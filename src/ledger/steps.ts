import type { Step, StepPlan } from "../model/run/run.ts";
import type { Database, Store } from "./database.ts";
import type { LastStep, Ledger, PastStep } from "./ledger.ts";
import { pack, unpack } from "./packed.ts";
import { moment } from "./rows.ts";

/** As it is stored: what a step left behind is packed. */
type Packed<T> = Omit<T, "evidence"> & { readonly evidence: Buffer | null };

const ofRun = "WHERE run = (SELECT number FROM runs WHERE id = ?) AND position = ?";

export function stepsOf({ read, write }: Store): Pick<Ledger, "startStep" | "finishStep" | "lastSteps" | "pastSteps"> {
  return {
    // Relaxed: the run's start is on the disk already; after a loss of power a step may look planned that had begun.
    startStep: (runId, position, startedAt, inputs) =>
      write("relaxed", (database) => {
        const at = moment(startedAt);
        const changed = database.run(
          `UPDATE steps SET started_at = ?, inputs = ? ${ofRun}`,
          at,
          pack(inputs),
          runId,
          position,
        );
        if (changed === 0) throw unplanned(runId, position);
        database.run("UPDATE runs SET seen_at = ?, progress = NULL WHERE id = ? AND finished_at IS NULL", at, runId);
      }),

    // Durable: what the step says it left behind is what later looks are held against.
    finishStep: (runId, position, finishedAt, finish) =>
      write("durable", (database) => {
        const changed = database.run(
          `UPDATE steps SET finished_at = ?, outcome = ?, reason = ?, message = ?, attempts = ?, exit_code = ?, signal = ?, bytes = ?,
             files = ?, evidence = ?, tail = ? ${ofRun}`,
          ...[
            moment(finishedAt),
            finish.outcome,
            finish.reason,
            finish.message,
            finish.attempts,
            finish.exitCode,
            finish.signal,
          ],
          ...[finish.bytes, finish.files, pack(finish.evidence), pack(finish.tail), runId, position],
        );
        if (changed === 0) throw unplanned(runId, position);
        rememberStep(database, runId, position);
      }),

    lastSteps: () =>
      read((database) =>
        database
          .all<Packed<LastStep>>(
            `SELECT job, id, uses, kind, target, run_started_at AS runStartedAt, finished_at AS finishedAt, bytes, files, evidence
             FROM last_steps ORDER BY job, id`,
          )
          .map(unpacked),
      ),

    pastSteps: ({ job, id, uses }, limit) =>
      read((database) =>
        database
          .all<Packed<PastStep>>(
            `SELECT runs.id AS runId, steps.started_at AS startedAt, steps.finished_at AS finishedAt, bytes, files, evidence
             FROM runs JOIN steps ON run = runs.number JOIN plans ON plans.number = plan
             WHERE runs.job = ? AND plans.id = ? AND plans.uses = ? AND steps.outcome = 'success'
             ORDER BY runs.started_at DESC, runs.number DESC LIMIT ?`,
            ...[job, id, uses, limit],
          )
          .map(unpacked),
      ),
  };
}

function unpacked<T extends { readonly evidence: Buffer | null }>(row: T) {
  return { ...row, evidence: unpack<Readonly<Record<string, unknown>>>(row.evidence, {}) };
}

export function planStep(database: Database, runId: string, step: StepPlan): void {
  const plan = [step.id, step.uses, step.kind, step.target, step.optional ? 1 : 0];
  const same = "id = ? AND uses = ? AND kind = ? AND target IS ? AND optional = ?";
  if (database.get(`SELECT number FROM plans WHERE ${same}`, ...plan) === undefined) {
    database.run("INSERT INTO plans (id, uses, kind, target, optional) VALUES (?, ?, ?, ?, ?)", ...plan);
  }
  database.run(
    `INSERT INTO steps (run, position, plan)
     SELECT number, ?, (SELECT number FROM plans WHERE ${same}) FROM runs WHERE id = ?`,
    ...[step.position, ...plan, runId],
  );
}

/** A step of a run that was written elsewhere. Its success is remembered unless a later one is known. */
export function importStep(database: Database, step: Step): void {
  planStep(database, step.runId, step);
  database.run(
    `UPDATE steps SET started_at = ?, finished_at = ?, outcome = ?, reason = ?, message = ?, attempts = ?, exit_code = ?, signal = ?,
       bytes = ?, files = ?, inputs = ?, evidence = ?, tail = ? ${ofRun}`,
    ...[
      moment(step.startedAt),
      moment(step.finishedAt),
      step.outcome,
      step.reason,
      step.message,
      step.attempts,
      step.exitCode,
    ],
    ...[
      step.signal,
      step.bytes,
      step.files,
      pack(step.inputs),
      pack(step.evidence),
      pack(step.tail),
      step.runId,
      step.position,
    ],
  );
  rememberStep(database, step.runId, step.position, { unlessLaterThan: step.finishedAt });
}

/**
 * Nothing that has not succeeded, or leaves nothing behind, is remembered.
 * @param options.unlessLaterThan without it the step is the last one whatever its time: a clock set back must not hide it
 */
function rememberStep(
  database: Database,
  runId: string,
  position: number,
  options: { readonly unlessLaterThan?: number | null } = {},
): void {
  const latest = options.unlessLaterThan === undefined ? Number.MAX_SAFE_INTEGER : moment(options.unlessLaterThan);
  database.run(
    `INSERT INTO last_steps (job, id, uses, kind, target, run_started_at, finished_at, bytes, files, evidence)
     SELECT runs.job, plans.id, uses, kind, target, runs.started_at, steps.finished_at, bytes, files, evidence
     FROM steps JOIN runs ON runs.number = run JOIN plans ON plans.number = plan
     WHERE runs.id = ? AND position = ? AND steps.outcome = 'success' AND kind <> 'other' AND target IS NOT NULL
     ON CONFLICT DO UPDATE SET uses = excluded.uses, kind = excluded.kind, target = excluded.target, run_started_at = excluded.run_started_at, finished_at = excluded.finished_at, bytes = excluded.bytes, files = excluded.files,
       evidence = excluded.evidence
     WHERE last_steps.finished_at <= ?`,
    ...[runId, position, latest],
  );
}

function unplanned(runId: string, position: number): Error {
  return new Error(`run ${runId} has no step at position ${position}`);
}
