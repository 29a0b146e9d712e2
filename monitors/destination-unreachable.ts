import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

export const destinationUnreachable = defineAlert({
  id: "destination-unreachable",
  title: "Destination cannot be reached",
  condition: () =>
    below(lowest("destinationReachable", { by: ["host", "destination"] }), { critical: half }, { lasting: hours(1) }),
  summary: ({ host, destination }) => `${host} could not list the destination ${destination} for an hour.`,
  why: "The next backup will fail there, and nobody can see whether the last one still exists.",
  remedies: () => [
    { what: "See what the last look said", command: "pantheros collect" },
    { what: "See whether credentials and address are right", command: "pantheros doctor" },
  ],
});
