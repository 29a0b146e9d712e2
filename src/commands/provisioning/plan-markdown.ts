import type { JsonValue } from "../../model/measurement.ts";
import { explainFailure } from "../../model/run/outcome.ts";
import type { Applied } from "../../provision/apply.ts";
import type { Difference } from "../../provision/difference.ts";
import type { Plan, PlanStep } from "../../provision/plan.ts";
import { nameOf } from "../../provision/resource.ts";
import { lineChanges, linesOf } from "./line-changes.ts";
import { placeOf, planSummary, signs, summaryOf } from "./plan-view.ts";
import { widgetChanges, widgetSummary } from "./widget-changes.ts";

const plain = { good: (text: string) => text };
/** GitHub refuses comments above 65 536 characters. */
const longest = 60_000;
/** What is kept for the sentence that says what was left out. */
const reserve = 300;

/** A plan as a comment for a pull request: the verdict, a table, and each change folded away. */
export function planMarkdown(plan: Plan, word: string): string {
  const shown = plan.steps.filter(({ action }) => action !== "unchanged");
  const rows = shown.map(
    (step) =>
      `| \`${signs[step.action]}\` | ${step.action} | ${step.kind} \`${step.id}\` | ${changedIn(step)} | ${step.file === null ? "" : `\`${step.file}\``} |`,
  );
  const details = shown.filter(({ differences }) => differences.length > 0).map(folded);
  return fitted({
    head: [`### pantheros ${word}: ${plan.stack} on ${placeOf(plan)}`, "", `**${planSummary(plan, plain)}**`],
    titles: ["| | | | changed | file |", "|---|---|---|---|---|"],
    rows,
    details,
    whole: `pantheros ${word} plan --stack ${plan.stack} --json`,
  });
}

/** What a sync has done, as a comment: everything that it has written or tried to, then why something was not written. */
export function appliedMarkdown(applied: readonly Applied[], plan: Plan, word: string): string {
  const { done, failed, blocked, cancelled } = summaryOf(applied);
  const verdict =
    applied.length === 0
      ? planSummary(plan, plain)
      : `${done} written, ${failed} failed, ${blocked} blocked, ${cancelled} cancelled`;
  const rows = applied.map(({ step, outcome }) => {
    const what = outcome === "done" ? `${step.action}d` : outcome;
    return `| \`${signs[step.action]}\` | ${what} | ${step.kind} \`${step.id}\` | ${step.remoteId === null ? "" : `\`${step.remoteId}\``} |`;
  });
  const failures = applied.flatMap(({ step, outcome, failure }) =>
    failure === null ? [] : [`\n- ${outcome}: ${nameOf(step)}: ${explainFailure(failure).replaceAll("\n", " ")}`],
  );
  return fitted({
    head: [`### pantheros ${word} sync: ${plan.stack} on ${placeOf(plan)}`, "", `**${verdict}**`],
    titles: ["| | | | id in Datadog |", "|---|---|---|---|"],
    rows,
    details: failures,
    whole: `pantheros ${word} plan --stack ${plan.stack}`,
  });
}

interface Comment {
  readonly head: readonly string[];
  /** Of the table, its two first lines. */
  readonly titles: readonly string[];
  readonly rows: readonly string[];
  /** Below the table, each a whole. */
  readonly details: readonly string[];
  /** The command that shows what did not fit. */
  readonly whole: string;
}

/** Nothing is ever cut in its middle: what does not fit is left out as a whole, and counted. */
function fitted({ head, titles, rows, details, whole }: Comment): string {
  const lines = [...head];
  let room = longest - reserve - [...head, ...titles].join("\n").length;
  const take = (texts: readonly string[]) => {
    const taken = texts.filter((text) => {
      if (text.length + 1 > room) return false;
      room -= text.length + 1;
      return true;
    });
    lines.push(...taken);
    return texts.length - taken.length;
  };
  if (rows.length > 0) lines.push("", ...titles);
  const rowsLeft = take(rows);
  const detailsLeft = take(details);
  const left = [
    ...(rowsLeft === 0 ? [] : [`${rowsLeft} of ${rows.length} rows`]),
    ...(detailsLeft === 0 ? [] : [`the details of ${detailsLeft} of ${details.length}`]),
  ];
  if (left.length > 0) lines.push("", `Too long for a comment: ${left.join(" and ")} are left out. All: \`${whole}\``);
  return lines.join("\n");
}

/** Where the change has come from. */
function changedIn({ action, origin }: PlanStep): string {
  if (action === "orphan" || action === "delete") return "no longer defined";
  if (origin === "both") return "definition, and edited in Datadog";
  if (origin === "remote") return "edited in Datadog";
  if (origin === "unknown") return "not known: definition or Datadog";
  return origin === "adopted" ? "adopted" : "definition";
}

function folded(step: PlanStep): string {
  const lines = step.differences.flatMap(changed);
  // A message may hold fences of its own.
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length + 1);
  const fence = "`".repeat(Math.max(3, ...runs));
  return [
    "",
    `<details><summary>${nameOf(step)}</summary>`,
    "",
    `${fence}diff`,
    ...lines,
    fence,
    "",
    "</details>",
  ].join("\n");
}

function changed({ path, before, after }: Difference): readonly string[] {
  const widgets = path === "widgets" ? widgetChanges(before, after) : null;
  if (widgets === null) return [`@@ ${path} @@`, ...linesBetween(before, after)];
  return [
    `@@ widgets: ${widgetSummary(widgets)} @@`,
    ...widgets.changes.flatMap(({ sign, name, differences }) =>
      differences.length === 0
        ? [`${sign} ${name}`]
        : differences.flatMap((own) => [`@@ ${name}: ${own.path} @@`, ...linesBetween(own.before, own.after)]),
    ),
  ];
}

function linesBetween(before: JsonValue, after: JsonValue): readonly string[] {
  return lineChanges(linesOf(before), linesOf(after)).map(({ sign, line }) => `${sign}${line}`);
}
