import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { days, half } from "../src/model/alert/measure.ts";

export const backupUnproven = defineAlert({
  id: "backup-unproven",
  title: "Backup has not been looked at",
  condition: () =>
    above(
      highest("jobProof", { by: ["host", "job", "target"], where: { state: ["unproven"] } }),
      { warning: half },
      { lasting: days(1) },
    ),
  summary: ({ host, job, target }) =>
    `Nothing but ${job} itself on ${host} says that its newest backup is at ${target}: nobody has looked for a day.`,
  why: "A success that nobody can confirm is a claim.",
  remedies: () => [
    { what: "See which look fails, and why", command: "pantheros collect" },
    { what: "See whether the engine runs", command: "pantheros doctor" },
  ],
});
