import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

export const collectorFailing = defineAlert({
  id: "collector-failing",
  title: "pantheros cannot look at something",
  condition: () =>
    below(lowest("collectorSuccess", { by: ["host", "collector"] }), { warning: half }, { lasting: hours(1) }),
  summary: ({ host, collector }) => `The collector ${collector} on ${host} has not seen everything for an hour.`,
  why: "What it watches is shown as it was, not as it is.",
  remedies: ({ collector }) => [{ what: "Look now and read why it fails", command: `pantheros collect ${collector}` }],
});
