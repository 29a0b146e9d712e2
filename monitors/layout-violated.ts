import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const layoutViolated = defineAlert({
  id: "layout-violated",
  title: "Filesystems are not laid out as they shall be",
  condition: () =>
    above(highest("layoutViolations", { by: ["host", "rule"] }), { warning: count(0) }, { lasting: hours(1) }),
  summary: ({ host, rule, value }) => `${value} subvolumes or filesystems of ${host} break the rule ${rule}.`,
  why: "A subvolume that is missing is in no snapshot, and one that is laid out otherwise may be saved in pieces.",
  remedies: () => [{ what: "See what is otherwise, and the commands that mend it", command: "pantheros audit" }],
});
