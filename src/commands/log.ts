import type { Invocation } from "./command.ts";

export interface Log {
  readonly info: (message: string) => void;
  readonly error: (message: string) => void;
}

/** syslog priorities, as journald reads them from a line's start (sd-daemon(3)). */
const priorities = { info: 6, error: 3 } as const;

/** Lines of a process that runs for long: with a priority for journald, with a time for a terminal, or as JSON. */
export function createLog(invocation: Pick<Invocation, "stderr" | "stdout" | "json" | "environment" | "now">): Log {
  const underJournald = invocation.environment["JOURNAL_STREAM"] !== undefined;
  const write = (level: keyof typeof priorities) => (message: string) => {
    const at = new Date(invocation.now()).toISOString();
    const line = message.replaceAll("\n", " ");
    if (invocation.json) invocation.stdout.write(`${JSON.stringify({ at, level, message })}\n`);
    else invocation.stderr.write(underJournald ? `<${priorities[level]}>${line}\n` : `${at} ${line}\n`);
  };
  return { info: write("info"), error: write("error") };
}
