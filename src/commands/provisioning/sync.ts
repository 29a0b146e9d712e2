import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { exitCodes } from "../../model/run/exit-codes.ts";
import { StepError } from "../../model/run/outcome.ts";
import { type Applied, applyPlan } from "../../provision/apply.ts";
import { refuseFindings } from "../../provision/finding.ts";
import { isPending, type Plan } from "../../provision/plan.ts";
import { readPlan } from "../../provision/plan-file.ts";
import { nameOf } from "../../provision/resource.ts";
import { serverFindings } from "../../provision/server-check.ts";
import { type Invocation, print, printJson, tell, UsageError } from "../command.ts";
import { createStyle } from "../terminal/style.ts";
import { agreed, isAsked, refuseStale } from "./agreement.ts";
import { appliedMarkdown } from "./plan-markdown.ts";
import { appliedText, placeOf, planText, summaryOf } from "./plan-view.ts";
import { tellMissingRunbooks } from "./runbooks.ts";
import { openStage, planStage, unmarkedChoice } from "./stage.ts";
import { countedByKind, type Subject } from "./subject.ts";

/** Brings what is there into line with the definitions. */
export async function syncAction(subject: Subject, invocation: Invocation): Promise<number> {
  const [, file] = invocation.arguments;
  const unmarked = unmarkedChoice(invocation);
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
    let planned = await planStage(subject, stage, target, { only, unmarked });
    const { word } = subject;
    if (old !== null)
      refuseStale(old, planned.plan, `make a new one: pantheros ${word} plan --stack ${old.stack} --out FILE`);
    refuseFindings(await serverFindings(planned, target));
    if (subject.kinds.includes("monitor") && isPending(planned.plan)) tellMissingRunbooks(stage.stack, invocation);
    if (old === null && isPending(planned.plan) && isAsked(invocation)) {
      if (!(await isWanted(planned.plan, subject, invocation))) return exitCodes.pending[0];
      // An answer takes its time: what was agreed to is what was shown, and nothing else.
      const shown = planned.plan;
      planned = await planStage(subject, stage, target, { only, unmarked });
      refuseStale(shown, planned.plan, "sync again, and look at what it shows then");
    }
    const pendingSteps = pendingOf(planned.plan);
    const applied = isPending(planned.plan) ? await carryOut() : [];
    progress.close();
    show(applied, planned.plan, subject, invocation);
    return applied.every(({ outcome }) => outcome === "done") ? 0 : 1;

    async function carryOut(): Promise<readonly Applied[]> {
      let done = 0;
      progress.start(`writing ${countedByKind(pendingSteps)}`);
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

async function isWanted(plan: Plan, subject: Subject, invocation: Invocation): Promise<boolean> {
  const { word } = subject;
  tell(invocation, `\n${planText(plan, word, createStyle(invocation.stderr, invocation.environment))}\n`);
  if (await agreed(`Write ${countedByKind(pendingOf(plan))} to ${placeOf(plan)}?`, invocation)) return true;
  tell(invocation, "nothing has been written");
  return false;
}

const pendingOf = ({ steps }: Plan) => steps.filter(({ action }) => action === "create" || action === "update");

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
  else print(invocation, appliedText(applied, plan, createStyle(invocation.stdout, invocation.environment)));
}

function asJson({ step: { kind, id, action, remoteId }, outcome, failure }: Applied) {
  const { message = null, reason = null, details } = failure ?? {};
  return { kind, id, action, remoteId, outcome, reason, message, advice: details?.advice ?? null };
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
