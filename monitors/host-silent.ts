import { defineAlert } from "../src/model/alert/alert.ts";
import { silent } from "../src/model/alert/condition.ts";
import { minutes } from "../src/model/alert/measure.ts";

/**
 * For a host that was seen within a week: one that is gone for good stops being told after that. A machine that sleeps is silent whenever its
 * lid is closed; one whose jobs count only the time awake says so.
 */
export const hostSilent = defineAlert({
  id: "host-silent",
  title: "pantheros is silent",
  condition: () =>
    silent("buildInfo", {
      ...{ by: ["host"], longer: minutes(30), severity: "critical" },
      unless: { metric: "jobSuccessAge", where: { rhythm: ["awake"] } },
    }),
  summary: ({ host }) => `Nothing has been heard from pantheros on ${host} for half an hour.`,
  why: "While it is silent, no other alert of this host can fire.",
  remedies: () => [
    { what: "See whether the machine and the services run", command: "systemctl status 'pantheros*'" },
    { what: "See what is missing on the host", command: "pantheros doctor" },
  ],
});
