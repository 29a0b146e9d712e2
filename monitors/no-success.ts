import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import type { Stack } from "../src/model/alert/stack.ts";

/**
 * Counts from the declaration of a job that has never succeeded: one that never ran is not forgotten. What runs more rarely than every day, or
 * only while a laptop is awake, is judged by its own schedule, see `job-overdue`.
 */
export const tooLongWithoutSuccess = ({ thresholds }: Stack) =>
  above(highest("jobSuccessAge", { by: ["host", "job"], without: { rhythm: ["rarer", "awake"] } }), {
    critical: thresholds.sinceSuccess,
  });

export const noSuccess = defineAlert({
  id: "no-success",
  title: "No successful backup",
  condition: tooLongWithoutSuccess,
  summary: ({ host, job, value }) => `${job} on ${host} has not succeeded for ${value}.`,
  why: "Whatever was written since is in no backup.",
  remedies: ({ job }) => [
    { what: "See whether it ran at all, and how it ended", command: `pantheros runs ${job}` },
    { what: "See whether its timer is there and active", command: "pantheros doctor" },
    { what: "Run it now", command: `pantheros run ${job}` },
  ],
});
