import type { Run, Step } from "../run/run.ts";
import type { SavedPoint } from "./recovery-history.ts";

/**
 * What a run saved whole, at one place at least: all of its backups and copies to a target, or, where it makes none, all of its snapshots. Null:
 * nothing that one could go back to. How the run ended does not matter: what a later step did wrong takes no backup away.
 */
export function pointOfRun(
  run: Pick<Run, "id" | "startedAt">,
  steps: readonly Pick<Step, "kind" | "target" | "outcome" | "finishedAt">[],
): SavedPoint | null {
  const backups = steps.filter(({ kind }) => kind === "backup" || kind === "copy");
  const saving = backups.length > 0 ? backups : steps.filter(({ kind }) => kind === "snapshot");
  const whole = [...Map.groupBy(saving, ({ target }) => target).values()].filter((parts) =>
    parts.every(({ outcome }) => outcome === "success"),
  );
  if (whole.length === 0) return null;
  const ends = whole.map((parts) => Math.max(...parts.map(({ finishedAt }) => finishedAt ?? run.startedAt)));
  return { startedAt: run.startedAt / 1000, finishedAt: Math.min(...ends) / 1000, runId: run.id };
}
