import type { JsonValue } from "../../model/measurement.ts";
import { explainFailure } from "../../model/outcome.ts";
import type { Applied } from "../../provision/apply.ts";
import type { Plan, PlanStep } from "../../provision/plan.ts";
import { nameOf } from "../../provision/resource.ts";
import { lineChanges, linesOf } from "./line-changes.ts";
import { placeOf, planSummary, signs, summaryOf } from "./plan-view.ts";

const plain = { good: (text: string) => text };
/** GitHub refuses comments above 65 536 characters. */
const longest = 60_000;

/** A plan as a comment for a pull request: the verdict, a table, and each change folded away. */
export function planMarkdown(plan: Plan, word: string): string {
  const shown = plan.steps.filter(({ action }) => action !== "unchanged");
  const rows = shown.map(
    ({ kind, id, action, origin, file }) =>
      `| \`${signs[action]}\` | ${action} | ${kind} \`${id}\` | ${origin === "adopted" ? "adopted" : origin === "remote" || origin === "both" ? "edited in Datadog" : "definition"} | ${file === null ? "" : `\`${file}\``} |`,
  );
  const table = rows.length === 0 ? [] : ["", "| | | | changed | file |", "|---|---|---|---|---|", ...rows];
  const details = shown.filter(({ differences }) => differences.length > 0).flatMap(folded);
  const text = [
    `### pantheros ${word}: ${plan.stack} on ${placeOf(plan)}`,
    "",
    `**${planSummary(plan, plain)}**`,
    ...table,
    ...details,
  ].join("\n");
  return text.length <= longest
    ? text
    : `${text.slice(0, longest).replace(/\n[^\n]*$/, "")}\n\n\`\`\`\n\nThe rest is in the output of the command.`;
}

/** What a sync has done, as a comment. */
export function appliedMarkdown(applied: readonly Applied[], plan: Plan, word: string): string {
  const { done, failed, blocked, cancelled } = summaryOf(applied);
  const verdict =
    applied.length === 0
      ? planSummary(plan, plain)
      : `${done} written, ${failed} failed, ${blocked} blocked, ${cancelled} cancelled`;
  const failures = applied.flatMap(({ step, outcome, failure }) =>
    failure === null ? [] : [`- ${outcome}: ${nameOf(step)}: ${explainFailure(failure).replaceAll("\n", " ")}`],
  );
  return [
    `### pantheros ${word} sync: ${plan.stack} on ${placeOf(plan)}`,
    "",
    `**${verdict}**`,
    ...(failures.length === 0 ? [] : ["", ...failures]),
  ].join("\n");
}

function folded(step: PlanStep): readonly string[] {
  const lines = step.differences.flatMap(({ path, before, after }) => [
    `@@ ${path} @@`,
    ...lineChanges(write(before), write(after)).map(({ sign, line }) => `${sign}${line}`),
  ]);
  // A message may hold fences of its own.
  const fence = "`".repeat(
    Math.max(
      3,
      ...(lines
        .join("\n")
        .match(/`+/g)
        ?.map((run) => run.length + 1) ?? []),
    ),
  );
  return ["", `<details><summary>${nameOf(step)}</summary>`, "", `${fence}diff`, ...lines, fence, "", "</details>"];
}

const write = (value: JsonValue) => (value === null ? "(default)" : linesOf(value));
