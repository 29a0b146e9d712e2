import { resolve } from "node:path";
import { exitCodes } from "../../model/run/exit-codes.ts";
import { refuseFindings } from "../../provision/finding.ts";
import { isPending } from "../../provision/plan.ts";
import { writePlan } from "../../provision/plan-file.ts";
import { serverFindings } from "../../provision/server-check.ts";
import { type Invocation, print, printJson, tell } from "../command.ts";
import { writeWhole } from "../report-file.ts";
import { createStyle } from "../terminal/style.ts";
import { planMarkdown } from "./plan-markdown.ts";
import { planText } from "./plan-view.ts";
import { tellMissingRunbooks } from "./runbooks.ts";
import { openStage, planStage, unmarkedChoice } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** Shows what a sync would do. */
export async function planAction(subject: Subject, invocation: Invocation): Promise<number> {
  const unmarked = unmarkedChoice(invocation);
  const stage = await openStage(subject, invocation);
  const { progress } = stage;
  try {
    const target = await stage.openTarget();
    const planned = await planStage(subject, stage, target, { unmarked });
    const { plan } = planned;
    refuseFindings(await serverFindings(planned, target));
    progress.close();
    if (subject.kinds.includes("monitor")) tellMissingRunbooks(stage.stack, invocation);
    const { out, markdown } = invocation.options;
    if (invocation.json) printJson(invocation, plan);
    else if (markdown === true) print(invocation, planMarkdown(plan, subject.word));
    else print(invocation, planText(plan, subject.word, createStyle(invocation.stdout, invocation.environment)));
    if (typeof out === "string") {
      const file = resolve(invocation.directory, out);
      writeWhole(file, [writePlan(plan)], invocation.random, invocation.now);
      const again = unmarked === null ? "" : ` --unmarked ${unmarked}`;
      tell(invocation, `the plan is in ${out}: carry it out with pantheros ${subject.word} sync ${out}${again}`);
    }
    return isPending(plan) ? exitCodes.pending[0] : 0;
  } finally {
    progress.close();
  }
}
