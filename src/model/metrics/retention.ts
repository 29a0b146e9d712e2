import { periods } from "../time/calendar.ts";
import { gauge, type MetricDefinition } from "./definition.ts";
import { subjectKinds } from "./label-values.ts";

/** Retention. */
export const retention = {
  retentionCompliant: gauge(
    "retention_compliant",
    "retention.compliant",
    "boolean",
    ["kind", "subject", "policy"],
    "1 when what exists is what the policy promises.",
    { kind: subjectKinds },
  ),
  retentionExpected: gauge(
    "retention_expected",
    "retention.expected",
    "count",
    ["kind", "subject", "tier"],
    "Periods of a tier that must hold an artifact by now. Present are these less the missing ones.",
    { kind: subjectKinds, tier: periods },
  ),
  retentionMissing: gauge(
    "retention_missing",
    "retention.missing",
    "count",
    ["kind", "subject", "tier"],
    "Expected periods of a tier that hold none.",
    { kind: subjectKinds, tier: periods },
  ),
  retentionExcess: gauge(
    "retention_excess",
    "retention.excess",
    "count",
    ["kind", "subject"],
    "Artifacts that no tier holds, older than the policy's slack: pruning has stopped.",
    { kind: subjectKinds },
  ),
  retentionOldest: gauge(
    "retention_oldest_age_seconds",
    "retention.oldest_age",
    "seconds",
    ["kind", "subject"],
    "Age of the oldest artifact.",
    { kind: subjectKinds },
  ),
  retentionExcessAge: gauge(
    "retention_excess_age_seconds",
    "retention.excess_age",
    "seconds",
    ["kind", "subject"],
    "For how long there has been at least one artifact too many; absent while there is none.",
    { kind: subjectKinds },
  ),
  retentionInForce: gauge(
    "retention_in_force_timestamp_seconds",
    "retention.in_force",
    "timestamp",
    ["kind", "subject", "policy"],
    "Since when the policy has been in force: nothing is owed from before.",
    { kind: subjectKinds },
  ),
  retentionLooked: gauge(
    "retention_looked_timestamp_seconds",
    "retention.looked",
    "timestamp",
    ["kind", "subject"],
    "When the subject was last looked at: the time that its retention verdict is true for.",
    { kind: subjectKinds },
  ),
  pruneLastSuccess: gauge(
    "prune_last_success_timestamp_seconds",
    "prune.last_success",
    "timestamp",
    ["kind", "subject"],
    "When pruning of a subvolume, repository or destination last succeeded.",
    { kind: subjectKinds },
  ),
} as const satisfies Record<string, MetricDefinition>;
