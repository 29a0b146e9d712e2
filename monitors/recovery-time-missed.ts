import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest, quotient } from "../src/model/alert/expression.ts";
import { times } from "../src/model/alert/measure.ts";

export const recoveryTimeMissed = defineAlert({
  id: "recovery-time-missed",
  title: "Restoring takes longer than promised",
  condition: () =>
    above(
      quotient(
        highest("objectiveRtoActual", { by: ["host", "objective"] }),
        highest("objectiveRtoPromised", { by: ["host", "objective"] }),
      ),
      { warning: times(1) },
    ),
  summary: ({ host, objective, value }) =>
    `The last drill of ${objective} on ${host} took ${value} of the recovery time that is promised.`,
  why: "In an emergency it would take at least as long.",
  remedies: ({ objective }) => [{ what: "See what the drill measured", command: `pantheros objectives ${objective}` }],
});
