import { setImmediate } from "node:timers/promises";
import { exitCodeOfStop, exitCodes } from "../model/run/exit-codes.ts";
import { StepError } from "../model/run/outcome.ts";
import { tell, UsageError } from "./command.ts";
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
  // A terminal that nobody has told its size says 0, as on a serial line and in some containers: unknown, so that nothing is cut.
  for (const stream of [process.stdout, process.stderr])
    if (stream.columns === 0) Reflect.deleteProperty(stream, "columns");
  let lost: Error | null = null;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A closed pipe (`pantheros runs | head`) is the reader's decision, not a failure.
    if (error.code !== "EPIPE") lost = error;
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
    if (lost === null || process.argv[2] === "run") return code;
    tell(process, `pantheros: what it printed is not whole: ${(lost as Error).message}`);
    return code === exitCodes.success[0] ? exitCodes.failed[0] : code;
  } catch (error) {
    explain(error, { stderr: process.stderr, environment: process.env });
    if (stoppedBy) return exitCodeOfStop(stoppedBy);
    const isUsage = error instanceof UsageError || (error instanceof Error && error.name === "ConfigError");
    return exitCodes[isUsage ? "usage" : "failed"][0];
  }
}
