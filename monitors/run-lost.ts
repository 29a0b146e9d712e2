import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { increase } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const runLost = defineAlert({
  id: "run-lost",
  title: "Backup run was killed",
  condition: () =>
    above(increase("jobLost", { by: ["host", "job", "reason"], within: hours(6) }), { warning: count(0) }),
  summary: ({ host, job, reason }) => `A run of ${job} on ${host} disappeared: ${reason}.`,
  why: "A run that is killed again and again (memory, time limit, reboots) never finishes its backup.",
  remedies: ({ job, reason }) => [
    { what: "See what the reason means", command: `pantheros explain ${reason}` },
    { what: "See the runs of the job", command: `pantheros runs ${job}` },
  ],
});
