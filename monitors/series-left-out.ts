import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const seriesLeftOut = defineAlert({
  id: "series-left-out",
  title: "Not everything is shown",
  condition: () => above(highest("seriesLeftOut", { by: ["host"] }), { warning: count(0) }, { lasting: hours(1) }),
  summary: ({ host, value }) =>
    `${value} series of ${host} are not published: there are more devices or hosts than are shown.`,
  why: "No alert can fire for what is not shown.",
  remedies: () => [
    { what: "See what is shown", command: "pantheros metrics" },
    { what: "See every filesystem", command: "pantheros disks" },
  ],
});
