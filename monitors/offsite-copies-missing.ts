import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

/** As `copies-missing`. */
export const offsiteCopiesMissing = defineAlert({
  id: "offsite-copies-missing",
  title: "Fewer offsite copies than promised",
  condition: () =>
    below(
      lowest("objectiveMet", { by: ["host", "objective"], where: { promise: ["offsite"] } }),
      { warning: half },
      { lasting: hours(1) },
    ),
  summary: ({ host, objective }) =>
    `${objective} on ${host} has fewer proven, fresh copies elsewhere than are promised.`,
  why: "Fire, theft and a stolen key reach all that is in one place.",
  remedies: ({ objective }) => [
    { what: "See which copy is missing or old", command: `pantheros objectives ${objective}` },
  ],
});
