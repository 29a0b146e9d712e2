import { type Bucket, bucketAt, bucketOfLocal, nameOf, type Period, periods, startOf } from "./calendar.ts";
import { type History, type Hold, historyOf, historyUntil, holdNames, holdsOf, type Policy } from "./keep.ts";
import { formatDuration } from "./quantity.ts";
import { previousOwedAt, type Schedule } from "./schedule.ts";
import { type Zone, zoneOf } from "./zone.ts";

export { type Hold, type KeepOptions, type Kept, keep, keepByAny, type Policy, type Tier } from "./keep.ts";

/** All moments and durations in seconds. */
export interface RetentionQuestion {
  /** What exists, in any order. */
  readonly timestamps: readonly number[];
  readonly policy: Policy;
  /** Whose hours, days and weeks count. */
  readonly timezone: string;
  /** Nothing is owed for fires before the policy was in force. */
  readonly inForceSince: number;
  /** When artifacts are made. @default unknown: every period that lies wholly between `inForceSince` and now is owed one */
  readonly schedule?: Schedule | undefined;
  /** How long after its fire an artifact may appear. */
  readonly grace: number;
  readonly now: number;
}

export interface TierVerdict {
  readonly tier: Period;
  /** Periods that must hold an artifact by now. */
  readonly expected: number;
  /** Expected periods that hold one. */
  readonly present: number;
  /** Names of those that hold none, newest first: `2026-W07`. */
  readonly missing: readonly string[];
}

export interface RetentionViolation {
  readonly kind: "missing" | "excess";
  /** Which tier lacks something; an excess belongs to none. */
  readonly tier?: Period;
  /** A sentence for a person. */
  readonly detail: string;
}

export interface RetentionVerdict {
  readonly verdict: "compliant" | "violated";
  readonly violations: readonly RetentionViolation[];
  /** The tiers of the policy that promise periods; `last` and `within` promise none. */
  readonly tiers: readonly TierVerdict[];
  /** Artifacts that no tier has held for longer than the policy's slack. */
  readonly excess: number;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** Why each artifact is kept, by its index in `timestamps`; empty: nothing holds it. */
  readonly heldBy: readonly (readonly Hold[])[];
}

/**
 * Compares what exists with what a policy promises.
 *
 * **Missing.** A tier promises its newest N calendar periods, the current one included. A period is expected when its schedule had an owed fire
 * both inside the period and between `inForceSince` and `now - grace`: the policy was in force when the artifact should have been
 * made, and it has had the time to appear. So the current day is not missing before its fire and grace, a weekly job owes no daily
 * snapshots, the month in which the policy came into force is expected once a fire lies in the rest of it, and no period in the
 * future is asked for. An artifact belongs to the period of its own time: schedule a job well before the period ends.
 *
 * **Excess.** An artifact counts when no tier held it `slack` ago already, judged by what existed then: it has had `slack` to be pruned. A
 * policy that is younger than its slack has no excess yet.
 */
export function evaluateRetention(question: RetentionQuestion): RetentionVerdict {
  const { timestamps, policy, now } = question;
  const zone = zoneOf(question.timezone);
  const history = historyOf(timestamps, zone);
  const tiers = periods
    .filter((period) => policy[period] > 0)
    .map((period) => judgeTier(period, expectedBuckets(period, question, zone), history));
  const excess = countExcess(history, question);
  const violations = [...tiers.flatMap(describeMissing), ...describeExcess(excess, policy)];
  const heldBy = new Array<readonly Hold[]>(timestamps.length);
  const namesOf = holdNames();
  holdsOf(history, policy, { now }).forEach((mask, position) => {
    heldBy[history.order[position] as number] = namesOf(mask);
  });
  return {
    verdict: violations.length === 0 ? "compliant" : "violated",
    violations,
    tiers,
    excess,
    oldestAt: history.at.at(-1) ?? null,
    newestAt: history.at[0] ?? null,
    heldBy,
  };
}

/** Newest first. */
function expectedBuckets(
  period: Period,
  { policy, schedule, inForceSince, grace, now }: RetentionQuestion,
  zone: Zone,
): Bucket[] {
  const current = bucketAt(period, now, zone);
  const oldest = current - policy[period] + 1;
  const settled = now - grace;
  const expected: Bucket[] = [];
  if (schedule) {
    let fire = previousOwedAt(schedule, settled);
    while (fire !== null && fire >= inForceSince) {
      const bucket = bucketAt(period, fire, zone);
      if (bucket < oldest) break;
      expected.push(bucket);
      fire = previousOwedAt(schedule, startOf(period, bucket, zone) - 1);
    }
    return expected;
  }
  let end = startOf(period, current, zone);
  for (let bucket = current - 1; bucket >= oldest; bucket -= 1) {
    const start = startOf(period, bucket, zone);
    if (start < inForceSince) break;
    // An hour that the clocks skip has no duration: nothing can be made in it.
    if (end > start && end <= settled) expected.push(bucket);
    end = start;
  }
  return expected;
}

function judgeTier(tier: Period, expected: readonly Bucket[], { local }: History): TierVerdict {
  const oldest = expected.at(-1) ?? Number.POSITIVE_INFINITY;
  const present = new Set<Bucket>();
  for (const moment of local) {
    const bucket = bucketOfLocal(tier, moment);
    if (bucket < oldest) break;
    present.add(bucket);
  }
  const missing = expected.filter((bucket) => !present.has(bucket)).map((bucket) => nameOf(tier, bucket));
  return { tier, expected: expected.length, present: expected.length - missing.length, missing };
}

function countExcess(history: History, { policy, inForceSince, now }: RetentionQuestion): number {
  const due = now - policy.slack;
  if (due < inForceSince) return 0;
  return holdsOf(historyUntil(history, due), policy).filter((mask) => mask === 0).length;
}

function describeMissing({ tier, expected, missing }: TierVerdict): RetentionViolation[] {
  if (missing.length === 0) return [];
  const named = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", …" : "");
  return [{ kind: "missing", tier, detail: `${tier}: ${missing.length} of ${expected} hold no artifact: ${named}` }];
}

function describeExcess(excess: number, policy: Policy): RetentionViolation[] {
  if (excess === 0) return [];
  const artifacts =
    excess === 1 ? "1 artifact that no tier holds waits" : `${excess} artifacts that no tier holds wait`;
  return [{ kind: "excess", detail: `${artifacts} for pruning longer than ${formatDuration(policy.slack)}` }];
}
