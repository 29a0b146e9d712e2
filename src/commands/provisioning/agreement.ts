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
