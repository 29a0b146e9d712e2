import { formatDuration } from "../quantity.ts";
import { type Bucket, bucketOfLocal, localStartOf, nameOf, type Period, periods } from "../time/calendar.ts";
import { clockTolerance } from "../time/clock-tolerance.ts";
import { zoneOf } from "../time/zone.ts";
import { type History, type Hold, historyOf, historyUntil, holdNames, type Policy } from "./keep.ts";
import { expectedBuckets, type Producer } from "./owed.ts";
import { countUnheld, holdsByAll, type Pruning, unheldSince } from "./unheld.ts";

export { type Hold, type KeepOptions, type Kept, keep, keepByAny, type Policy, type Tier } from "./keep.ts";
export type { Producer } from "./owed.ts";
export type { Pruning } from "./unheld.ts";

/** All moments and durations in seconds. */
export interface RetentionQuestion extends Pruning {
  /** What exists, in any order. */
  readonly timestamps: readonly number[];
  readonly policy: Policy;
  /** Whose hours, days and weeks count. */
  readonly timezone: string;
  /** Nothing is owed for fires before the policy was in force. */
  readonly inForceSince: number;
  /** Who makes artifacts, and when. None: nobody does any more, and nothing is owed. */
  readonly producers: readonly Producer[];
  /** When it was seen what exists: what has been made since cannot be missing. */
  readonly now: number;
}

export interface TierVerdict {
  readonly tier: Period;
  /** Periods that the policy promises. */
  readonly promised: number;
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
  /** Since when there has been at least one of them; null: there is none. */
  readonly excessSince: number | null;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** Why each artifact is kept, by its index in `timestamps`; empty: nothing holds it. */
  readonly heldBy: readonly (readonly Hold[])[];
}

/**
 * Compares what exists with what a policy promises.
 *
 * **Missing.** A tier promises its newest N calendar periods, the current one included; which of them are expected, `expectedBuckets` says.
 * An artifact belongs to the period of its own time: schedule a job well before the period ends. One that is dated in the future
 * stands for no period.
 *
 * **Excess.** An artifact counts when nothing held it `slack` ago already, judged by what existed then: it has had `slack` to be pruned. A
 * policy that is younger than its slack has no excess yet.
 */
export function evaluateRetention(question: RetentionQuestion): RetentionVerdict {
  const { timestamps, policy } = question;
  const zone = zoneOf(question.timezone);
  const history = historyOf(timestamps, zone);
  const past = historyUntil(history, question.now + clockTolerance);
  const tiers = periods
    .filter((period) => policy[period] > 0)
    .map((period) => judgeTier(period, policy[period], expectedBuckets(period, question, zone), past));
  const excess = countExcess(history, question);
  const excessSince = excess === 0 ? null : unheldSince(historyUntil(history, dueOf(question)), question);
  const violations = [...tiers.flatMap(describeMissing), ...describeExcess(excess, policy)];
  return {
    verdict: violations.length === 0 ? "compliant" : "violated",
    violations,
    tiers,
    excess,
    excessSince: excessSince === null ? null : Math.max(excessSince, question.inForceSince) + policy.slack,
    oldestAt: history.at.at(-1) ?? null,
    newestAt: history.at[0] ?? null,
    heldBy: reasons(history, question),
  };
}

/** Whether each artifact counts as excess, by its index in `timestamps`. */
export function excessOf(question: RetentionQuestion): readonly boolean[] {
  const then = historyUntil(historyOf(question.timestamps, zoneOf(question.timezone)), dueOf(question));
  const result = new Array<boolean>(question.timestamps.length).fill(false);
  if (dueOf(question) < question.inForceSince) return result;
  holdsByAll(then, question).forEach((mask, position) => {
    result[then.order[position] as number] = mask === 0;
  });
  return result;
}

/** What nothing held then has had its time to be pruned. */
function dueOf({ now, policy }: RetentionQuestion): number {
  return now - policy.slack;
}

function countExcess(history: History, question: RetentionQuestion): number {
  const due = dueOf(question);
  return due < question.inForceSince ? 0 : countUnheld(historyUntil(history, due), question);
}

function reasons(history: History, question: RetentionQuestion): (readonly Hold[])[] {
  const heldBy = new Array<readonly Hold[]>(history.order.length);
  const namesOf = holdNames();
  const masks = holdsByAll(history, question, question.now + clockTolerance);
  for (let position = 0; position < masks.length; position += 1) {
    heldBy[history.order[position] as number] = namesOf(masks[position] as number);
  }
  return heldBy;
}

function judgeTier(tier: Period, promised: number, expected: readonly Bucket[], { local }: History): TierVerdict {
  const oldest = expected.at(-1) ?? Number.POSITIVE_INFINITY;
  const present = new Set<Bucket>();
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const moment of local) {
    if (moment >= start && moment < end) continue;
    const bucket = bucketOfLocal(tier, moment);
    if (bucket < oldest) break;
    present.add(bucket);
    start = localStartOf(tier, bucket);
    end = localStartOf(tier, bucket + 1);
  }
  const missing = expected.filter((bucket) => !present.has(bucket)).map((bucket) => nameOf(tier, bucket));
  return { tier, promised, expected: expected.length, present: expected.length - missing.length, missing };
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
