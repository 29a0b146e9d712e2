import { bucketAt, bucketOfLocal, localStartOf, nameOf, type Period, startOf } from "../time/calendar.ts";
import { clockTolerance } from "../time/clock-tolerance.ts";
import { zoneOf } from "../time/zone.ts";
import { expectedBuckets } from "./owed.ts";
import { excessOf, type RetentionQuestion } from "./retention.ts";

/**
 * `held`: an artifact stands for it. `missing`: it must hold one by now, and does not. `open`: promised, but nothing is owed in it, or not yet.
 * `excess`: it holds one that nothing keeps, and may hold more. Before what the tier promises: `other`, held for another tier or about to
 * be pruned, and `none`.
 */
export type PeriodState = "held" | "missing" | "open" | "excess" | "other" | "none";

export interface CalendarPeriod {
  /** `2026-W07` */
  readonly name: string;
  /** Of the longer period that it is read by: the day of an hour, the month of a day or week, the year of the others. */
  readonly within: string;
  /** Its first moment, seconds since the epoch. */
  readonly startsAt: number;
  readonly state: PeriodState;
  /** How many lie in it. */
  readonly artifacts: number;
}

const longer = { hourly: "daily", daily: "monthly", weekly: "monthly", monthly: "yearly", yearly: "yearly" } as const;
const day = 86_400;

/**
 * The periods that a tier promises, and those before them as far back as there is an excess; oldest first.
 * @param most of them, the newest
 */
export function calendarOf(tier: Period, question: RetentionQuestion, most: number): readonly CalendarPeriod[] {
  const { timestamps, policy, timezone, now } = question;
  if (policy[tier] === 0) return [];
  const zone = zoneOf(timezone);
  const isExcess = excessOf(question);
  const seen = new Map<number, { artifacts: number; excess: boolean }>();
  let oldestExcess = Number.POSITIVE_INFINITY;
  for (const [index, at] of timestamps.entries()) {
    if (at > now + clockTolerance) continue;
    const bucket = bucketAt(tier, at, zone);
    const excess = isExcess[index] === true;
    if (excess) oldestExcess = Math.min(oldestExcess, bucket);
    const before = seen.get(bucket);
    seen.set(bucket, { artifacts: (before?.artifacts ?? 0) + 1, excess: excess || before?.excess === true });
  }
  const current = bucketAt(tier, now, zone);
  const promised = current - policy[tier] + 1;
  const first = Math.max(Math.min(promised, oldestExcess), current - most + 1);
  const expected = new Set(expectedBuckets(tier, question, zone));
  return Array.from({ length: current - first + 1 }, (_, index) => {
    const bucket = first + index;
    const found = seen.get(bucket) ?? { artifacts: 0, excess: false };
    const empty: PeriodState = expected.has(bucket) ? "missing" : "open";
    const plain: PeriodState =
      bucket < promised ? (found.artifacts > 0 ? "other" : "none") : found.artifacts > 0 ? "held" : empty;
    // An ISO week belongs to the month of its Thursday.
    const inside = localStartOf(tier, bucket) + (tier === "weekly" ? 3 * day : 0);
    return {
      name: nameOf(tier, bucket),
      within: nameOf(longer[tier], bucketOfLocal(longer[tier], inside)),
      startsAt: startOf(tier, bucket, zone),
      state: found.excess ? "excess" : plain,
      artifacts: found.artifacts,
    };
  });
}
