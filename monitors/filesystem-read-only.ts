import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

export const filesystemReadOnly = defineAlert({
  id: "filesystem-read-only",
  title: "Btrfs has made a filesystem read-only",
  condition: () => above(highest("btrfsReadOnly", { by: ["host", "device"] }), { critical: half }),
  summary: ({ host, device }) => `The filesystem ${device} on ${host} can only be read.`,
  why: "Btrfs does that after an error that it cannot survive: nothing is written any more, no snapshot and no journal.",
  remedies: () => [
    { what: "See what the kernel says of it", command: "dmesg --level err,warn" },
    { what: "See what else is wrong with it", command: "pantheros disks" },
  ],
});
