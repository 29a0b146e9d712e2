import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

export const jobPartial = defineAlert({
  id: "job-partial",
  title: "Backup job was only partly done",
  condition: () =>
    above(highest("jobOutcome", { by: ["host", "job"], where: { outcome: ["partial"] } }), { warning: half }),
  summary: ({ host, job }) => `The last run of ${job} on ${host} left something out.`,
  why: "A backup that leaves out what could not be read looks like a backup until that very file is needed.",
  remedies: ({ job }) => [
    { what: "See what was left out", command: `pantheros explain --job ${job}` },
    {
      what: "Mend its cause, or take the source out of the configuration, and run it again",
      command: `pantheros run ${job}`,
    },
  ],
});
