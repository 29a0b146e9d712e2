import type { MonthReport } from "../../model/objective/month-report.ts";

/** Where the appendix lists runs. */
export interface RunAnchors {
  readonly isListed: (run: string) => boolean;
  /** Fit for an id and for what refers to it. */
  readonly idOf: (run: string) => string;
}

export function runAnchors({ runs }: Pick<MonthReport, "runs">): RunAnchors {
  const listed = new Set(runs.map(({ id }) => id));
  return { isListed: (run) => listed.has(run), idOf: (run) => `run-${slug(run)}` };
}

/** Names of runs, jobs and objectives as ids of a document: nothing in them needs to be escaped. */
export function slug(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
}
