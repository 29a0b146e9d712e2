import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

/** Counts from the declaration of a check that was never made. */
export const checkOverdue = defineAlert({
  id: "check-overdue",
  title: "What is stored has not been read back for too long",
  condition: ({ thresholds }) =>
    above(highest("checkAge", { by: ["host", "job", "target"] }), { warning: thresholds.checkAge }),
  summary: ({ host, job, target, value }) => `${job} on ${host} last found ${target} whole ${value} ago.`,
  why: "Storage that rots says nothing: damage is found when it is read, at the latest when it is needed.",
  remedies: ({ job }) => [
    { what: "See how its last runs ended", command: `pantheros runs ${job}` },
    { what: "Check now", command: `pantheros run ${job}` },
  ],
});
