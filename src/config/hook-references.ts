import { suggest } from "./closest.ts";
import type { Finding } from "./finding.ts";
import { entriesOf, quote, valueAt } from "./path.ts";
import { isReference, piecesOf, type Reference, runFields } from "./references.ts";
import { visitTexts } from "./step-references.ts";

/** Fields of `${run.…}` in a hook; those that are not known yet at the start are empty there. */
export const hookFields = [
  ...runFields,
  "event",
  "outcome",
  "reason",
  "message",
  "exit_code",
  "duration_seconds",
] as const;

/** A hook tells of a whole run: it can refer to that, not to a step. */
export function hookReferences(value: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [job, content] of entriesOf(valueAt(value, ["jobs"]))) {
    visitTexts(valueAt(content, ["hooks"]), (text, at) => {
      for (const piece of piecesOf(text)) {
        if (typeof piece === "string") continue;
        const problem = isReference(piece)
          ? problemOf(piece)
          : { message: `${quote(piece.malformed)} is not a reference` };
        if (problem) findings.push({ path: ["jobs", job, "hooks", ...at], ...problem });
      }
    });
  }
  return findings;
}

function problemOf({ scope, field }: Reference): Pick<Finding, "message" | "hint"> | null {
  if (field === null) return null;
  if (scope !== "run") {
    return {
      message: `a hook cannot refer to the step ${quote(scope)}`,
      hint: "use ${run.…} and ${host}, or a step that uses hook.http",
    };
  }
  const fields: readonly string[] = hookFields;
  if (fields.includes(field)) return null;
  return { message: `a run has no field ${quote(field)}`, hint: suggest(field, fields, "") };
}
