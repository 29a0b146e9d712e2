import type * as z from "zod";
import { entriesOf, valueAt } from "./path.ts";

/** What the loader knows of a runner; every `Runner` is one. */
export interface StepDeclaration {
  readonly uses: string;
  /** One sentence for help and docs. */
  readonly summary: string;
  readonly options: z.ZodObject;
  /** Fields that later steps may refer to. */
  readonly produces: z.ZodObject;
}

/** A step that was checked against its runner. */
export interface LoadedStep {
  /** From 0. */
  readonly position: number;
  readonly id: string;
  readonly uses: string;
  /** As written, defaults filled in, references unresolved: for `resolveReferences`, then for the runner's schema. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Parsed, with plausible values for references: for everything that must be known before the first step runs. */
  readonly planned: Readonly<Record<string, unknown>>;
}

/** A step without an id is known by its position, counted from 1 as people do. */
export function stepId(step: { readonly id?: unknown }, position: number): string {
  return typeof step.id === "string" ? step.id : `step_${position + 1}`;
}

/** What every step may carry besides the options of its runner; their shapes: `sections/jobs.ts`. */
export const stepKeys = [
  "id",
  "uses",
  "optional",
  "timeout",
  "retries",
  "nice",
  "ionice",
  "environment",
  "only_if",
] as const;

/** What the steps of all jobs say that they use, whether or not that exists. @param value the whole configuration as written */
export function usesOf(value: unknown): readonly string[] {
  const steps = entriesOf(valueAt(value, ["jobs"])).flatMap(([, job]) => valueAt(job, ["steps"]));
  return steps.map((step) => valueAt(step, ["uses"])).filter((uses) => typeof uses === "string");
}
