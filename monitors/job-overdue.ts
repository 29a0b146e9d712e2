import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { overdueLevels } from "../src/model/alert/levels.ts";
import { minutes } from "../src/model/alert/measure.ts";

/** By its schedule and grace, whatever its rhythm: critical as late as a daily job is without success for too long. */
export const jobOverdue = defineAlert({
  id: "job-overdue",
  title: "Backup job is overdue",
  condition: ({ thresholds }) =>
    above(highest("jobOverdue", { by: ["host", "job"] }), overdueLevels(thresholds), { lasting: minutes(10) }),
  summary: ({ host, job, value }) => `${job} on ${host} should have succeeded ${value} ago, by its schedule and grace.`,
  why: "A job that does not start raises no error: its absence is the only sign.",
  remedies: ({ job }) => [
    { what: "See its last runs and when the next one is due", command: "pantheros status" },
    { what: "See whether its timer is there and active", command: "pantheros doctor" },
    { what: "Run it now", command: `pantheros run ${job}` },
  ],
});
