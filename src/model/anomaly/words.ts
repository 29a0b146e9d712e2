import { formatBytes, formatDuration } from "../quantity.ts";
import type { Judgement } from "./anomaly.ts";

/** `12.0 GiB, a seventh of what is usual (median of 30 runs 84.0 GiB)`. */
export function describeJudgement(judgement: Judgement): string {
  const { kind, value, usual, ratio, newData } = judgement;
  switch (kind) {
    case "size":
      if (value === 0) return `nothing, where ${formatBytes(usual)} is usual (${basis(judgement)})`;
      return `${formatBytes(value)}, ${times(ratio)} what is usual (${basis(judgement)} ${formatBytes(usual)})`;
    case "duration":
      return `took ${formatDuration(value)}, ${times(ratio)} what is usual (${basis(judgement)} ${formatDuration(usual)})`;
    case "changed": {
      const fresh = newData === null ? "" : `, and ${percent(newData)} of the data is new`;
      return `${percent(value)} of the files are new or changed${fresh}; usual is ${percent(usual)} (${basis(judgement)})`;
    }
    case "deleted":
      return `${percent(value)} of the files of the run before are gone; usual is ${percent(usual)} (${basis(judgement)})`;
  }
}

const weekdays = ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"] as const;

function basis({ runs, weekday }: Judgement): string {
  return `median of ${runs} ${weekday === null ? "runs" : weekdays[weekday]}`;
}

const parts = ["half", "a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth", "a tenth"];

function times(ratio: number): string {
  if (ratio >= 0.75) return `${ratio < 10 ? Number(ratio.toFixed(1)) : Math.round(ratio)} times`;
  const part = parts[Math.round(1 / ratio) - 2];
  return `${part ?? percent(ratio)} of`;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : Number(value.toPrecision(1))} %`;
}
