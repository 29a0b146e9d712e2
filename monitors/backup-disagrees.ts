import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

export const backupDisagrees = defineAlert({
  id: "backup-disagrees",
  title: "Backup is not where it should be",
  condition: () =>
    above(highest("jobProof", { by: ["host", "job", "target"], where: { state: ["disagrees"] } }), { critical: half }),
  summary: ({ host, job, target }) =>
    `${job} on ${host} says that it left a backup at ${target}, but an independent look does not find it.`,
  why: "Somebody or something has deleted the newest backup, or it was never written.",
  remedies: ({ job }) => [
    { what: "See what is missing", command: "pantheros status" },
    { what: "Look again now", command: "pantheros collect" },
    { what: "Make a new backup", command: `pantheros run ${job}` },
  ],
});
