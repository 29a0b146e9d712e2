import { defineAlert } from "../src/model/alert/alert.ts";
import { above, either } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** Too long ago, or never. */
export const scrubOverdue = defineAlert({
  id: "scrub-overdue",
  title: "Disk has not been scrubbed for too long",
  condition: ({ thresholds }) =>
    either(
      above(highest("btrfsScrubAge", { by: ["host", "device"] }), { warning: thresholds.scrubAge }),
      above(highest("btrfsScrubState", { by: ["host", "device"], where: { state: ["never"] } }), { warning: half }),
    ),
  summary: ({ host, device }) => `Nobody has read all of ${device} on ${host} for too long, or ever.`,
  why: "Damage is only found when it is read, and can only be mended while the other copy is still good.",
  remedies: () => [
    { what: "See when each filesystem was last scrubbed", command: "pantheros disks" },
    { what: "Scrub now", command: "btrfs scrub start /" },
  ],
});
