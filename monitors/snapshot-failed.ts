import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** A state, not a count: it stays until a snapshot succeeds. Databases have an alert of their own. */
export const snapshotFailed = defineAlert({
  id: "snapshot-failed",
  title: "Snapshot could not be made",
  condition: () =>
    above(highest("snapshotFailing", { by: ["host", "subvol"], where: { holds: ["files"] } }), { critical: half }),
  summary: ({ host, subvol }) => `The last attempt to make a snapshot of ${subvol} on ${host} failed.`,
  why: "What is deleted or overwritten from now on cannot be brought back from this disk.",
  remedies: () => [
    { what: "See which job makes its snapshots, and why it failed", command: "pantheros status" },
    { what: "See whether the filesystem is full or read-only", command: "pantheros disks" },
    { what: "See whether subvolume and folder of its snapshots are there", command: "pantheros doctor" },
  ],
});
