import type { Config } from "../config/schema.ts";
import type { JobConfig } from "../config/sections/jobs.ts";
import type { Sample } from "../model/samples/sample.ts";

/** Labels whose value is a name of a section. */
const sections = {
  job: "jobs",
  subvol: "subvolumes",
  repository: "repositories",
  destination: "destinations",
  objective: "objectives",
  policy: "retention",
} as const satisfies Record<string, keyof Config>;
const places = ["subvolumes", "repositories", "destinations"] as const;
const kinds = { subvolume: "subvolumes", repository: "repositories", destination: "destinations" } as const;

type Labels = Readonly<Record<string, string | undefined>>;

/**
 * Whether a series speaks of things that the configuration declares. The ledger remembers what was counted of jobs that are gone, and what a
 * collector saw before that was switched off: those series end with their declaration.
 */
export function declarationOf(config: Config): (sample: Sample) => boolean {
  const declared = Object.entries(sections).map(
    ([label, section]) => [label, new Set(Object.keys(config[section]))] as const,
  );
  const targets = new Map<string, Map<string, boolean>>();
  const isTarget = (job: string, target: string) => {
    const own = targets.get(job) ?? new Map<string, boolean>();
    targets.set(job, own);
    const known = own.get(target) ?? leavesAt(config.jobs[job], target);
    own.set(target, known);
    return known;
  };
  return (sample) => {
    const labels: Labels = sample.labels;
    for (const [label, names] of declared) {
      const name = labels[label];
      if (name !== undefined && !names.has(name)) return false;
    }
    const { job, target, subject, kind } = labels;
    if (job !== undefined && target !== undefined && !isTarget(job, target)) return false;
    return subject === undefined || isSubject(subject, kind, config);
  };
}

function isSubject(subject: string, kind: string | undefined, config: Config): boolean {
  const own = kind !== undefined && Object.hasOwn(kinds, kind) ? [kinds[kind as keyof typeof kinds]] : places;
  return own.some((section) => Object.hasOwn(config[section], subject));
}

/** Whether a step of the job names the target: places are written out, a reference to one is refused. `none`: a step without a target. */
function leavesAt(job: JobConfig | undefined, target: string): boolean {
  return target === "none" || (job?.steps.some((step) => names(step, target)) ?? false);
}

function names(value: unknown, target: string): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some((each) => names(each, target));
  return value === target;
}

/** A counter that only appears with its first increment hides it: from nothing to 1 is no increase. */
export function countersAtZero({ jobs, subvolumes }: Config): Sample[] {
  return [
    ...Object.keys(jobs).map(
      (job): Sample => ({ metric: "jobRuns", labels: { job, outcome: "success", reason: "none" }, value: 0 }),
    ),
    ...Object.keys(subvolumes).map((subvol): Sample => ({ metric: "snapshotCreated", labels: { subvol }, value: 0 })),
  ];
}
