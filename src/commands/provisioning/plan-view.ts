import { explainFailure } from "../../model/run/outcome.ts";
import type { Applied } from "../../provision/apply.ts";
import type { Plan, PlanAction, PlanStep } from "../../provision/plan.ts";
import { nameOf } from "../../provision/resource.ts";
import type { Paint, Style } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { createdFields } from "./created-fields.ts";
import { differenceLines, written } from "./difference-lines.ts";
import { countedByKind } from "./subject.ts";

/** A plan for a person: what has changed in the code first, then what somebody has edited in Datadog. */
export function planText(plan: Plan, word: string, style: Style): string {
  const shown = plan.steps.filter(({ action }) => action !== "unchanged");
  const isEdited = ({ origin }: PlanStep) => origin === "remote" || origin === "both";
  const section = (title: string, steps: readonly PlanStep[]) =>
    steps.length === 0 ? [] : ["", style.bold(title), ...steps.flatMap((step) => ["", ...stepLines(step, style)])];
  const orphans = shown.filter(({ action }) => action === "orphan");
  return [
    style.dim(`${word} of the stack ${plan.stack} · ${placeOf(plan)}`),
    ...section(
      "Adopted: not ours so far; a sync marks it as ours",
      shown.filter(({ origin }) => origin === "adopted"),
    ),
    ...section(
      "Changes of the definitions",
      shown.filter((step) => !isEdited(step) && step.action !== "orphan" && step.origin !== "adopted"),
    ),
    ...section("Edited in Datadog since the last sync: a sync takes it back", shown.filter(isEdited)),
    ...section("No longer defined: a sync leaves them alone", orphans),
    ...(orphans.length === 0 ? [] : ["", `  delete them with: pantheros ${word} prune --stack ${plan.stack}`]),
    "",
    planSummary(plan, style),
  ].join("\n");
}

/** `datadoghq.eu (organisation 7)`. */
export function placeOf({ place, organization }: Plan): string {
  return organization === null ? place : `${place} (organisation ${organization})`;
}

/** `Plan: 1 to create, 2 to update, 24 unchanged.` */
export function planSummary({ steps }: Plan, style: Pick<Style, "good">): string {
  const count = (action: PlanAction) => steps.filter((step) => step.action === action).length;
  const edited = steps.filter(({ origin }) => origin === "remote" || origin === "both").length;
  const parts = [
    [count("create"), "to create"],
    [count("update"), `to update${edited === 0 ? "" : ` (${edited} edited in Datadog)`}`],
    [count("delete"), "to delete"],
    [count("orphan"), "no longer defined"],
    [count("unchanged"), "unchanged"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const isNothing = count("create") + count("update") + count("delete") === 0;
  return isNothing
    ? style.good(`Nothing to do: ${told.join(", ") || "nothing is defined"}.`)
    : `Plan: ${told.join(", ")}.`;
}

/** What a sync has done, everything that it has not done with its reason. */
export function appliedText(applied: readonly Applied[], plan: Plan, style: Style): string {
  if (applied.length === 0) return planSummary(plan, style);
  const lines = applied.flatMap(({ step, outcome, failure }) => {
    const sign = {
      done: style.good("✓"),
      failed: style.bad("✗"),
      blocked: style.warn("!"),
      cancelled: style.warn("!"),
    }[outcome];
    const line = `  ${sign} ${style.bold(nameOf(step))}  ${outcome === "done" ? { create: "created", update: "updated" }[step.action as "create" | "update"] : outcome}`;
    return failure === null
      ? [line]
      : [
          line,
          ...explainFailure(failure)
            .split("\n")
            .map((text) => `      ${text}`),
        ];
  });
  const { done, failed, blocked, cancelled } = summaryOf(applied);
  const rest = failed + blocked + cancelled;
  const verdict =
    rest === 0
      ? style.good(`Synced: ${countedByKind(applied.map(({ step }) => step))} written.`)
      : style.bad(
          `${done === 0 ? "Not" : "Partly"} synced: ${done} written, ${failed} failed, ${blocked} blocked, ${cancelled} cancelled. Sync again when that is mended.`,
        );
  return [...lines, "", verdict].join("\n");
}

export function summaryOf(applied: readonly Applied[]): Readonly<Record<Applied["outcome"], number>> {
  const count = (wanted: Applied["outcome"]) => applied.filter(({ outcome }) => outcome === wanted).length;
  return { done: count("done"), failed: count("failed"), blocked: count("blocked"), cancelled: count("cancelled") };
}

/** The sign of each action, as Terraform has made them known. */
export const signs = { create: "+", update: "~", delete: "-", orphan: "?", unchanged: "=" } as const satisfies Record<
  PlanAction,
  string
>;

function stepLines(step: PlanStep, style: Style): readonly string[] {
  const paints: Record<PlanAction, Paint> = {
    create: style.good,
    update: style.warn,
    delete: style.bad,
    orphan: style.dim,
    unchanged: style.dim,
  };
  const id = step.remoteId === null ? "" : ` (${step.remoteId})`;
  const head =
    `  ${paints[step.action](signs[step.action])} ${style.bold(nameOf(step))}${style.dim(id)}  ${style.dim(step.file ?? "")}`.trimEnd();
  const renamed =
    step.renamedTo === null
      ? []
      : [`      it looks like ${step.renamedTo}, which is new: to keep its history, keep its id`];
  const both = step.origin === "both" ? [`      ${style.warn("the definition has changed as well")}`] : [];
  const differences =
    step.action === "update" ? step.differences.flatMap((difference) => differenceLines(difference, style)) : [];
  const made =
    step.action === "create"
      ? createdFields(step).map(
          ([field, value]) => `      ${field}: ${typeof value === "string" ? makeVisible(value) : written(value)}`,
        )
      : [];
  return [head, ...renamed, ...both, ...differences, ...made];
}
