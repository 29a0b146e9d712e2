import { dayStart } from "../../model/cost/rate-card.ts";
import type { Sample } from "../../model/samples/sample.ts";
import type { BucketFigures, CostFigures } from "./figures.ts";

/** What is known of the month's cost as samples; what is not known is absent. */
export function costSamples({ buckets, budgets }: CostFigures): Sample[] {
  return [
    ...buckets.flatMap(bucketSamples),
    ...budgets.flatMap(({ objective, budget, used, forecast }): Sample[] => {
      const labels = { objective };
      const promised: Sample = { metric: "objectiveBudgetPromised", labels, value: budget };
      if (budget === 0) return [promised];
      const share = (metric: "objectiveBudgetUsed" | "objectiveBudgetForecast", amount: number | null): Sample[] =>
        amount === null ? [] : [{ metric, labels, value: amount / budget }];
      return [promised, ...share("objectiveBudgetUsed", used), ...share("objectiveBudgetForecast", forecast)];
    }),
  ];
}

function bucketSamples(figures: BucketFigures): Sample[] {
  const { bucket, stored, storedAt, cost, forecast, rate, card, scan, reportedUntil, observation } = figures;
  const labels = { bucket };
  const samples: Sample[] = [
    { metric: "bucketScanComplete", labels, value: scan.complete ? 1 : 0 },
    { metric: "bucketScanProgress", labels, value: scan.progress },
    { metric: "bucketCovered", labels, value: figures.covered },
  ];
  const add = (sample: Sample | false) => {
    if (sample) samples.push(sample);
  };
  for (const [state, bytes, objects] of [
    ["live", stored?.liveBytes, stored?.liveObjects],
    ["hidden", stored?.hiddenBytes, stored?.hiddenObjects],
    ["unfinished", stored?.unfinishedBytes, stored?.unfinishedUploads],
  ] as const) {
    add(isKnown(bytes) && { metric: "bucketBytes", labels: { bucket, state }, value: bytes });
    add(isKnown(objects) && { metric: "bucketObjects", labels: { bucket, state }, value: objects });
  }
  add(storedAt !== null && { metric: "bucketScanned", labels, since: storedAt });
  add(figures.growthPerDay !== null && { metric: "bucketGrowth", labels, value: figures.growthPerDay });
  add(cost !== null && { metric: "bucketCost", labels, value: cost.total });
  add(cost !== null && card?.name === "b2" && { metric: "b2Cost", labels, value: cost.total });
  for (const bound of ["likely", "low", "high"] as const) {
    const value = forecast?.[bound];
    add(isKnown(value) && { metric: "bucketForecast", labels: { bucket, bound }, value });
  }
  add(rate !== null && { metric: "bucketRateSince", labels, value: dayStart(rate.from) });
  add(reportedUntil !== null && { metric: "bucketReported", labels, value: reportedUntil });
  add(observation.usd !== null && { metric: "bucketObservationCost", labels, value: observation.usd });
  return samples;
}

const isKnown = (value: number | null | undefined): value is number => value !== null && value !== undefined;
