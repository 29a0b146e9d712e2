import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { minutes, seconds } from "../src/model/alert/measure.ts";

/** A look that never begins does not fail: what it saw last stays, and looks like now. */
export const collectorBehind = defineAlert({
  id: "collector-behind",
  title: "pantheros has stopped looking",
  condition: () =>
    above(
      highest("collectorOverdue", { by: ["host", "collector"] }),
      { warning: seconds(0) },
      { lasting: minutes(15) },
    ),
  summary: ({ host, collector, value }) =>
    `The collector ${collector} on ${host} should have looked again ${value} ago.`,
  why: "What it watches is shown as it was, not as it is.",
  remedies: ({ collector }) => [
    { what: "See whether the engine runs", command: "systemctl status 'pantheros*'" },
    { what: "See what else is missing on the host", command: "pantheros doctor" },
    { what: "Look now", command: `pantheros collect ${collector}` },
  ],
});
