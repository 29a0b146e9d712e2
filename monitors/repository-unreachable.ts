import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

export const repositoryUnreachable = defineAlert({
  id: "repository-unreachable",
  title: "Repository cannot be reached",
  condition: () =>
    below(lowest("repositoryReachable", { by: ["host", "repository"] }), { critical: half }, { lasting: hours(1) }),
  summary: ({ host, repository }) => `${host} could not open the repository ${repository} for an hour.`,
  why: "What cannot be listed cannot be restored either.",
  remedies: () => [
    { what: "See what the last look said", command: "pantheros collect" },
    { what: "See whether credentials and address are right", command: "pantheros doctor" },
  ],
});
