import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { increase } from "../src/model/alert/expression.ts";
import { count, hours } from "../src/model/alert/measure.ts";

export const ledgerUnwritable = defineAlert({
  id: "ledger-unwritable",
  title: "Journal could not be written",
  condition: () => above(increase("ledgerWriteErrors", { by: ["host"], within: hours(6) }), { warning: count(0) }),
  summary: ({ host }) => `pantheros on ${host} could not write to its ledger at first.`,
  why: "Backups go on, but what is known of them is kept in memory until the ledger can be written again.",
  remedies: () => [
    { what: "See what is wrong with it", command: "pantheros doctor" },
    { what: "See whether its filesystem is full", command: "pantheros disks" },
  ],
});
