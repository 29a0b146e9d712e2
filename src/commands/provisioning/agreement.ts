import { StepError } from "../../model/run/outcome.ts";
import type { Plan } from "../../provision/plan.ts";
import { stalenessOf } from "../../provision/plan-file.ts";
import type { Invocation } from "../command.ts";
import { canAsk, createAsker } from "../terminal/asker.ts";

/** Whether a person is asked before something is written: on a terminal, unless they have agreed by `--yes`. */
export function isAsked(invocation: Invocation): boolean {
  return invocation.options["yes"] !== true && canAsk(invocation);
}

/** Asks on standard error, so that standard output holds the result alone. @returns whether the answer is yes; Enter is no */
export async function agreed(question: string, invocation: Invocation): Promise<boolean> {
  const asker = createAsker(invocation);
  try {
    return await asker.confirm(question, false);
  } finally {
    asker.close();
  }
}

/** What was agreed to is what was shown, and nothing else. @throws StepError `disagreement` */
export function refuseStale(old: Plan, now: Plan, advice: string): void {
  const changes = stalenessOf(old, now);
  if (changes.length === 0) return;
  const shown = changes.slice(0, 10).map((change) => `  ${change}`);
  const rest = changes.length > 10 ? [`  and ${changes.length - 10} more`] : [];
  throw new StepError("disagreement", ["the plan is stale, nothing has been written:", ...shown, ...rest].join("\n"), {
    advice,
  });
}
