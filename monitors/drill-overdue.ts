import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

/** Counts from the declaration of a drill that was never made. */
export const drillOverdue = defineAlert({
  id: "drill-overdue",
  title: "Restoring has not been tried for too long",
  condition: ({ thresholds }) =>
    above(highest("drillAge", { by: ["host", "job", "target"] }), { warning: thresholds.drillAge }),
  summary: ({ host, job, target, value }) => `${job} on ${host} last restored something from ${target} ${value} ago.`,
  why: "Nobody knows whether the backups of today can be restored, and how long that takes.",
  remedies: ({ job }) => [
    { what: "See how its last runs ended", command: `pantheros runs ${job}` },
    { what: "Restore now", command: `pantheros run ${job}` },
  ],
});
