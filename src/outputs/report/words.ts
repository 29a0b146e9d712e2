import type { ObjectivePromise, Verdict } from "../../model/objective/objective.ts";
import { formatDuration } from "../../model/quantity.ts";
import type { Outcome } from "../../model/run/outcome.ts";

/** A month is over: what held, held. The sign says the same as the word, for who cannot tell the colours apart. */
export const verdictWords: Readonly<Record<Verdict, readonly [sign: string, word: string]>> = {
  holds: ["✓", "held"],
  broken: ["✗", "broken"],
  unknown: ["?", "unknown"],
};

export const outcomeSigns: Readonly<Record<Outcome, string>> = {
  success: "✓",
  partial: "◐",
  failed: "✗",
  skipped: "–",
};

/** A number in the unit of its promise. */
export function valueText(promise: ObjectivePromise, value: number | null): string {
  if (value === null) return "unknown";
  if (promise === "rpo" || promise === "rto") return formatDuration(value);
  return promise === "budget" ? `$${value.toFixed(2)}` : String(value);
}

export function promisedText(promise: ObjectivePromise, promised: number | null): string {
  if (promise === "retention") return "as its policies say";
  if (promised === null) return "";
  const text = valueText(promise, promised);
  return promise === "copies" || promise === "offsite" ? `at least ${text}` : `at most ${text}`;
}

const months = "January February March April May June July August September October November December".split(" ");

/** `November 2026`. @param name `2026-11` */
export function monthTitle(name: string): string {
  const [year, month] = name.split("-");
  return `${months[Number(month) - 1]} ${year}`;
}

/** `98.4 %`; never rounded up to all, never down to none. */
export function percent(ratio: number): string {
  if (ratio === 0 || ratio === 1) return `${ratio * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, ratio * 100)).toFixed(1)} %`;
}

/** `1 run`, `2 runs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
