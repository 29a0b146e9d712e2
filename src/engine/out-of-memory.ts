import { StepError } from "../model/run/outcome.ts";

/**
 * Does the work; a program that was killed meanwhile failed for lack of memory when the kernel says that it has ended one for that. To its
 * parent both look the same.
 * @param kills how many the kernel has ended so far; null: nobody knows
 */
export async function tellingMemory<T>(work: () => Promise<T>, kills: () => number | null): Promise<T> {
  const before = kills();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError) || error.reason !== "killed" || before === null) throw error;
    if ((kills() ?? before) <= before) throw error;
    throw new StepError("oom", `${error.message}: the kernel ended it for lack of memory`, {
      ...error.details,
      advice: "give the machine, or the unit's MemoryMax=, more memory",
      cause: error,
    });
  }
}
