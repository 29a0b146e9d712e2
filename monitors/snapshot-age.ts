import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { hours } from "../src/model/alert/measure.ts";

/**
 * Lasting: the snapshot of yesterday is a day old just before that of today is seen, by as much as the timer's delay, the time until the next
 * look, or the end of summer time; and a machine that has slept makes its own soon after it has woken up.
 */
export const snapshotAge = defineAlert({
  id: "snapshot-age",
  title: "Newest snapshot is old",
  condition: ({ thresholds }) =>
    above(
      highest("snapshotAge", { by: ["host", "subvol"] }),
      { warning: thresholds.snapshotAge },
      { lasting: hours(2) },
    ),
  summary: ({ host, subvol, value }) => `The newest snapshot of ${subvol} on ${host} is ${value} old.`,
  why: "A file deleted since then cannot be brought back from this disk.",
  remedies: () => [
    { what: "See which job makes its snapshots, and how it ended", command: "pantheros status" },
    { what: "See what exists", command: "pantheros retention" },
  ],
});
