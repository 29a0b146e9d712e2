import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { hours } from "../src/model/alert/measure.ts";

export const diskUsage = defineAlert({
  id: "disk-usage",
  title: "Disk is nearly full",
  condition: ({ thresholds }) =>
    above(highest("diskUsage", { by: ["host", "device"] }), { critical: thresholds.diskUsage }, { lasting: hours(2) }),
  summary: ({ host, device, value }) => `${device} on ${host} is ${value} full.`,
  why: "A full filesystem stops snapshots and backups first, and then whatever writes.",
  remedies: () => [
    { what: "See whether pruning has stopped", command: "pantheros retention" },
    { what: "See what holds the space", command: "btrfs filesystem usage /" },
  ],
});
