import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

/** Where copies have not been looked at yet, nobody knows: that is not missing, see `backup-unproven`. */
export const copiesMissing = defineAlert({
  id: "copies-missing",
  title: "Fewer copies than promised",
  condition: () =>
    below(
      lowest("objectiveMet", { by: ["host", "objective"], where: { promise: ["copies"] } }),
      { warning: half },
      { lasting: hours(1) },
    ),
  summary: ({ host, objective }) => `${objective} on ${host} has fewer proven, fresh copies than are promised.`,
  why: "One more loss than planned for, and there is no copy left.",
  remedies: ({ objective }) => [
    { what: "See which copy is missing or old", command: `pantheros objectives ${objective}` },
  ],
});
