import type { Hold } from "../model/retention/retention.ts";
import type { Sample } from "../model/samples/sample.ts";
import type { Period } from "../model/time/calendar.ts";
import { defineCollector } from "./collector.ts";
import { retentionVerdicts, type SubjectVerdict } from "./retention-look/verdicts.ts";

/** A subject that the last look did not reach has no series: unknown is absent, not compliant. */
export const retention = defineCollector({
  name: "retention",
  summary: "Snapshots, backups and what lies at destinations, compared with the retention policies that were promised.",
  every: 300,
  timeout: 60,
  async collect(world) {
    return { samples: retentionVerdicts(world).flatMap(samplesOf) };
  },
});

function samplesOf(seen: SubjectVerdict): Sample[] {
  const { kind, subject, policyName: policy, state, histories, inForceSince, observedAt } = seen;
  if (policy === null || state === "unknown" || state === "unpromised") return [];
  const labels = { kind, subject };
  const verdicts = histories.map(({ verdict }) => verdict);
  const samples: Sample[] = [
    { metric: "retentionCompliant", labels: { ...labels, policy }, value: state === "kept" ? 1 : 0 },
    { metric: "retentionExcess", labels, value: sumOf(verdicts, ({ excess }) => excess) },
  ];
  const oldest = least(verdicts.map(({ oldestAt }) => oldestAt));
  if (oldest !== null) samples.push({ metric: "retentionOldest", labels, since: oldest });
  const since = least(verdicts.map(({ excessSince }) => excessSince));
  if (since !== null) samples.push({ metric: "retentionExcessAge", labels, since });
  if (inForceSince !== null)
    samples.push({ metric: "retentionInForce", labels: { ...labels, policy }, value: inForceSince });
  if (observedAt !== null) samples.push({ metric: "retentionLooked", labels, value: observedAt });
  return [...samples, ...tierSamples(seen), ...(kind === "subvolume" ? holdSamples(seen) : [])];
}

/** What is present is the difference of the two: on a large host a third series for each tier would be one in twenty of all. */
function tierSamples({ kind, subject, histories }: SubjectVerdict): Sample[] {
  const all = histories.flatMap(({ verdict }) => verdict.tiers);
  return Array.from(Map.groupBy(all, ({ tier }) => tier)).flatMap(([tier, of]: [Period, typeof all]): Sample[] => {
    const labels = { kind, subject, tier };
    return [
      { metric: "retentionExpected", labels, value: sumOf(of, ({ expected }) => expected) },
      { metric: "retentionMissing", labels, value: sumOf(of, ({ missing }) => missing.length) },
    ];
  });
}

/** One snapshot may be held by several tiers: they do not add up to all of them. */
function holdSamples({ subject, histories, policy }: SubjectVerdict): Sample[] {
  const counts = new Map<Hold, number>();
  for (const tier of ["last", "within", "hourly", "daily", "weekly", "monthly", "yearly"] as const) {
    if (policy?.[tier]) counts.set(tier, 0);
  }
  for (const { verdict } of histories) {
    for (const holds of verdict.heldBy) for (const hold of holds) counts.set(hold, (counts.get(hold) ?? 0) + 1);
  }
  return Array.from(
    counts,
    ([type, value]): Sample => ({
      metric: "snapshotCount",
      labels: { subvol: subject, type },
      value,
    }),
  );
}

function sumOf<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}

function least(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}
