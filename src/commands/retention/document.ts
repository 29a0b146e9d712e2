import type { HistoryVerdict, SubjectVerdict } from "../../collectors/retention-look/verdicts.ts";
import { calendarOf } from "../../model/retention/calendar.ts";
import { excessOf } from "../../model/retention/retention.ts";

export interface RetentionView {
  readonly host: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** The policy that is tried on what exists; null: what is promised is judged. */
  readonly trial: string | null;
  readonly subjects: readonly SubjectVerdict[];
}

/** Periods of one tier in a document: hours of more than a month are for nobody. */
const mostPeriods = 1000;

/** What `--json` prints; moments are seconds since the epoch. */
export function retentionDocument({ host, at, trial, subjects }: RetentionView) {
  return {
    host,
    at,
    trial,
    subjects: subjects.map(({ subject: name, policyName, policy, histories, ...known }) => ({
      ...{ name, ...known, policy: policyName === null ? null : { name: policyName, ...policy } },
      histories: histories.map(historyDocument),
    })),
  };
}

function historyDocument({
  name,
  jobs,
  timezone,
  owed,
  artifacts,
  verdict,
  question,
  pruning,
  stopped,
}: HistoryVerdict) {
  const isExcess = excessOf(question);
  const { heldBy, tiers, ...judged } = verdict;
  const { jobs: by, lastSuccessAt, leftBecause } = pruning;
  return {
    ...{ name, jobs, timezone, owed, ...judged },
    pruning: { jobs: by, lastSuccessAt, leftBecause, stopped },
    tiers: tiers.map((tier) => ({ ...tier, periods: calendarOf(tier.tier, question, mostPeriods) })),
    artifacts: artifacts
      .map((artifact, index) => ({
        ...{ name: artifact.name, at: artifact.at, heldBy: heldBy[index] ?? [], excess: isExcess[index] === true },
      }))
      .sort((a, b) => b.at - a.at),
  };
}
