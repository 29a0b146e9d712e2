import { callClasses } from "../model/cost/rate-card.ts";
import type { Measurement } from "../model/measurement.ts";
import { explainFailure, toStepError } from "../model/run/outcome.ts";
import { type Collected, type CollectorContext, defineCollector } from "./collector.ts";
import { type Bucket, bucketsOf } from "./costs/buckets.ts";
import { callsPerDay, openCallBook } from "./costs/calls.ts";
import { costFigures } from "./costs/figures.ts";
import { readReports } from "./costs/reports.ts";
import { costSamples } from "./costs/samples.ts";
import { lookAtBucket, noteOf, type ScanNote } from "./costs/scan.ts";
import { seriesOf } from "./costs/series.ts";

const timeout = 1800;

/**
 * Looks at each bucket that the configuration names, as a whole or as far as the day's requests and the look's time reach; what a look did
 * not reach, the next one goes on with. Figures are always those of the last whole scan.
 */
export const cost = defineCollector({
  name: "cost",
  summary: "What buckets store, old versions and unfinished uploads included, and what that costs in the month.",
  every: 21_600,
  timeout,
  async collect(context) {
    const { config, now, ledger, recall, remember } = context;
    const buckets = bucketsOf(config);
    if (buckets.length === 0) return { samples: [] };
    const today = new Date(now * 1000).toISOString().slice(0, 10);
    const calls = openCallBook(recall("calls"), today, callsPerDay(config.cost.calls_per_day, buckets));
    const limit = (config.collectors["cost"]?.timeout ?? timeout) * 0.9;
    const began = performance.now();
    const found: { measurements: readonly Measurement[]; problems: readonly string[] }[] = [];

    for (const [account, settings] of Object.entries(config.accounts)) {
      if (settings.reports)
        found.push(await attempt(context, account, () => readReports(account, settings, buckets, context, calls)));
    }
    // Whoever waits longest comes first, and takes no more than its share: a huge bucket must not starve the others for ever.
    const waiting = buckets.filter(hasKey).sort((a, b) => lookedAt(a, context) - lookedAt(b, context));
    for (const [index, bucket] of waiting.entries()) {
      const left = waiting.length - index;
      calls.allow(Math.ceil(calls.left() / left));
      const seconds = Math.max(1, (limit - (performance.now() - began) / 1000) / left);
      found.push(await attempt(context, bucket.label, () => lookAtBucket(bucket, context, { seconds, calls })));
    }
    remember("calls", calls.written());

    const counted = buckets.map(({ label }) => ({
      series: seriesOf.calls(label),
      at: now,
      values: calls.totals(label),
    }));
    const measurements = [...found.flatMap((one) => one.measurements), ...counted];
    const known = { ...withMore(ledger, measurements), recall: (_: string, key: string) => recall(key) };
    const figures = costFigures(config, known, now + (performance.now() - began) / 1000);
    return {
      samples: [
        ...costSamples(figures),
        ...buckets.flatMap(({ label }) =>
          callClasses.flatMap((name) => {
            const value = calls.totals(label)[name];
            return value ? [{ metric: "bucketCalls" as const, labels: { bucket: label, class: name }, value }] : [];
          }),
        ),
      ],
      measurements,
      problems: [...figures.problems, ...found.flatMap((one) => one.problems), ...aheadOf(figures.buckets)],
    } satisfies Collected;
  },
});

const hasKey = ({ accessKeyId, secretAccessKey }: Bucket) => accessKeyId !== "" && secretAccessKey !== "";

function lookedAt({ label }: Bucket, { recall }: CollectorContext): number {
  const at = (recall(noteOf(label)) as Partial<ScanNote> | null)?.at;
  return typeof at === "number" ? at : 0;
}

/** One bucket's trouble takes nothing from the others. */
async function attempt(
  { signal }: CollectorContext,
  what: string,
  look: () => Promise<{ readonly measurements: readonly Measurement[]; readonly problems: readonly string[] }>,
) {
  try {
    return await look();
  } catch (error) {
    if (signal.aborted) throw error;
    return { measurements: [], problems: [`${what}: ${explainFailure(toStepError(error))}`] };
  }
}

/** The ledger as it will be when what was just measured is saved. */
function withMore(
  ledger: CollectorContext["ledger"],
  more: readonly Measurement[],
): Pick<typeof ledger, "measurements" | "pastSteps"> {
  return {
    pastSteps: (step, limit) => ledger.pastSteps(step, limit),
    measurements: (query) => {
      const { series, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = query;
      const own = more.filter((one) => one.series === series && one.at >= from && one.at < to);
      const before = ledger.measurements(query).filter(({ at }) => !own.some((one) => one.at === at));
      return own.length === 0 ? before : [...before, ...own].sort((a, b) => a.at - b.at);
    },
  };
}

function aheadOf(buckets: readonly { readonly bucket: string; readonly ahead: number }[]): string[] {
  return buckets
    .filter(({ ahead }) => ahead > 0)
    .map(
      ({ bucket, ahead }) =>
        `${bucket}: ${ahead} scans lie in the future and do not count – see that the clock is right`,
    );
}
