import type { Config } from "../../config/schema.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { byteHours, covered, type Stretch, stretchesOf } from "../../model/cost/byte-hours.ts";
import { trendOf } from "../../model/cost/forecast.ts";
import { type Calls, monthAround, type Rate, type RateCard, rateAt } from "../../model/cost/rate-card.ts";
import type { BucketCost, BucketUsage } from "../../model/cost/storage-cost.ts";
import { progressRatio, readProgress, type StoredTotals } from "../../tools/s3/scan-progress.ts";
import { type Costs, costsOf, recent, type Seen } from "./account.ts";
import { type Bucket, type BucketPart, bucketsOf } from "./buckets.ts";
import { noteOf, type ScanNote } from "./scan.ts";
import { seriesOf } from "./series.ts";
import { downloadsOf, type History, historyOf, ownCalls, reportedDays, usageOf } from "./usage.ts";

/** A span of time without a scan that is worth saying, seconds. */
const gapWorthSaying = 2 * 86_400;

export interface PartFigures extends BucketPart {
  readonly stored: StoredTotals | null;
  /** Its share of the bucket's cost by what it stored; null where the bucket's is not known. */
  readonly cost: number | null;
  /** Its share of what the bucket is likely to cost in the whole month. */
  readonly forecast: number | null;
}

export interface BucketFigures {
  readonly bucket: string;
  readonly account: string;
  readonly card: Pick<RateCard, "name" | "title"> | null;
  /** The rate in force at the end of what is counted. */
  readonly rate: Rate | null;
  /** Of the last whole scan. */
  readonly stored: StoredTotals | null;
  /** When that scan ended, seconds since the epoch. */
  readonly storedAt: number | null;
  readonly growthPerDay: number | null;
  /** In the month so far; null: no rate card, nothing measured, or not all that is billed is known. */
  readonly cost: BucketCost | null;
  /** Until when the provider's own report is what is counted, seconds since the epoch; null: all is estimated. */
  readonly reportedUntil: number | null;
  readonly provenance: "estimated" | "reported";
  /** Share of the time so far for which it is known what was stored. */
  readonly covered: number;
  /** Times without a scan, seconds since the epoch. */
  readonly gaps: readonly { readonly from: number; readonly until: number }[];
  readonly forecast: Costs["forecast"];
  readonly scan: {
    readonly complete: boolean;
    readonly startedAt: number | null;
    readonly progress: number;
    readonly why: string | null;
    /** Seconds since the epoch of the last look; null: there was none. */
    readonly lookedAt: number | null;
  };
  /** Measurements that lie in the future. */
  readonly ahead: number;
  /** What looking has taken in the month, and its price before anything that is free. */
  readonly observation: { readonly calls: Calls; readonly usd: number | null };
  readonly history: readonly { readonly at: number; readonly bytes: number }[];
  readonly parts: readonly PartFigures[];
}

export interface BudgetFigures {
  readonly objective: string;
  readonly budget: number;
  /** Null: what it costs is not known. */
  readonly used: number | null;
  /** What it is likely to cost in the whole month; null: not known. */
  readonly forecast: number | null;
  readonly buckets: readonly string[];
}

export interface CostFigures {
  /** `2026-11` */
  readonly month: string;
  readonly from: number;
  /** The end of what is counted: now, or the month's end. */
  readonly until: number;
  readonly monthEnd: number;
  readonly buckets: readonly BucketFigures[];
  readonly budgets: readonly BudgetFigures[];
  readonly problems: readonly string[];
}

type CostLedger = Pick<Ledger, "measurements" | "recall" | "pastSteps">;

/** Everything that is known of what buckets cost in a month, from the ledger alone. @param at a moment of the month @param now seconds since the epoch */
export function costFigures(config: Config, ledger: CostLedger, now: number, at = now): CostFigures {
  const month = monthAround(at);
  const until = Math.min(now, month.until);
  const span = { from: month.from, until };
  const buckets = bucketsOf(config);
  const seen = buckets.map((bucket) => observe(bucket, config, ledger, now, span));
  const costs = new Map<string, Costs>();
  for (const group of Map.groupBy(seen, ({ bucket }) => bucket.account).values()) {
    for (const [label, cost] of costsOf(group, ledger, month, until)) costs.set(label, cost);
  }
  const figures = seen.map((one) => figuresOf(one, costs.get(one.bucket.label) ?? null, ledger, now, span));
  return {
    month: month.name,
    ...span,
    monthEnd: month.until,
    buckets: figures,
    budgets: budgetsOf(config, figures),
    problems: buckets.flatMap(({ problems }) => problems),
  };
}

function observe(
  bucket: Bucket,
  config: Config,
  ledger: CostLedger,
  now: number,
  span: { readonly from: number; readonly until: number },
): Seen {
  const history = historyOf(ledger, seriesOf.bucket(bucket.label), span.from, span.until, now);
  const days = reportedDays(ledger, seriesOf.reported(bucket.label), span.from, span.until);
  const usage = usageOf(bucket, history.points, days, downloadsOf(bucket, config, ledger, span), ledger, span);
  return { bucket, history, days, usage };
}

