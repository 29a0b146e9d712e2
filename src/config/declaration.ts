import type * as z from "zod";

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
