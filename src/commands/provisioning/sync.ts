import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { StepError } from "../../model/outcome.ts";
import { type Applied, applyPlan } from "../../provision/apply.ts";
import { refuseFindings } from "../../provision/finding.ts";
import { isPending, type Plan } from "../../provision/plan.ts";
import { readPlan, stalenessOf } from "../../provision/plan-file.ts";
import { nameOf } from "../../provision/resource.ts";
import { serverFindings } from "../../provision/server-check.ts";
import { type Invocation, print, printJson, UsageError } from "../command.ts";
import { createStyle } from "../terminal/style.ts";
import { appliedMarkdown } from "./plan-markdown.ts";
import { appliedText, summaryOf } from "./plan-view.ts";
import { openStage, planStage } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** Brings what is there into line with the definitions. */
export async function syncAction(subject: Subject, invocation: Invocation): Promise<number> {
  const [, file] = invocation.arguments;
  const old = file === undefined ? null : readPlanFile(file, invocation);
  if (old !== null && invocation.options["only"] !== undefined)
    throw new UsageError("--only belongs to the plan: it is in the file already");
  const named = old === null ? invocation : { ...invocation, options: { stack: old.stack, ...invocation.options } };
  const stage = await openStage(subject, named);
  const { progress } = stage;
  try {
    const target = await stage.openTarget();
    await target.check();
    const only = old === null ? stage.only : (old.only ?? undefined);
    const planned = await planStage(subject, stage, target, { only });
    if (old !== null) refuseStale(old, planned.plan, subject.word);
    refuseFindings(await serverFindings(planned, target));
    const pendingSteps = planned.plan.steps.filter(({ action }) => action === "create" || action === "update");
    const applied = isPending(planned.plan) ? await carryOut() : [];
    progress.close();
    show(applied, planned.plan, subject, invocation);
    return applied.every(({ outcome }) => outcome === "done") ? 0 : 1;

    async function carryOut(): Promise<readonly Applied[]> {
      let done = 0;
      progress.start(`writing ${pendingSteps.length} ${subject.word}`);
      const results = await applyPlan(planned, {
        target,
        signal: invocation.signal,
        onApplied: ({ step }) => {
          done += 1;
          progress.update({ ratio: done / pendingSteps.length, note: nameOf(step) });
        },
      });
      const { done: written } = summaryOf(results);
      progress.done(written === results.length ? "success" : "failed", `${written} of ${results.length} written`);
      return results;
    }
  } finally {
    progress.close();
  }
}

function show(applied: readonly Applied[], plan: Plan, { word }: Subject, invocation: Invocation): void {
  const { markdown } = invocation.options;
  if (invocation.json)
    printJson(invocation, {
      stack: plan.stack,
      place: plan.place,
      summary: summaryOf(applied),
      results: applied.map(asJson),
    });
  else if (markdown === true) print(invocation, appliedMarkdown(applied, plan, word));
  else print(invocation, appliedText(applied, plan, word, createStyle(invocation.stdout, invocation.environment)));
}

function asJson({ step: { kind, id, action, remoteId }, outcome, failure }: Applied) {
  const { message = null, reason = null, details } = failure ?? {};
  return { kind, id, action, remoteId, outcome, reason, message, advice: details?.advice ?? null };
}

function refuseStale(old: Plan, now: Plan, word: string): void {
  const changes = stalenessOf(old, now);
  if (changes.length === 0) return;
  const shown = changes.slice(0, 10).map((change) => `  ${change}`);
  const rest = changes.length > 10 ? [`  and ${changes.length - 10} more`] : [];
  throw new StepError("disagreement", ["the plan is stale, nothing has been written:", ...shown, ...rest].join("\n"), {
    advice: `make a new one: pantheros ${word} plan --stack ${now.stack} --out FILE`,
  });
}

function readPlanFile(name: string, { directory }: Invocation): Plan {
  const file = resolve(directory, name);
  try {
    return readPlan(readFileSync(file, "utf8"), name);
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new UsageError(`the plan ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
