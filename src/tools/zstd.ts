import { type Reason, StepError } from "../model/run/outcome.ts";
import type { Execute, PipelineProgram, ToolResult } from "./exec.ts";
import { killed } from "./process/killed.ts";

/** Compresses with all cores; how many bytes came and went is on standard error, see `zstdSizes`. @param level 1 to 19 */
export function compressing(level: number): PipelineProgram {
  return {
    argv: ["zstd", "-c", "-T0", `-${level}`, "--no-progress", "-vv"],
    failure: zstdFailure("it could not be compressed"),
  };
}

/** Checks the content against the checksum that zstd has put behind it. */
export function decompressing(): PipelineProgram {
  return { argv: ["zstd", "-d", "-c", "-q"], failure: zstdFailure("it could not be decompressed") };
}

/** @throws StepError `tool_missing` */
export async function requireZstd(execute: Execute): Promise<void> {
  await execute({ argv: ["zstd", "--version"], timeoutSeconds: 30 });
}

/** What zstd says at its end that came in and went out, in bytes; null: this version rounds (before 1.5). */
export function zstdSizes(stderr: string): { readonly raw: number; readonly compressed: number } | null {
  const match = [...stderr.matchAll(/\( *(\d+) B => +(\d+) B,/g)].at(-1);
  return match === undefined ? null : { raw: Number(match[1]), compressed: Number(match[2]) };
}

const failures: readonly (readonly [RegExp, Reason, string])[] = [
  [
    /premature end|Data corruption|checksum|unsupported format|Unknown frame|corrupt/i,
    "verification",
    "what is stored is damaged or cut off: restore from another archive",
  ],
  [/No space left on device/i, "space", "free space there"],
  [/not enough memory|Allocation error/i, "oom", "give it more memory, or take a lower level"],
];
const unknown = [null, "unknown", "see that the program called zstd is zstd itself: zstd --version"] as const;

function zstdFailure(failed: string) {
  return ({ stderr, exitCode, signal }: ToolResult): StepError => {
    if (signal !== null) return killed(`${failed} by zstd`, { exitCode, signal }, stderr);
    const [, reason, advice] = failures.find(([message]) => message.test(stderr)) ?? unknown;
    const said = stderr.trim().split("\n").at(-1) || "zstd gave no reason";
    return new StepError(reason, `${failed}: ${said}`, { exitCode, signal, tail: stderr, advice });
  };
}
