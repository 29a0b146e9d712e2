import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { metadataLevels } from "../src/model/alert/levels.ts";
import { minutes } from "../src/model/alert/measure.ts";

export const metadataPressure = defineAlert({
  id: "metadata-pressure",
  title: "Btrfs runs out of room for metadata",
  condition: () =>
    above(highest("btrfsMetadataPressure", { by: ["host", "device"] }), metadataLevels, { lasting: minutes(10) }),
  summary: ({ host, device, value }) =>
    `Metadata takes ${value} of all the room that ${device} on ${host} could give it.`,
  why: "When it is full nothing can be written, not even to remove a snapshot, although there seems to be space left.",
  remedies: () => [
    { what: "See what is left, and the commands that make room", command: "pantheros disks" },
    { what: "See which snapshots can go", command: "pantheros retention" },
  ],
});
