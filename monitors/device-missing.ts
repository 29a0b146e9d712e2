import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { count } from "../src/model/alert/measure.ts";

export const deviceMissing = defineAlert({
  id: "device-missing",
  title: "A disk of a Btrfs filesystem is missing",
  condition: () => above(highest("btrfsDevicesMissing", { by: ["host", "device"] }), { critical: count(0) }),
  summary: ({ host, device, value }) => `${value} of the disks of the filesystem ${device} on ${host} are not there.`,
  why: "Every copy on it is gone: one more loss, and so is the data.",
  remedies: () => [
    { what: "See which one, and the command that replaces it", command: "pantheros disks" },
    { what: "See what the kernel says of it", command: "dmesg --level err,warn" },
  ],
});
