import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { increase } from "../src/model/alert/expression.ts";
import { count, days } from "../src/model/alert/measure.ts";

/** Each disk has its counters from the first look on, at 0: one that appears with errors was known by another name before a reboot. */
export const deviceErrors = defineAlert({
  id: "device-errors",
  title: "Btrfs counts errors of a disk",
  condition: () =>
    above(increase("btrfsDeviceErrors", { by: ["host", "device", "kind"], within: days(1), appearing: "old" }), {
      critical: count(0),
    }),
  summary: ({ host, device, kind }) => `Btrfs has counted new ${kind} errors on ${device} of ${host}.`,
  why: "A disk that returns wrong data or refuses writes is about to fail; what it holds may be damaged already.",
  remedies: () => [
    { what: "See which device and how many", command: "btrfs device stats /" },
    { what: "Read everything and repair what has a second copy", command: "btrfs scrub start -B /" },
  ],
});
