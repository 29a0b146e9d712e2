import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Execute, ToolCall, ToolResult } from "../../src/tools/exec.ts";
import type { Recording } from "../fixtures/restic/record.ts";

const fixtures = join(import.meta.dirname, "../fixtures/restic");

/** Versions of which recordings are kept, oldest first. */
export const recordedVersions: readonly string[] = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** What was recorded of a version. */
export function recordedCases(version: string): readonly string[] {
  return readdirSync(join(fixtures, version)).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
}

/** How a call of restic ended, as `test/fixtures/restic/record.ts` saw it. */
export function recording(version: string, name: string): ToolResult {
  const seen = JSON.parse(readFileSync(join(fixtures, version, `${name}.json`), "utf8")) as Recording;
  return ended({ ...seen, stdout: seen.stdout.join("\n"), stderr: seen.stderr.join("\n") });
}

/** The end of a call, well if nothing else is said. */
export function ended(end: Partial<ToolResult> = {}): ToolResult {
  return { argv: [], exitCode: 0, signal: null, stdout: "", stderr: "", durationSeconds: 0, ...end };
}

/** What is called, in order, and `execute` itself: `answer` says how each call ends. */
export function fakeExecute(answer: (command: string, call: ToolCall) => ToolResult | Promise<ToolResult>) {
  const calls: ToolCall[] = [];
  const execute: Execute = async (call) => {
    calls.push(call);
    const result = await answer(call.argv[1] ?? "", call);
    for (const line of result.stdout.split("\n")) call.onStdoutLine?.(line);
    for (const line of result.stderr.split("\n")) call.onStderrLine?.(line);
    return result;
  };
  const argvOf = (command: string) => calls.filter(({ argv }) => argv[1] === command).map(({ argv }) => argv.slice(2));
  return { execute, calls, argvOf };
}
