import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

export const backupUnusual = defineAlert({
  id: "backup-unusual",
  title: "Backup is unlike those before it",
  condition: () => above(highest("backupAnomaly", { by: ["host", "job", "target", "kind"] }), { warning: half }),
  summary: ({ host, job, target, kind }) => `The last backup of ${job} on ${host} to ${target} is unusual: ${kind}.`,
  why: "A source that is not mounted, files that somebody encrypts or deletes: the backup succeeds, and saves the damage.",
  remedies: ({ job }) => [
    { what: "See what is unusual, and what is usual", command: "pantheros status" },
    { what: "Compare its last runs", command: `pantheros runs ${job}` },
  ],
});
