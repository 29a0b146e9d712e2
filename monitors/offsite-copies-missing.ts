import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { difference, lowest } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const offsiteCopiesMissing = defineAlert({
  id: "offsite-copies-missing",
  title: "Fewer offsite copies than promised",
  condition: () =>
    below(
      difference(
        lowest("objectiveOffsite", { by: ["host", "objective"] }),
        lowest("objectiveOffsitePromised", { by: ["host", "objective"] }),
      ),
      { warning: count(0) },
      { lasting: hours(1) },
    ),
  summary: ({ host, objective }) =>
    `${objective} on ${host} has fewer proven, fresh copies elsewhere than are promised.`,
  why: "Fire, theft and a stolen key reach all that is in one place.",
  remedies: ({ objective }) => [
    { what: "See which copy is missing or old", command: `pantheros objectives ${objective}` },
  ],
});
