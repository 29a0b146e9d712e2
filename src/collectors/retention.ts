import type { Config, JobConfig, RetentionPolicy } from "../config/schema.ts";
import { timezoneOf } from "../config/timezone.ts";
import { evaluateRetention } from "../model/retention.ts";
import type { Artifact, Sample } from "../model/sample.ts";
import { parseSchedule } from "../model/schedule.ts";
import { defineCollector, lastLook, type SubjectKind } from "./collector.ts";

/** What one policy promises about one subject. */
interface RetentionPromise {
  readonly subject: string;
  readonly kind: SubjectKind;
  readonly policyName: string;
  readonly policy: RetentionPolicy;
}

/**
 * Judges what the `snapshots` and `restic` collectors saw by the policies that the configuration names. A subject that was never
 * looked at has no series: unknown is absent, not compliant.
 */
export const retention = defineCollector({
  name: "retention",
  summary: "Snapshots and backups that exist, compared with the retention policies that were promised.",
  every: 300,
  timeout: 60,
  async collect({ config, ledger, now }) {
    const observations = ledger.observations();
    const declared = ledger.declared("policy");
    const samples: Sample[] = [];
    for (const promise of promisesOf(config)) {
      const look = lastLook(observations, promise.kind, promise.subject);
      if (!look) continue;
      const inForceSince = (declared.get(keyOf(promise)) ?? now * 1000) / 1000;
      samples.push(...judge(promise, look.artifacts, { config, inForceSince, now }));
    }
    return { samples };
  },
});

function promisesOf(config: Config): RetentionPromise[] {
  const subjects = [
    ...Object.entries(config.subvolumes).map(([subject, { retention }]) => ({
      subject,
      kind: "subvolume" as const,
      retention,
    })),
    ...Object.entries(config.repositories).map(([subject, { retention }]) => ({
      subject,
      kind: "repository" as const,
      retention,
    })),
  ];
  return subjects.flatMap(({ subject, kind, retention }) => {
    const policy = retention === undefined ? undefined : config.retention[retention];
    return policy && retention !== undefined ? [{ subject, kind, policyName: retention, policy }] : [];
  });
}

/** Each history (host and job in a repository) is judged by itself; the subject complies when all of them do. */
function judge(
  { subject, kind, policy, policyName }: RetentionPromise,
  artifacts: readonly Artifact[],
  { config, inForceSince, now }: { readonly config: Config; readonly inForceSince: number; readonly now: number },
): Sample[] {
  const producer = producerOf(config, kind, subject);
  const timezone = timezoneOf(producer, config);
  const own = artifacts.filter((artifact) => artifact.subject === subject);
  const histories = Object.values(Object.groupBy(own, (artifact) => artifact.group ?? "")) as Artifact[][];
  const verdicts = (histories.length > 0 ? histories : [[]]).map((history) =>
    evaluateRetention({
      timestamps: history.map((artifact) => artifact.at),
      policy,
      timezone,
      inForceSince,
      now,
      grace: producer?.grace ?? 0,
      ...(producer?.schedule === undefined ? {} : { schedule: parseSchedule(producer.schedule, timezone) }),
    }),
  );

  const compliant = verdicts.every((verdict) => verdict.verdict === "compliant");
  const excess = verdicts.reduce((sum, verdict) => sum + verdict.excess, 0);
  const samples: Sample[] = [
    { metric: "retentionCompliant", labels: { subject, policy: policyName }, value: compliant ? 1 : 0 },
    { metric: "retentionExcess", labels: { subject }, value: excess },
  ];
  const oldest = own.reduce((least, artifact) => Math.min(least, artifact.at), Number.POSITIVE_INFINITY);
  if (Number.isFinite(oldest)) samples.push({ metric: "retentionOldest", labels: { subject }, since: oldest });
  for (const { tier } of verdicts[0]?.tiers ?? []) {
    const of = verdicts.map((verdict) => verdict.tiers.find((candidate) => candidate.tier === tier));
    const sum = (count: (found: NonNullable<(typeof of)[number]>) => number) =>
      of.reduce((total, found) => total + (found ? count(found) : 0), 0);
    const labels = { subject, tier };
    samples.push(
      { metric: "retentionExpected", labels, value: sum((found) => found.expected) },
      { metric: "retentionPresent", labels, value: sum((found) => found.present) },
      { metric: "retentionMissing", labels, value: sum((found) => found.missing.length) },
    );
  }
  return samples;
}

/** The job that makes the subject's artifacts: its schedule says which periods are owed. The first one, where there are several. */
function producerOf(config: Config, kind: RetentionPromise["kind"], subject: string): JobConfig | undefined {
  const prefix = kind === "subvolume" ? "snapshot." : "backup.";
  return Object.values(config.jobs).find((job) =>
    job.steps.some((step) => step.uses.startsWith(prefix) && (step as Record<string, unknown>)[kind] === subject),
  );
}

/** Keys under which the ledger remembers since when each policy is in force. */
export function declaredPolicies(config: Config): string[] {
  return promisesOf(config).map(keyOf);
}

/** Changes with the policy's content, so that a policy that has been raised is in force only since then. */
function keyOf({ kind, subject, policy }: RetentionPromise): string {
  return `${kind}:${subject}:${JSON.stringify(policy)}`;
}
