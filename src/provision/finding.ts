import { StepError } from "../model/run/outcome.ts";
import type { Kind, Resource } from "./resource.ts";

/** What is wrong with a definition, and what mends it. */
export interface Finding {
  readonly kind: Kind;
  readonly id: string;
  readonly file: string | null;
  readonly message: string;
  readonly advice: string;
}

/** @param problems message and advice of each */
export function findingsOf(
  { kind, id, file }: Resource,
  problems: readonly (readonly [message: string, advice: string])[],
): readonly Finding[] {
  return problems.map(([message, advice]) => ({ kind, id, file: file ?? null, message, advice }));
}

/** @throws StepError `config` that names them all; nothing has been written by then */
export function refuseFindings(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const lines = findings.map(
    ({ kind, id, file, message, advice }) =>
      `  ${kind} ${id}${file === null ? "" : ` (${file})`}: ${message} – ${advice}`,
  );
  const count = findings.length === 1 ? "one mistake" : `${findings.length} mistakes`;
  throw new StepError("config", [`the definitions hold ${count}; nothing has been written`, ...lines].join("\n"), {
    evidence: { findings },
  });
}
