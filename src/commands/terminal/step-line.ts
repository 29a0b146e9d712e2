import { formatBytes, formatDuration } from "../../model/quantity.ts";
import type { Outcome } from "../../model/run/outcome.ts";
import type { Progress } from "../../runners/runner.ts";
import type { Rate } from "./rate.ts";
import type { Style } from "./style.ts";
import { makeVisible } from "./text.ts";

const barCells = 20;

/** What is known of a running step, in words: bytes, files, speed, what is left, what it does. */
export function describeProgress(progress: Progress, rate: Rate): string[] {
  const { bytesDone, bytesTotal, filesDone, note } = progress;
  const speed = rate.perSecond();
  const parts: string[] = [];
  if (progress.ratio !== undefined) parts.push(`${Math.floor(clamp(progress.ratio) * 100)}%`);
  if (bytesDone !== undefined) {
    parts.push(bytesTotal ? `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : formatBytes(bytesDone));
  }
  if (filesDone !== undefined) parts.push(`${filesDone} ${filesDone === 1 ? "file" : "files"}`);
  if (speed !== null && speed > 0 && bytesDone !== undefined) {
    parts.push(`${formatBytes(speed)}/s`);
    if (bytesTotal && bytesTotal > bytesDone)
      parts.push(`${formatDuration(Math.ceil((bytesTotal - bytesDone) / speed))} left`);
  }
  if (note) parts.push(makeVisible(note));
  return parts;
}

/** `████████░░░░` or `####----`. */
export function progressBar(ratio: number, style: Pick<Style, "isUnicode" | "dim">): string {
  const filled = Math.round(clamp(ratio) * barCells);
  const [full, empty] = style.isUnicode ? ["█", "░"] : ["#", "-"];
  return `${full.repeat(filled)}${style.dim(empty.repeat(barCells - filled))}`;
}

/** The word or sign in front of a finished step. */
export function outcomeMark(outcome: Outcome, style: Style): string {
  const [sign, word, paint] = {
    success: ["✓", "ok", style.good],
    partial: ["!", "partial", style.warn],
    skipped: ["–", "skipped", style.warn],
    failed: ["✗", "FAILED", style.bad],
  }[outcome] as [string, string, Style["good"]];
  return paint(style.isUnicode ? sign : word);
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}
