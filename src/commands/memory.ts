/** What a process that stays does all the time. */
export type Stay = "reading" | "looking";

/**
 * What V8 is told. A server that reads the ledger does without optimising compilers, whose own code is 8 MB, too, and its young
 * generation stays as small as it begins; an engine looks at a million names now and then and needs both. Both collect garbage early.
 */
const flags: Readonly<Record<Stay, readonly string[]>> = {
  reading: ["--optimize-for-size", "--no-opt", "--no-maglev", "--semi-space-growth-factor=1"],
  looking: ["--optimize-for-size"],
};

/**
 * Has V8 favour memory over speed from now on. Has to come before anything that is worth compiling. Why, and what it costs:
 * docs/decisions/0006-serve-favours-memory.md.
 */
export function favourMemory(stay: Stay): void {
  // Not imported above: every command would pay for it.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of flags[stay]) setFlagsFromString(flag);
}
