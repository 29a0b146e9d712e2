import { fstatSync } from "node:fs";
import { formatDuration } from "../../model/quantity.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import { createRate, type Rate } from "./rate.ts";
import { describeProgress, outcomeMark } from "./step-line.ts";
import type { Style, TerminalStream } from "./style.ts";
import { makeVisible } from "./text.ts";

/** A log wants to see that work goes on, not every percent. */
const updateMilliseconds = 60_000;

/** syslog(3): 3 error, 4 warning, 6 informational. */
const priorities = { success: 6, partial: 4, skipped: 4, failed: 3 } as const;

/** One line per event, for pipes, files and the journal. */
export function createLineProgress(
  stream: TerminalStream,
  style: Style,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): ProgressDisplay {
  const toJournal = isJournal(stream, env);
  let running: { readonly label: string; readonly startedAt: number; readonly rate: Rate; shownAt: number } | null =
    null;

  function line(priority: number, text: string): void {
    for (const part of text.split("\n")) stream.write(`${toJournal ? `<${priority}>` : ""}${makeVisible(part)}\n`);
  }

  return {
    start(label) {
      running = { label, startedAt: now(), rate: createRate(), shownAt: now() };
      line(6, `${label}: started`);
    },
    update(progress) {
      if (!running) return;
      if (progress.bytesDone !== undefined) running.rate.add(progress.bytesDone, now());
      if (now() - running.shownAt < updateMilliseconds) return;
      running.shownAt = now();
      line(6, `${running.label}: ${describeProgress(progress, running.rate).join(", ")}`);
    },
    done(outcome, text) {
      if (!running) return;
      const took = formatDuration((now() - running.startedAt) / 1000);
      const mark = outcomeMark(outcome, { ...style, isUnicode: false });
      line(
        priorities[outcome],
        `${running.label}: ${mark}${text === "" ? "" : `, ${text.replaceAll("\n", " ")}`} (${took})`,
      );
      running = null;
    },
    note: (text) => line(6, text),
    close: () => {
      running = null;
    },
  };
}

/**
 * systemd names the device and inode of the journal's socket, because programs started by a service inherit the variable and may
 * write elsewhere. systemd.exec(5), $JOURNAL_STREAM
 */
function isJournal(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): boolean {
  const announced = env["JOURNAL_STREAM"];
  if (!announced) return false;
  if (stream.fd === undefined) return true;
  const { dev, ino } = fstatSync(stream.fd, { bigint: true });
  return announced === `${dev}:${ino}`;
}
