import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

export const snapshotAge = defineAlert({
  id: "snapshot-age",
  title: "Newest snapshot is old",
  condition: ({ thresholds }) =>
    above(highest("snapshotAge", { by: ["host", "subvol"] }), { warning: thresholds.snapshotAge }),
  summary: ({ host, subvol, value }) => `The newest snapshot of ${subvol} on ${host} is ${value} old.`,
  why: "A file deleted since then cannot be brought back from this disk.",
  remedies: () => [
    { what: "See which job makes its snapshots, and how it ended", command: "pantheros status" },
    { what: "See what exists", command: "pantheros retention" },
  ],
});
