import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** A state: it stays until a restore succeeds. */
export const drillFailed = defineAlert({
  id: "drill-failed",
  title: "Restore drill failed",
  condition: () => above(highest("drillFailing", { by: ["host", "job", "target"] }), { critical: half }),
  summary: ({ host, job, target }) => `The last attempt of ${job} on ${host} to restore from ${target} failed.`,
  why: "A backup that cannot be restored is none; now there is time to find out why.",
  remedies: ({ job }) => [
    { what: "See what went wrong", command: `pantheros explain --job ${job}` },
    { what: "Restore again once the cause is mended", command: `pantheros run ${job}` },
  ],
});
