import { readFile } from "node:fs/promises";
import type { StepError } from "../../model/run/outcome.ts";
import type { Execute, ToolCall, ToolResult } from "../exec.ts";
import { redirected } from "../process/redirect.ts";
import { type BackupReport, collectBackup } from "./backup.ts";
import { createResticCall } from "./call.ts";
import type { ResticProgress } from "./output.ts";
import type { ResticRepository } from "./repository.ts";

/** From here on restic starts the program itself (--stdin-from-command), and stores nothing when that program fails. */
export const storesCommands = "0.17.0";

/** What a program prints is the one file of a snapshot. */
export interface CommandBackup {
  readonly command: Required<Pick<ToolCall, "argv" | "environment">>;
  /** Name of the file in the snapshot. */
  readonly filename: string;
  readonly host: string;
  /** None may hold a comma. */
  readonly tags: readonly string[];
  /** A file for what the program says on standard error; not there yet. */
  readonly errors: string;
  /** The program's failure in its own words. */
  readonly failure: (end: Pick<ToolResult, "exitCode" | "signal" | "stderr">) => StepError;
}

/** @param hidden variables that are restic's business and not the program's */
export function commandArguments(request: Omit<CommandBackup, "failure">, hidden: readonly string[]) {
  const said = redirected("stderr", request.errors, request.command.argv);
  return [
    ...["backup", "--json", `--host=${request.host}`, `--tag=${request.tags.join(",")}`],
    ...["--stdin-from-command", `--stdin-filename=${request.filename}`, "--"],
    ...["env", ...hidden.map((name) => `--unset=${name}`), ...said],
  ];
}

/**
 * Stores what a program prints, unless that program fails. Its standard error goes to a file: of what it says last, just before it ends, restic
 * loses about every tenth line (0.18.0, 0.19.1; seen 2026-11-21).
 * @throws StepError the program's own failure, or restic's
 */
export async function backupCommand(
  repository: ResticRepository,
  execute: Execute,
  request: CommandBackup,
  onProgress: (progress: ResticProgress) => void,
): Promise<BackupReport> {
  const { call, failure, clean } = createResticCall(repository, execute);
  const hidden = ["RESTIC_REPOSITORY", "RESTIC_PASSWORD", ...Object.keys(repository.environment)];
  const collected = collectBackup(onProgress);
  const result = await call(commandArguments(request, hidden), {
    onStdoutLine: collected.onStdoutLine,
    onStderrLine: collected.onStderrLine,
    environment: request.command.environment,
  });
  const said = await readFile(request.errors, "utf8").catch(nothingYet);
  if (result.exitCode === 0 || result.exitCode === 3) {
    const report = collected.report(result.exitCode);
    return { ...report, tail: clean([said.trimEnd(), report.tail].filter(Boolean).join("\n")) };
  }
  const own = failure(`back up to the repository ${repository.name}`, result);
  const ended = /command failed: (?:exit status (\d+)|signal: (.+?)")/.exec(result.stderr);
  if (ended === null || own.reason !== "unknown") throw own;
  const [, exitCode, signal = null] = ended;
  throw request.failure({
    exitCode: exitCode === undefined ? null : Number(exitCode),
    signal,
    stderr: clean(said || subprocessLines(result.stderr)),
  });
}

/** `subprocess sh: …`: what was said before the file could be opened. */
function subprocessLines(stderr: string): string {
  return [...stderr.matchAll(/^subprocess [^:]+: (.*)$/gm)].map(([, line]) => line).join("\n");
}

/** restic may have ended before it started the program. */
function nothingYet(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}