function figuresOf(
  { bucket, history, days, usage }: Seen,
  costs: Costs | null,
  ledger: CostLedger,
  now: number,
  { from, until }: { readonly from: number; readonly until: number },
): BucketFigures {
  const { label, card } = bucket;
  const last = history.scans.at(-1);
  const lastDay = days.at(-1);
  const share = until > from ? covered(usage.stored) / (until - from) : 0;
  const cost = costs?.cost ?? null;
  return {
    bucket: label,
    account: bucket.account,
    card: card && { name: card.name, title: card.title },
    rate: card && rateAt(card, Math.max(from, until - 1)),
    stored: last?.totals ?? null,
    storedAt: last?.at ?? null,
    growthPerDay: trendOf(recent(history.points, until))?.bytesPerDay ?? null,
    cost,
    reportedUntil: lastDay ? lastDay.at + 86_400 : null,
    provenance: lastDay ? "reported" : "estimated",
    covered: Math.min(1, share),
    gaps: gapsOf(history, from, until),
    forecast: costs?.forecast ?? null,
    scan: scanState(bucket, ledger, history),
    ahead: history.ahead,
    observation: observation(ownCalls(bucket, ledger, { from, until }), card, until),
    history: history.points.filter(({ at }) => at >= from),
    parts: bucket.parts.map((part) => partFigures(part, bucket, usage.stored, costs, ledger, now, { from, until })),
  };
}

/** A part's share of the cost is that of what it stored, by the same scans. */
function partFigures(
  part: BucketPart,
  { label }: Bucket,
  whole: readonly Stretch[],
  costs: Costs | null,
  ledger: CostLedger,
  now: number,
  { from, until }: { readonly from: number; readonly until: number },
): PartFigures {
  const history = historyOf(ledger, seriesOf.part(label, part.prefix), from, until, now);
  const stored = history.scans.at(-1)?.totals ?? null;
  const own = byteHours(stretchesOf(history.points, from, until));
  const all = byteHours(whole);
  const shareOf = (amount: number | undefined) =>
    amount === undefined || stored === null || all === 0 ? null : (amount * Math.min(own, all)) / all;
  return { ...part, stored, cost: shareOf(costs?.cost.total), forecast: shareOf(costs?.forecast?.likely) };
}

function gapsOf({ points }: History, from: number, until: number): BucketFigures["gaps"] {
  const before = points.findLast(({ at }) => at <= from);
  const moments = [...(before ? [before.at] : []), ...points.map(({ at }) => at).filter((at) => at > from), until];
  return moments.flatMap((at, index) => {
    const next = moments[index + 1];
    return next !== undefined && next - Math.max(at, from) > gapWorthSaying
      ? [{ from: Math.max(at, from), until: next }]
      : [];
  });
}

function scanState(bucket: Bucket, ledger: CostLedger, history: History): BucketFigures["scan"] {
  const note = ledger.recall("cost", noteOf(bucket.label)) as Partial<ScanNote> | null;
  const progress = readProgress(note?.progress ?? null, {
    scope: bucket.scope,
    parts: bucket.parts.map(({ prefix }) => prefix),
  });
  const why = typeof note?.why === "string" ? note.why : null;
  return {
    complete: history.scans.length > 0 && progress === null && why === null,
    startedAt: progress?.startedAt ?? null,
    progress: progress === null ? (history.scans.length > 0 && why === null ? 1 : 0) : progressRatio(progress),
    why,
    lookedAt: typeof note?.at === "number" ? note.at : null,
  };
}

function observation(calls: BucketUsage["calls"], card: RateCard | null, until: number): BucketFigures["observation"] {
  const sums: Partial<Record<keyof Calls, number>> = {};
  for (const { calls: some } of calls) {
    for (const [name, count] of Object.entries(some) as [keyof Calls, number][]) sums[name] = (sums[name] ?? 0) + count;
  }
  const rate = card && rateAt(card, until - 1);
  const price = (name: keyof Calls) => (rate?.calls[name]?.usdPer10000 ?? 0) / 10_000;
  const usd = (Object.entries(sums) as [keyof Calls, number][]).reduce((sum, [name, n]) => sum + n * price(name), 0);
  return { calls: sums, usd: rate ? usd : null };
}

/** An objective's cost is that of the prefixes that its jobs write to and of its repositories, each once. */
function budgetsOf({ objectives }: Config, buckets: readonly BucketFigures[]): BudgetFigures[] {
  return Object.entries(objectives).flatMap(([objective, { budget_usd_per_month: budget, jobs, repositories }]) => {
    if (budget === undefined) return [];
    const parts = buckets.flatMap(({ bucket, parts: own }) =>
      own
        .filter((part) => part.jobs.some((job) => jobs.includes(job)) || overlaps(part.repositories, repositories))
        .map(({ cost, forecast }) => ({ bucket, cost, forecast })),
    );
    const used = sumOf(parts.map(({ cost }) => cost));
    const forecast = sumOf(parts.map((part) => part.forecast));
    return [{ objective, budget, used, forecast, buckets: [...new Set(parts.map(({ bucket }) => bucket))] }];
  });
}

/** Null: there is none, or one of them is not known. */
function sumOf(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length < amounts.length || known.length === 0 ? null : known.reduce((sum, amount) => sum + amount, 0);
}

const overlaps = (a: readonly string[], b: readonly string[]) => a.some((name) => b.includes(name));
