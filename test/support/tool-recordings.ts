import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolResult } from "../../src/tools/exec.ts";

/** What was recorded of a tool, by version: one JSON file per case, `{ argv, exitCode, signal, stdout, stderr }`. */
export function recordingsOf(tool: string) {
  const fixtures = join(import.meta.dirname, "../fixtures", tool);
  return {
    versions: readdirSync(fixtures).filter((name) => /^\d/.test(name)),
    casesOf: (version: string): readonly string[] =>
      readdirSync(join(fixtures, version)).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []),
    read(version: string, name: string): ToolResult {
      const seen = JSON.parse(readFileSync(join(fixtures, version, `${name}.json`), "utf8"));
      return { ...seen, stdout: seen.stdout.join("\n"), stderr: seen.stderr.join("\n"), durationSeconds: 0 };
    },
  };
}
