import { StepError } from "../model/outcome.ts";
import { UsageError } from "./command.ts";
import { dispatch, explain } from "./dispatch.ts";
import { exitCodes } from "./exit-codes.ts";

/** Connects a process to the command that its arguments name. @returns the exit code; every error has become one */
export async function start(process: NodeJS.Process): Promise<number> {
  const stop = new AbortController();
  let stoppedBy: NodeJS.Signals | null = null;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal means that the person does not want to wait for an orderly end.
      if (stoppedBy) process.kill(process.pid, "SIGKILL");
      stoppedBy = signal;
      stop.abort(new StepError("cancelled", `it was asked to stop (${signal})`));
    });
  }
  // A closed pipe (`pantheros runs | head`) is the reader's decision, not a failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    return await dispatch(process.argv.slice(2), {
      environment: process.env,
      directory: process.cwd(),
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      now: Date.now,
      random: Math.random,
      signal: stop.signal,
      stoppedBy: () => stoppedBy,
    });
  } catch (error) {
    explain(error, { stderr: process.stderr, environment: process.env });
    if (stoppedBy) return exitCodes[stoppedBy === "SIGINT" ? "interrupted" : "terminated"][0];
    const isUsage = error instanceof UsageError || (error instanceof Error && error.name === "ConfigError");
    return exitCodes[isUsage ? "usage" : "failed"][0];
  }
}
