import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

/** Counts from when a filesystem was first seen, where it was never scrubbed: a new one has as long as every other. */
export const scrubOverdue = defineAlert({
  id: "scrub-overdue",
  title: "Disk has not been scrubbed for too long",
  condition: ({ thresholds }) =>
    above(highest("btrfsScrubAge", { by: ["host", "device"] }), { warning: thresholds.scrubAge }),
  summary: ({ host, device, value }) => `Nobody has read all of ${device} on ${host} for ${value}.`,
  why: "Damage is only found when it is read, and can only be mended while the other copy is still good.",
  remedies: () => [
    { what: "See when each filesystem was last scrubbed", command: "pantheros disks" },
    { what: "Scrub now", command: "btrfs scrub start /" },
  ],
});
