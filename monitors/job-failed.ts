import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** A state, not a count: it stays until the job succeeds, and sees the first failure there ever was. */
export const jobFailed = defineAlert({
  id: "job-failed",
  title: "Backup job failed",
  condition: () =>
    above(highest("jobOutcome", { by: ["host", "job"], where: { outcome: ["failed"] } }), { critical: half }),
  summary: ({ host, job }) => `The last run of ${job} on ${host} failed.`,
  why: "What has changed since the last success is not saved, and nobody will notice until it is needed.",
  remedies: ({ job }) => [
    { what: "See how it ended and what to do", command: `pantheros explain --job ${job}` },
    { what: "Read what the tool said", command: `pantheros runs ${job}` },
    { what: "Run it again once the cause is mended", command: `pantheros run ${job}` },
  ],
});
