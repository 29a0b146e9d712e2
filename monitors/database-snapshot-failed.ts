import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** For subvolumes that are declared with `holds: database`. */
export const databaseSnapshotFailed = defineAlert({
  id: "database-snapshot-failed",
  title: "Snapshot of a database could not be made",
  condition: () =>
    above(highest("snapshotFailing", { by: ["host", "subvol"], where: { holds: ["database"] } }), { critical: half }),
  summary: ({ host, subvol }) => `The last attempt to make a snapshot of the database ${subvol} on ${host} failed.`,
  why: "A database is written all the time: every hour without a snapshot is an hour of transactions that no restore brings back.",
  remedies: () => [
    { what: "See which job makes its snapshots, and why it failed", command: "pantheros status" },
    { what: "See whether the filesystem is full or read-only", command: "pantheros disks" },
    { what: "See whether subvolume and folder of its snapshots are there", command: "pantheros doctor" },
  ],
});
