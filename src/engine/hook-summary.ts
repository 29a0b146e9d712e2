import { formatDuration, formatTimestamp } from "../model/quantity.ts";
import type { Run, Step } from "../model/run/run.ts";

/** A run as its hooks tell of it; at the start it has no end yet. */
export type ToldRun = Pick<
  Run,
  "id" | "job" | "startedAt" | "finishedAt" | "outcome" | "reason" | "message" | "journaled"
> & { readonly steps: readonly Step[] };

/** What servers keep of a body at least, in bytes. https://healthchecks.io/docs/attaching_logs/ (2026-11): 100 kB, 10 kB before. */
const mostBytes = 10_000;

/** A run in a few lines, for the body of a ping: how it and its steps ended, and the last lines of what went wrong. All of it is redacted. */
export function summaryOfRun(run: ToldRun, host: string): string {
  const { id, job, outcome, reason, message, startedAt, finishedAt, steps } = run;
  const took = finishedAt === null ? "" : ` in ${formatDuration((finishedAt - startedAt) / 1000)}`;
  const failed = steps.find((step) => step.outcome === "failed" && step.tail) ?? null;
  const lines = [
    `${job} on ${host}: ${outcome ?? "started"}${reason ? ` (${reason})` : ""}${took}`,
    `run ${id}, started ${formatTimestamp(startedAt)}${finishedAt === null ? "" : `, ended ${formatTimestamp(finishedAt)}`}`,
    ...(message ? [message] : []),
    ...(outcome === null ? [] : steps.map(stepLine)),
    ...(failed?.tail ? [`last lines of ${failed.id}:`, failed.tail] : []),
  ];
  const text = `${lines.join("\n")}\n`;
  const bytes = Buffer.from(text);
  // The end says why: what stands before the last lines is short.
  if (bytes.length <= mostBytes) return text;
  return `${bytes.subarray(0, 2000).toString()}\n…\n${bytes.subarray(bytes.length - mostBytes + 2100).toString()}`;
}

function stepLine({ id, uses, outcome, reason, message }: Step): string {
  const ended = outcome === null ? "not reached" : `${outcome}${reason ? ` (${reason})` : ""}`;
  return `  ${id}  ${uses}  ${ended}${message ? `  ${message}` : ""}`;
}
