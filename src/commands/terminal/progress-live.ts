import { formatDuration } from "../../model/quantity.ts";
import type { Progress } from "../../runners/runner.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import { createRate, type Rate } from "./rate.ts";
import { describeProgress, outcomeMark, progressBar } from "./step-line.ts";
import type { Style, TerminalStream } from "./style.ts";
import { displayWidth, makeVisible, truncate } from "./text.ts";

/** Ten times a second is as much as an eye follows. */
const redrawMilliseconds = 100;
const spinners = { unicode: [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"], ascii: [..."|/-\\"] };

interface Running {
  readonly label: string;
  readonly startedAt: number;
  progress: Progress;
  rate: Rate;
}

/** One line that is drawn over and over, below everything that has been printed. */
export function createLiveProgress(stream: TerminalStream, style: Style, now: () => number): ProgressDisplay {
  const frames = style.isUnicode ? spinners.unicode : spinners.ascii;
  let running: Running | null = null;
  let frame = 0;
  /** Cells of the line that is on the screen. */
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;

  /** A terminal that became narrower has wrapped the line: its rows are taken back one by one. */
  function erase(): string {
    if (drawn === 0) return "";
    const rows = Math.ceil(drawn / (stream.columns || drawn)) - 1;
    drawn = 0;
    return `${rows > 0 ? `\u001b[${rows}A` : ""}\r\u001b[J`;
  }

  function draw(): void {
    if (!running) return;
    const { label, startedAt, progress, rate } = running;
    const parts = [
      style.bold(label),
      ...(progress.ratio === undefined ? [] : [progressBar(progress.ratio, style)]),
      ...describeProgress(progress, rate),
      style.dim(formatDuration(Math.floor((now() - startedAt) / 1000))),
    ];
    const text = `${frames[frame % frames.length]} ${parts.join("  ")}`;
    // One cell stays free: some terminals wrap as soon as the last one is taken.
    const line = truncate(text, Math.max(1, (stream.columns || 80) - 1), style.isUnicode ? "…" : "...");
    stream.write(erase() + line);
    drawn = displayWidth(line);
  }

  function printAbove(text: string): void {
    stream.write(`${erase()}${text}\n`);
    draw();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    stream.off?.("resize", draw);
    running = null;
    const rest = erase();
    if (rest !== "") stream.write(rest);
  }

  return {
    start(label) {
      stop();
      running = { label: makeVisible(label), startedAt: now(), progress: {}, rate: createRate() };
      timer = setInterval(() => {
        frame += 1;
        draw();
      }, redrawMilliseconds);
      timer.unref();
      stream.on?.("resize", draw);
      draw();
    },
    update(progress) {
      if (!running) return;
      running.progress = progress;
      if (progress.bytesDone !== undefined) running.rate.add(progress.bytesDone, now());
    },
    done(outcome, text) {
      const finished = running;
      stop();
      if (!finished) return;
      const took = style.dim(formatDuration((now() - finished.startedAt) / 1000));
      const said = text === "" ? [] : [makeVisible(text.replaceAll("\n", " "))];
      stream.write(`${[`${outcomeMark(outcome, style)} ${style.bold(finished.label)}`, ...said, took].join("  ")}\n`);
    },
    note: (text) => printAbove(text.split("\n").map(makeVisible).join("\n")),
    close: stop,
  };
}
