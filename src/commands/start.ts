import { setImmediate } from "node:timers/promises";
import { exitCodeOfStop, exitCodes } from "../model/run/exit-codes.ts";
import { StepError } from "../model/run/outcome.ts";
import { UsageError } from "./command.ts";
import { dispatch, explain } from "./dispatch.ts";
import { drain } from "./drain.ts";

/** Connects a process to the command that its arguments name. @returns the exit code; every error has become one */
export async function start(process: NodeJS.Process): Promise<number> {
  const stop = new AbortController();
  let stoppedBy: NodeJS.Signals | null = null;
  // SIGHUP: its terminal, or the connection to it, is gone.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Ctrl-C once more is a person who does not want to wait. SIGTERM may come twice from one and the same stop: from systemd, and from
      // the kernel for a parent that is gone; SIGHUP, too: from the kernel, and from the shell.
      if (stoppedBy !== null && signal === "SIGINT") process.kill(process.pid, "SIGKILL");
      stoppedBy ??= signal;
      stop.abort(new StepError("cancelled", `it was asked to stop (${signal})`));
    });
  }
  let isOutputLost = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A closed pipe (`pantheros runs | head`) is the reader's decision, not a failure.
    if (error.code !== "EPIPE") isOutputLost = true;
  });
  // A log that cannot be written (a full disk, a pipe that is gone) must never cost what it is about.
  process.stderr.on("error", () => undefined);
  try {
    const code = await dispatch(process.argv.slice(2), {
      environment: process.env,
      directory: process.cwd(),
      // Opened when somebody reads it, which costs a tenth of a start.
      get stdin() {
        return process.stdin;
      },
      stdout: process.stdout,
      stderr: process.stderr,
      now: Date.now,
      random: Math.random,
      signal: stop.signal,
      stoppedBy: () => stoppedBy,
    });
    await drain([process.stdout, process.stderr], { signal: stop.signal, isRun: process.argv[2] === "run" });
    // A write that failed is told in the next turn.
    await setImmediate();
    // What a run did stands in the ledger, whatever becomes of its words; the other commands are there for what they print.
    const isFailed = isOutputLost && code === exitCodes.success[0] && process.argv[2] !== "run";
    return isFailed ? exitCodes.failed[0] : code;
  } catch (error) {
    explain(error, { stderr: process.stderr, environment: process.env });
    if (stoppedBy) return exitCodeOfStop(stoppedBy);
    const isUsage = error instanceof UsageError || (error instanceof Error && error.name === "ConfigError");
    return exitCodes[isUsage ? "usage" : "failed"][0];
  }
}
