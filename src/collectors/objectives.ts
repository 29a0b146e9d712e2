import type { Sample } from "../model/sample.ts";
import { defineLiveCollector } from "./collector.ts";

/**
 * The recovery point objective that is promised and the one that holds now: as old as the oldest of the newest backups of the jobs that together
 * protect the data. A job that has never backed anything up leaves it unknown.
 */
export const objectives = defineLiveCollector({
  name: "objectives",
  summary: "Recovery points promised by the objectives, and how old the newest backups really are.",
  live: true,
  collect({ config, ledger }) {
    const newest = new Map<string, number>();
    for (const { kind, job, finishedAt } of ledger.lastSteps()) {
      if (kind !== "prune") newest.set(job, Math.max(newest.get(job) ?? 0, finishedAt / 1000));
    }
    return Object.entries(config.objectives).flatMap(([objective, { jobs, rpo }]): Sample[] => {
      if (rpo === undefined) return [];
      const labels = { objective };
      const promised: Sample = { metric: "objectiveRpoPromised", labels, value: rpo };
      const points = jobs.map((job) => newest.get(job));
      if (points.includes(undefined)) return [promised];
      return [promised, { metric: "objectiveRpoActual", labels, since: Math.min(...points.map(Number)) }];
    });
  },
});
