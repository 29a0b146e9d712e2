import { type Bucket, bucketAt, type Period, startOf } from "../time/calendar.ts";
import { previousOwedAt, type Schedule } from "../time/schedule.ts";
import type { Zone } from "../time/zone.ts";
import type { Policy } from "./keep.ts";

/** Somebody who makes the artifacts of a history. */
export interface Producer {
  /** When it does. Null: nobody knows, and every period that lies wholly in the past is owed one. */
  readonly schedule: Schedule | null;
  /** How long after its fire, or after the end of a period where there is no schedule, an artifact may appear; seconds. */
  readonly grace: number;
}

interface Owing {
  readonly policy: Policy;
  readonly producers: readonly Producer[];
  readonly inForceSince: number;
  readonly now: number;
}

/**
 * The periods of a tier that must hold an artifact by now, newest first: those that at least one producer owes. A producer owes a period
 * when it had an owed fire both inside it and between `inForceSince` and `now - grace`: the policy was in force when the artifact should
 * have been made, and it has had the time to appear. So the current day is not missing before its fire and grace, a weekly job owes no
 * daily snapshots, the month in which the policy came into force is expected once a fire lies in the rest of it, and no period in the
 * future is asked for.
 */
export function expectedBuckets(period: Period, question: Owing, zone: Zone): readonly Bucket[] {
  const [first, ...others] = question.producers;
  if (first === undefined) return [];
  const owed = owedBy(first, period, question, zone);
  if (others.length === 0) return owed;
  const all = new Set([...owed, ...others.flatMap((producer) => owedBy(producer, period, question, zone))]);
  return [...all].sort((a, b) => b - a);
}

function owedBy(
  { schedule, grace }: Producer,
  period: Period,
  { policy, inForceSince, now }: Owing,
  zone: Zone,
): Bucket[] {
  const current = bucketAt(period, now, zone);
  const oldest = current - policy[period] + 1;
  const settled = now - grace;
  const owed: Bucket[] = [];
  if (schedule) {
    let fire = previousOwedAt(schedule, settled);
    while (fire !== null && fire >= inForceSince) {
      const bucket = bucketAt(period, fire, zone);
      if (bucket < oldest) break;
      owed.push(bucket);
      fire = previousOwedAt(schedule, startOf(period, bucket, zone) - 1);
    }
    return owed;
  }
  let end = startOf(period, current, zone);
  for (let bucket = current - 1; bucket >= oldest; bucket -= 1) {
    const start = startOf(period, bucket, zone);
    if (start < inForceSince) break;
    // An hour that the clocks skip has no duration: nothing can be made in it.
    if (end > start && end <= settled) owed.push(bucket);
    end = start;
  }
  return owed;
}
