import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { total } from "../src/model/alert/expression.ts";
import { count } from "../src/model/alert/measure.ts";

/** What could be mended is only a warning of the disk; what could not is lost until it is restored. */
export const scrubErrors = defineAlert({
  id: "scrub-errors",
  title: "Scrub found damage that it could not mend",
  condition: () =>
    above(total("btrfsScrubErrors", { by: ["host", "device"], where: { kind: ["uncorrectable"] } }), {
      critical: count(0),
    }),
  summary: ({ host, device, value }) =>
    `The last scrub of ${device} on ${host} found ${value} errors that it could not mend.`,
  why: "These files are damaged, and the next backups cannot read them.",
  remedies: () => [
    { what: "See which files the kernel names, and restore them from a backup", command: "dmesg --level err,warn" },
    { what: "See which disk has errors", command: "pantheros disks" },
  ],
});
