import type { Config } from "../config/schema.ts";
import type { LastStep, Ledger } from "../ledger/ledger.ts";
import type { StepKind } from "../model/run/run.ts";
import type { Sample } from "../model/samples/sample.ts";
import { defineLiveCollector } from "./collector.ts";
import { type DeclaredStep, declaredSteps } from "./declared/steps.ts";
import { lastAttempts } from "./last-attempts.ts";

const kinds = ["check", "drill"] as const;
const keyOf = (kind: StepKind, { job, id, target }: DeclaredStep) => JSON.stringify([kind, job, id, target]);

/** What has been proved by reading it back: checks of what is stored, and restores that were used. */
export const drills = defineLiveCollector({
  name: "drills",
  summary: "Last successful check and restore drill of each job, the measured recovery time and the verified share.",
  live: true,
  collect({ config, ledger }) {
    const declared = new Set(kinds.flatMap((kind) => declaredSteps(kind, config).map((step) => keyOf(kind, step))));
    // A step that was taken out of the configuration, or leads elsewhere now, promises nothing any more.
    const steps = ledger.lastSteps().filter((step) => declared.has(keyOf(step.kind, step)));
    return [...steps.flatMap(proved), ...ages(config, ledger, steps), ...failing(config, ledger, steps)];
  },
});

function proved({ job, kind, target, finishedAt, bytes, evidence }: LastStep): Sample[] {
  const labels = { job, target };
  const at = finishedAt / 1000;
  if (kind === "check") {
    const coverage = evidence["coverage_ratio"];
    const last: Sample = { metric: "checkLastSuccess", labels, value: at };
    return typeof coverage === "number" ? [last, { metric: "checkCoverage", labels, value: coverage }] : [last];
  }
  if (kind !== "drill") return [];
  const seconds = evidence["rto_seconds"];
  return [
    { metric: "drillLastSuccess", labels, value: at },
    ...(typeof seconds === "number" ? [{ metric: "drillRto", labels, value: seconds } satisfies Sample] : []),
    ...(bytes === null ? [] : [{ metric: "drillBytes", labels, value: bytes } satisfies Sample]),
  ];
}

/** What has never been done is as old as its declaration: a drill that never starts is overdue one day, too. */
function ages(config: Config, ledger: Ledger, steps: readonly LastStep[]): Sample[] {
  const declared = new Map(ledger.jobStates().map(({ job, declaredAt }) => [job, declaredAt]));
  return kinds.flatMap((kind) => {
    const since = new Map<string, number>();
    for (const { job, id, target } of declaredSteps(kind, config)) {
      const done = steps.find((step) => step.job === job && step.id === id && step.target === target);
      const at = done?.finishedAt ?? declared.get(job);
      // Several of one place together are as old as the oldest.
      const key = JSON.stringify([job, target]);
      if (at !== undefined) since.set(key, Math.min(at / 1000, since.get(key) ?? Number.POSITIVE_INFINITY));
    }
    return [...since].map(([key, at]): Sample => {
      const [job, target] = JSON.parse(key) as [string, string];
      return { metric: kind === "check" ? "checkAge" : "drillAge", labels: { job, target }, since: at };
    });
  });
}

function failing(config: Config, ledger: Ledger, last: readonly LastStep[]): Sample[] {
  const attempts = lastAttempts("drill", config, ledger, last);
  const places = Map.groupBy(attempts, ({ job, target }) => JSON.stringify([job, target]));
  return [...places.values()].map((own): Sample => {
    const [{ job, target } = { job: "", target: "" }] = own;
    const value = own.some(({ failed }) => failed) ? 1 : 0;
    return { metric: "drillFailing", labels: { job, target }, value };
  });
}
