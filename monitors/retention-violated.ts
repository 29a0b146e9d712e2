import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half, hours } from "../src/model/alert/measure.ts";

export const retentionViolated = defineAlert({
  id: "retention-violated",
  title: "Retention is not as promised",
  condition: () =>
    below(
      lowest("retentionCompliant", { by: ["host", "subject", "policy"] }),
      { warning: half },
      { lasting: hours(1) },
    ),
  summary: ({ host, subject, policy }) =>
    `What exists of ${subject} on ${host} is not what the policy ${policy} promises: something is missing, or is not pruned.`,
  why: "A missing week is a week that nobody can go back to; what is not pruned fills the disk and costs money.",
  remedies: ({ subject }) => [
    { what: "See which periods are missing and what waits for pruning", command: `pantheros retention ${subject}` },
  ],
});
