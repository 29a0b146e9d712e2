import { type CallClass, type Calls, callClasses } from "../../model/cost/rate-card.ts";
import type { JsonValue } from "../../model/measurement.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { S3Call } from "../../tools/s3/interface.ts";
import type { Bucket } from "./buckets.ts";

/** What is free of charge may be asked so often in a day: enough to see two million versions. */
const usualCalls = 2000;
/** Where listings cost money, looking costs no more than this in a month, US dollars, unless the configuration says otherwise. */
const mostDollars = 0.1;

/** Requests that all buckets together may take in a day. */
export function callsPerDay(configured: number | undefined, buckets: readonly Bucket[]): number {
  if (configured !== undefined) return configured;
  const prices = buckets.map(({ card }) => {
    const price = card?.rates.at(-1)?.calls[card.classOf.list];
    return price && price.freePerDay === 0 ? price.usdPer10000 / 10_000 : 0;
  });
  const dearest = Math.max(0, ...prices);
  return dearest === 0 ? usualCalls : Math.min(usualCalls, Math.floor(mostDollars / 30 / dearest));
}

/** Requests as they are counted: those of today for the budget, all of them for the counter. */
export interface CallBook {
  /** Of today, what is left of the budget. */
  left(): number;
  /** All that a bucket ever took. */
  totals(bucket: string): Calls;
  /** Counts one. @throws StepError `throttled` when the day's budget, or this bucket's share of it, is used up */
  count(bucket: Bucket, call: S3Call): void;
  /** Lets one bucket use so many of what is left. */
  allow(calls: number): void;
  /** To be kept for the next look. */
  written(): JsonValue;
}

/** @param kept what an earlier look has written @param day today, UTC, `2026-11-21` */
export function openCallBook(kept: unknown, day: string, budget: number): CallBook {
  const earlier = kept as { day?: unknown; used?: unknown; totals?: unknown } | null;
  const totals = readTotals(earlier?.totals);
  let used = earlier?.day === day && isCount(earlier.used) ? earlier.used : 0;
  let allowed = Number.POSITIVE_INFINITY;
  return {
    left: () => Math.max(0, budget - used),
    totals: (bucket) => totals[bucket] ?? {},
    allow: (calls) => {
      allowed = calls;
    },
    count: ({ label, card }, call) => {
      if (used >= budget || allowed <= 0) {
        throw new StepError("throttled", `the ${budget} requests of today are used up`, {
          advice: "it goes on tomorrow (UTC); cost.calls_per_day allows more",
        });
      }
      used += 1;
      allowed -= 1;
      const kind = call.name.startsWith("List") ? "list" : "read";
      const name = card?.classOf[kind] ?? (kind === "list" ? "c" : "b");
      totals[label] = { ...totals[label], [name]: (totals[label]?.[name] ?? 0) + 1 };
    },
    written: () => ({ day, used, totals }),
  };
}

type Totals = Record<string, Partial<Record<CallClass, number>>>;

function readTotals(kept: unknown): Totals {
  if (typeof kept !== "object" || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).map(([bucket, calls]) => [
      bucket,
      Object.fromEntries(callClasses.flatMap((name) => (isCount(calls?.[name]) ? [[name, calls[name]]] : []))),
    ]),
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
