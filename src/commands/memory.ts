/**
 * Has V8 favour memory over speed from now on: no optimising compilers, whose own code is 8 MB, and a small young generation. Has to
 * come before anything that is worth compiling. Why, and what it costs: docs/decisions/0006-serve-favours-memory.md.
 */
export function favourMemory(): void {
  // Not imported above: every command would pay for it.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of ["--optimize-for-size", "--no-opt", "--no-maglev"]) setFlagsFromString(flag);
}
