import type { JobConfig, StepConfig } from "../../config/sections/jobs.ts";
import type { LastStep } from "../../ledger/ledger.ts";
import type { SubjectKind } from "../collector.ts";

/**
 * Kinds of steps whose success is a recovery point of their job. Where a job backs up, its snapshots are a means; where it does not, they are
 * what it promises. Empty: it makes nothing, it only proves (drills, checks) or removes.
 */
export function kindsThatSave({ steps }: Pick<JobConfig, "steps">): readonly LastStep["kind"][] {
  const saving = steps.filter(saves);
  if (saving.length === 0) return [];
  return saving.every(({ uses }) => uses.startsWith("snapshot.")) ? ["snapshot"] : ["backup", "copy"];
}

/** Whether a step leaves data behind. */
export function saves({ uses }: Pick<StepConfig, "uses">): boolean {
  return !savesNothing.test(uses);
}

/** Steps that prove, remove or do something else; collectors do not know the runners, whose names begin with what they do. */
const savesNothing = /^(?:drill|verify|prune|forget|restic|hook)\.|^archive\.verify$|^command$/;

/** Subvolumes, repositories and destinations that a step names and does not only read to prove something. */
export function subjectsOf(step: StepConfig): (readonly [SubjectKind, string])[] {
  if (/^(?:drill|verify)\.|^archive\.verify$/.test(step.uses)) return [];
  const options = step as Readonly<Record<string, unknown>>;
  const named = [
    ["subvolume", options["subvolume"]],
    ["repository", options["repository"]],
    ["repository", options["into"]],
    ["destination", options["to"]],
    ["destination", options["destination"]],
  ] as const;
  return named.flatMap(([kind, name]) => (typeof name === "string" ? [[kind, name] as const] : []));
}
