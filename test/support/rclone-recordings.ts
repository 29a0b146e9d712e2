import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Execute, ToolCall } from "../../src/tools/exec.ts";

const fixtures = join(import.meta.dirname, "../fixtures/rclone");

/** Versions of which recordings are kept. */
export const recordedVersions: readonly string[] = readdirSync(fixtures).filter((name) => /^\d/.test(name));

/** What was recorded of a version. */
export function recordedCases(version: string): readonly string[] {
  return readdirSync(join(fixtures, version)).flatMap((file) => /^(.+)\.jsonl$/.exec(file)?.[1] ?? []);
}

/** An rclone that says what the real one said, and ends as it ended. */
export function replay(version: string, name: string): { execute: Execute; calls: ToolCall[] } {
  const folder = join(fixtures, version);
  const ends = JSON.parse(readFileSync(join(folder, "exit-codes.json"), "utf8")) as Record<string, number | string>;
  const end = ends[name];
  const calls: ToolCall[] = [];
  const execute = saying(readFileSync(join(folder, `${name}.jsonl`), "utf8"), end ?? "no end was recorded");
  return {
    calls,
    execute: (call) => {
      calls.push(call);
      return execute(call);
    },
  };
}

/** @param end the exit code, or the signal */
export function saying(stderr: string, end: number | string): Execute {
  return async (call) => {
    for (const line of stderr.trimEnd().split("\n")) call.onStderrLine?.(line);
    const ended = typeof end === "number" ? { exitCode: end, signal: null } : { exitCode: null, signal: end };
    return { argv: call.argv, ...ended, stdout: "", stderr, durationSeconds: 1 };
  };
}
