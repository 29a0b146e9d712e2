import type { LastStep } from "../ledger/ledger.ts";
import type { Sample } from "../model/sample.ts";
import { wasSeen } from "./backups.ts";
import { defineLiveCollector } from "./collector.ts";

/**
 * The recovery point objective that is promised and the one that holds now: as old as the oldest of the newest backups of the jobs that together
 * protect the data. Data is as old as the start of the run that saved it. A job that has never saved anything, or whose newest backup
 * nobody else can see, leaves it unknown.
 */
export const objectives = defineLiveCollector({
  name: "objectives",
  summary: "Recovery points promised by the objectives, and how old the newest backups really are.",
  live: true,
  collect({ config, ledger }) {
    const observations = ledger.observations();
    const steps = ledger.lastSteps();
    const point = (job: string): number | null => {
      // Where a job backs up, its snapshots are a means; where it does not, they are what it promises.
      const backsUp = config.jobs[job]?.steps.some(({ uses }) => uses.startsWith("backup.")) ?? false;
      const own = steps.filter((step) => step.job === job && step.kind === (backsUp ? "backup" : "snapshot"));
      const newest = own.reduce<LastStep | null>(
        (a, b) => (a === null || b.runStartedAt > a.runStartedAt ? b : a),
        null,
      );
      return newest === null || wasSeen(newest, observations) === false ? null : newest.runStartedAt / 1000;
    };
    return Object.entries(config.objectives).flatMap(([objective, { jobs, rpo }]): Sample[] => {
      if (rpo === undefined) return [];
      const labels = { objective };
      const promised: Sample = { metric: "objectiveRpoPromised", labels, value: rpo };
      const points = jobs.map(point).filter((at) => at !== null);
      if (points.length < jobs.length) return [promised];
      return [promised, { metric: "objectiveRpoActual", labels, since: Math.min(...points) }];
    });
  },
});
