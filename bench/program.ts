import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The command as it is published. */
export const published = join(import.meta.dirname, "../dist/main.js");

/** @throws Error when `make build` has not been called */
export function requirePublished(): void {
  if (!existsSync(published)) throw new Error("dist/ is not built: run make build");
}

interface Options {
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
}

/** Runs a program to its end without looking at what it prints. @throws Error when it does not end with 0 */
export async function runProgram(argv: readonly [string, ...string[]], options: Options = {}): Promise<void> {
  const [program, ...args] = argv;
  const env = { ...process.env, ...options.environment };
  const child = spawn(program, args, { stdio: "ignore", env, cwd: options.directory });
  const [exitCode, signal] = await once(child, "exit");
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode ?? signal}`);
}

/**
 * The most memory that a Node program ever held, bytes: it says so itself when it exits, asked by a module that is loaded before it,
 * which the kernel's `getrusage` answers. Programs that are compared carry the same burden.
 */
export async function peakMemory(args: readonly string[], directory: string): Promise<number> {
  const [preload, answer] = [join(directory, "peak.cjs"), join(directory, "peak")];
  writeFileSync(
    preload,
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(answer)}, String(process.resourceUsage().maxRSS)));`,
  );
  await runProgram([process.execPath, "--require", preload, ...args]);
  return Number(readFileSync(answer, "utf8")) * 1024;
}

/** Memory of a living process: now, and the most it ever was, bytes. */
export function residentMemory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
