import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { difference, highest } from "../src/model/alert/expression.ts";
import { seconds } from "../src/model/alert/measure.ts";

export const backupSlow = defineAlert({
  id: "backup-slow",
  title: "Backup takes longer than expected",
  condition: () =>
    above(
      difference(
        highest("backupDuration", { by: ["host", "job"] }),
        highest("jobExpectedDuration", { by: ["host", "job"] }),
      ),
      { warning: seconds(0) },
    ),
  summary: ({ host, job, value }) => `The last run of ${job} on ${host} took ${value} longer than is expected of it.`,
  why: "A backup that grows slowly one day does not fit into its night.",
  remedies: ({ job }) => [
    { what: "Compare its last runs", command: `pantheros runs ${job}` },
    { what: "Raise expected_duration where the new duration is right", command: "pantheros config show" },
  ],
});
