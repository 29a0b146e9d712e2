import type { Store, Value } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import {
  type BriefStepRow,
  briefStepColumns,
  type RunRow,
  runColumns,
  type StepRow,
  stepColumns,
  toBriefStep,
  toRun,
  toStep,
} from "./rows.ts";

/** Runs removed in one transaction: a few milliseconds, so that a run that wants to start hardly waits. */
const pruneBatch = 500;
/** And in one call, which blocks its own process. */
const pruneBatches = 20;

/** What the journal tells, and how it is kept short. */
export function historyOf({
  read,
  write,
}: Store): Pick<
  Ledger,
  "run" | "steps" | "stepsOfRuns" | "runs" | "unfinishedRuns" | "unemittedRuns" | "progress" | "pruneRuns"
> {
  const runsWhere = (condition: string, ...values: Value[]) =>
    read((database) => database.all<RunRow>(`SELECT ${runColumns} FROM runs ${condition}`, ...values).map(toRun));

  return {
    run: (id) => runsWhere("WHERE id = ?", id)[0] ?? null,

    steps: (runId) =>
      read((database) =>
        database
          .all<StepRow>(
            `SELECT ${stepColumns} FROM runs JOIN steps ON run = runs.number JOIN plans ON plan = plans.number WHERE runs.id = ? ORDER BY position`,
            runId,
          )
          .map(toStep),
      ),

    // The rows are asked for without those columns, and not only without unpacking them: of a hundred thousand runs that is half of the time.
    stepsOfRuns: (runIds) =>
      read((database) => {
        const rows = database.all<BriefStepRow>(
          `SELECT ${briefStepColumns} FROM json_each(?) JOIN runs ON runs.id = value JOIN steps ON run = runs.number JOIN plans ON plan = plans.number ORDER BY run, position`,
          JSON.stringify(runIds),
        );
        return Map.groupBy(rows.map(toBriefStep), ({ runId }) => runId);
      }),

    runs(query) {
      const conditions: string[] = ["TRUE"];
      const values: Value[] = [];
      const where = (condition: string, value: Value | undefined) => {
        if (value === undefined) return;
        conditions.push(condition);
        values.push(value);
      };
      where("job = ?", query.job);
      // Said twice, because SQLite uses the partial index only where its condition is repeated.
      where(query.outcome === "success" ? "outcome = ?" : "outcome <> 'success' AND outcome = ?", query.outcome);
      where("started_at < ?", query.before);
      const condition = `WHERE ${conditions.join(" AND ")} ORDER BY started_at DESC, number DESC LIMIT ?`;
      return runsWhere(condition, ...values, query.limit ?? 20);
    },

    unfinishedRuns: () => runsWhere("WHERE finished_at IS NULL ORDER BY started_at"),

    unemittedRuns: () => runsWhere("WHERE finished_at IS NOT NULL AND emitted_at IS NULL ORDER BY started_at"),

    progress: () =>
      read((database) => {
        const sql = "SELECT id, progress FROM runs WHERE finished_at IS NULL AND progress IS NOT NULL";
        return new Map(database.all<{ id: string; progress: number }>(sql).map(({ id, progress }) => [id, progress]));
      }),

    pruneRuns(before) {
      let removed = 0;
      for (let batch = 0; batch < pruneBatches; batch += 1) {
        const changed = write("relaxed", (database) =>
          database.run(
            `DELETE FROM runs WHERE number IN (SELECT number FROM runs
               WHERE started_at < ? AND finished_at IS NOT NULL AND emitted_at IS NOT NULL ORDER BY started_at LIMIT ${pruneBatch})`,
            before,
          ),
        );
        removed += changed;
        if (changed < pruneBatch) break;
      }
      return removed;
    },
  };
}
