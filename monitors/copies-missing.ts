import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { difference, lowest } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const copiesMissing = defineAlert({
  id: "copies-missing",
  title: "Fewer copies than promised",
  condition: () =>
    below(
      difference(
        lowest("objectiveCopies", { by: ["host", "objective"] }),
        lowest("objectiveCopiesPromised", { by: ["host", "objective"] }),
      ),
      { warning: count(0) },
      { lasting: hours(1) },
    ),
  summary: ({ host, objective }) => `${objective} on ${host} has fewer proven, fresh copies than are promised.`,
  why: "One more loss than planned for, and there is no copy left.",
  remedies: ({ objective }) => [
    { what: "See which copy is missing or old", command: `pantheros objectives ${objective}` },
  ],
});
