import { setFlagsFromString } from "node:v8";

/**
 * Has V8 favour memory over speed from now on: no optimising compilers, whose own code is 8 MB, and a small young generation. Has to
 * come before anything that is worth compiling. Why, and what it costs: docs/decisions/0005-serve-favours-memory.md.
 */
export function favourMemory(): void {
  for (const flag of ["--optimize-for-size", "--no-opt", "--no-maglev"]) setFlagsFromString(flag);
}
