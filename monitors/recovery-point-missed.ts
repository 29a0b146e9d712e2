import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest, quotient } from "../src/model/alert/expression.ts";
import { times } from "../src/model/alert/measure.ts";

export const recoveryPointMissed = defineAlert({
  id: "recovery-point-missed",
  title: "More data can be lost than was promised",
  condition: () =>
    above(
      quotient(
        highest("objectiveRpoActual", { by: ["host", "objective"] }),
        highest("objectiveRpoPromised", { by: ["host", "objective"] }),
      ),
      { critical: times(1) },
    ),
  summary: ({ host, objective, value }) =>
    `The newest proven backup of ${objective} on ${host} is older than promised (${value} of the promise).`,
  why: "Everything since that backup is lost if the original is lost now.",
  remedies: ({ objective }) => [
    { what: "See which job or copy is behind", command: `pantheros objectives ${objective}` },
  ],
});
