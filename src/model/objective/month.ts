import type { Measurement } from "../measurement.ts";
import { formatDuration } from "../quantity.ts";
import type { MeasuredChange, PromiseReport, ReportedDrill } from "./month-report.ts";
import type { ObjectivePromise, Verdict } from "./objective.ts";
import type { RecoveryHistory } from "./recovery-history.ts";

/** The time that a report tells of, seconds since the epoch. */
export interface Told {
  readonly from: number;
  readonly until: number;
}

/** Seconds: what is measured once an hour, and not for two days before the end, says nothing of the end. */
const staleAfter = 172_800;

/** By the longest time without newer data, the beginning and the end of the month included. */
export function rpoOfMonth(promised: number, { worst, knownFrom }: RecoveryHistory, { from }: Told): PromiseReport {
  const judged = reportOf("rpo", promised);
  if (worst === null || knownFrom === null) return judged("unknown", null, null, "no run of it is known", []);
  const runs = [worst.afterRun, worst.beforeRun].filter((run) => run !== null);
  const { seconds, until } = worst;
  if (seconds > promised) {
    return judged("broken", seconds, until, `${formatDuration(seconds - promised)} longer than promised`, runs);
  }
  if (knownFrom > from) {
    return judged("unknown", seconds, until, "kept as far as it is known, and the beginning of the month is not", runs);
  }
  return judged("holds", seconds, until, "the longest time without newer data", runs);
}

/**
 * By the drills of the month, the last of which must have succeeded; where there was none, by the last one before, as long as it is not too
 * old to prove anything.
 * @param within how old that may be
 * @param before the last that succeeded before the month; null: none is known
 */
export function rtoOfMonth(
  promised: number,
  drills: readonly ReportedDrill[],
  before: ReportedDrill | null,
  { within, until }: { readonly within: number; readonly until: number },
): PromiseReport {
  const judged = reportOf("rto", promised);
  const own = drills.filter(({ outcome }) => outcome !== "skipped").toSorted((a, b) => a.at - b.at);
  const last = own.at(-1);
  const counted = own.length > 0 ? own : before === null ? [] : [before];
  const measured = counted.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const longest = measured.length === 0 ? null : Math.max(...measured);
  const runs = counted.map(({ run }) => run);
  if (last && last.outcome !== "success") {
    return judged("broken", longest, last.at, `the last drill failed${last.message ? `: ${last.message}` : ""}`, runs);
  }
  const proof = last ?? before;
  if (proof === null || longest === null) {
    return judged("unknown", null, null, "no drill has measured it in this month, and none is known before it", runs);
  }
  const failed = own.filter(({ outcome }) => outcome !== "success").length;
  const also = failed > 0 ? `; ${failed} of ${own.length} drills failed before it` : "";
  if (longest > promised) {
    const longer = `a drill took ${formatDuration(longest - promised)} longer than promised${also}`;
    return judged("broken", longest, proof.at, longer, runs);
  }
  const age = until - proof.at;
  if (age > within) {
    const old = `the last drill was ${formatDuration(age)} before the end; it proves nothing after ${formatDuration(within)}`;
    return judged("unknown", longest, proof.at, old, runs);
  }
  const when = last ? `measured by ${own.length - failed} of its drills${also}` : "by a drill before this month";
  return judged("holds", longest, proof.at, when, runs);
}

/** What only hourly measurements know, at its worst: the fewest copies. */
export function countOfMonth(
  promise: "copies" | "offsite" | "rpo",
  promised: number,
  points: readonly Measurement[],
  days: { readonly daysWith: number; readonly daysWithout: number },
): PromiseReport {
  const judged = reportOf(promise, promised);
  const known = points.filter(({ values }) => values[`${promise}_met`] !== undefined);
  const first = known[0];
  if (!first) return judged("unknown", null, null, "it was not measured in this month", []);
  const isWorse = (a: Measurement, b: Measurement) => {
    const [left, right] = [a.values[promise] ?? 0, b.values[promise] ?? 0];
    return promise === "rpo" ? left > right : left < right;
  };
  const worst = known.reduce((least, point) => (isWorse(point, least) ? point : least), first);
  const broken = known.filter(({ values }) => values[`${promise}_met`] === 0);
  const measured = worst.values[promise] ?? null;
  const of = `${known.length} hourly measurements on ${days.daysWith} days`;
  if (broken.length > 0) {
    return judged("broken", measured, worst.at, `not kept in ${broken.length} of ${of}`, []);
  }
  if (days.daysWithout > days.daysWith) {
    return judged("unknown", measured, worst.at, `kept in ${of}; on ${days.daysWithout} days nobody looked`, []);
  }
  return judged("holds", measured, worst.at, `kept in ${of}`, []);
}

/** What counts at the end of the month: retention, and the cost of a month. */
export function endOfMonth(
  promise: "retention" | "budget",
  promised: number | null,
  points: readonly Measurement[],
  { until }: Told,
): PromiseReport {
  const judged = reportOf(promise, promised);
  const last = points.findLast(({ values }) => values[`${promise}_met`] !== undefined);
  if (!last) return judged("unknown", null, null, "it was not measured in this month", []);
  const measured = last.values[promise] ?? null;
  if (until - last.at > staleAfter) {
    const why = `last measured ${formatDuration(until - last.at)} before the end`;
    return judged("unknown", measured, last.at, why, []);
  }
  const broken = Object.entries(last.values)
    .filter(([name, value]) => promise === "retention" && name.startsWith("retention/") && value === 0)
    .map(([name]) => name.slice("retention/".length));
  const holds = last.values[`${promise}_met`] === 1;
  const at = promise === "retention" ? "at the end" : "by the last measurement";
  const by = broken.length > 0 ? ` by ${broken.join(", ")}` : "";
  return judged(holds ? "holds" : "broken", measured, last.at, `${holds ? "kept" : "not kept"}${by} ${at}`, []);
}

/** How values changed from one measurement to the next, oldest first. */
export function changesOf(points: readonly Measurement[], values: readonly string[]): MeasuredChange[] {
  const changes: MeasuredChange[] = [];
  points.forEach((point, index) => {
    const previous = points[index - 1];
    if (!previous) return;
    for (const value of values) {
      const [before, after] = [previous.values[value] ?? null, point.values[value] ?? null];
      if (before !== after) changes.push({ at: point.at, value, before, after });
    }
  });
  return changes;
}

function reportOf(promise: ObjectivePromise, promised: number | null) {
  return (
    verdict: Verdict,
    measured: number | null,
    at: number | null,
    why: string,
    runs: readonly string[],
  ): PromiseReport => ({ promise, verdict, promised, measured, at, why, runs });
}
