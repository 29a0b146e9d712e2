import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { total } from "../src/model/alert/expression.ts";
import { count } from "../src/model/alert/measure.ts";

export const scrubRepaired = defineAlert({
  id: "scrub-repaired",
  title: "Scrub had to mend something",
  condition: () =>
    above(total("btrfsScrubErrors", { by: ["host", "device"], without: { kind: ["uncorrectable"] } }), {
      warning: count(0),
    }),
  summary: ({ host, device, value }) =>
    `The last scrub of ${device} on ${host} found ${value} errors; none of them is lost.`,
  why: "A disk that returns wrong data once does it again: replace it while there is a second copy.",
  remedies: () => [{ what: "See which disk has errors", command: "pantheros disks" }],
});
