import { defineAlert } from "../src/model/alert/alert.ts";
import { above, either } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { failureLevels } from "../src/model/alert/levels.ts";
import { tooLongWithoutSuccess } from "./no-success.ts";

/** Failed N times in a row, or no success in X hours, whichever comes first. */
export const failingRepeatedly = defineAlert({
  id: "failing-repeatedly",
  title: "Backup job does not recover",
  condition: (stack) =>
    either(
      above(highest("jobConsecutiveFailures", { by: ["host", "job"] }), failureLevels(stack.thresholds)),
      tooLongWithoutSuccess(stack),
    ),
  summary: ({ host, job }) => `${job} on ${host} has failed again and again, or has not succeeded for too long.`,
  why: "It will not mend itself: each further hour is an hour of work that a restore cannot bring back.",
  remedies: ({ job }) => [
    { what: "See the last runs and their reasons", command: `pantheros runs ${job}` },
    { what: "See what the last reason means", command: `pantheros explain --job ${job}` },
  ],
});
