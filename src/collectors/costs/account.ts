import type { Ledger } from "../../ledger/ledger.ts";
import { outlookOf, trendOf } from "../../model/cost/forecast.ts";
import { accountCost, type BucketCost, type BucketUsage } from "../../model/cost/storage-cost.ts";
import type { Bucket } from "./buckets.ts";
import { type ReportedDay, seriesOf } from "./series.ts";
import { type History, reportedDays, reportedStretches } from "./usage.ts";

const trendSeconds = 30 * 86_400;

/** What is known of one bucket in a month. */
export interface Seen {
  readonly bucket: Bucket;
  readonly history: History;
  readonly days: readonly ReportedDay[];
  readonly usage: BucketUsage;
}

/** US dollars of one bucket in a month. */
export interface Costs {
  readonly cost: BucketCost;
  /** Of the whole month; the ends hold it four times of five, null where too little is known. */
  readonly forecast: { readonly likely: number; readonly low: number | null; readonly high: number | null } | null;
}

/** The costs of the buckets of one account, which share what is free. */
export function costsOf(
  group: readonly Seen[],
  ledger: Pick<Ledger, "measurements">,
  month: { readonly from: number; readonly until: number },
  until: number,
): Map<string, Costs> {
  const [first] = group;
  if (!first?.bucket.card) return new Map();
  const { card, account } = first.bucket;
  const stored = reportedStretches(reportedDays(ledger, seriesOf.reportedAccount(account), month.from, until));
  const freeTier = group.every(({ bucket }) => bucket.freeTier);
  const known = group.filter(({ usage }) => usage.stored.length > 0);
  const cost = accountCost({
    card,
    from: month.from,
    until,
    freeTier,
    buckets: known.map(({ usage }) => usage),
    stored,
  });
  const ahead = (bound: "likely" | "low" | "high") => {
    const buckets = known.map(({ usage, history }) => {
      const more = outlook(history, until, month.until);
      const next = more?.[bound] ?? more?.likely;
      return { ...usage, stored: next ? [...usage.stored, next] : usage.stored };
    });
    return accountCost({ card, from: month.from, until: month.until, freeTier, buckets, stored });
  };
  const [likely, low, high] = [ahead("likely"), ahead("low"), ahead("high")];
  return new Map(
    known.flatMap(({ bucket, history }): [string, Costs][] => {
      const own = cost.get(bucket.label);
      if (own === undefined) return [];
      const most = likely.get(bucket.label)?.total;
      const isSure = outlook(history, until, month.until)?.low !== null;
      const bound = (costs: typeof low) => (isSure ? (costs.get(bucket.label)?.total ?? null) : null);
      return [
        [
          bucket.label,
          { cost: own, forecast: most === undefined ? null : { likely: most, low: bound(low), high: bound(high) } },
        ],
      ];
    }),
  );
}

function outlook({ points }: History, now: number, until: number) {
  const last = points.at(-1);
  return last && now < until ? outlookOf(last.bytes, trendOf(recent(points, now)), now, until) : null;
}

/** The scans that a trend is made of. */
export const recent = (points: History["points"], now: number) => points.filter(({ at }) => at > now - trendSeconds);
