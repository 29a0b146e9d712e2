import { costFigures } from "../collectors/costs/figures.ts";
import { monthAround } from "../model/cost/rate-card.ts";
import { defineCommand, print, printJson, UsageError } from "./command.ts";
import { costText } from "./cost/view.ts";
import { openHost, openHostState } from "./host.ts";

export const cost = defineCommand({
  name: "cost",
  description: `
What the buckets of the configuration store and cost in a month: what is live, hidden (old versions) and unfinished (uploads that were never
completed), all of which is billed; the cost so far and for the whole month; the share of each prefix and the jobs that write to it; budgets.
Reads the ledger only: nothing is asked of the provider. The collector “cost” looks, every 6 hours, within a number of requests a day.

Amounts are estimated from what was measured, by the rate card that is named with its date; where Backblaze's own usage reports can be read
(accounts.NAME.reports), they are preferred. A scan that was cut short never makes a bucket small: the last whole one counts, with its age.

Exit code 0, whatever it shows: pantheros objectives is what judges a budget.`,
  arguments: [],
  options: { month: { type: "string", value: "YYYY-MM", summary: "another month (UTC)" } },
  examples: [
    ["pantheros cost", "this month so far"],
    ["pantheros cost --month 2026-10", "the whole of October"],
    ["pantheros cost --json", "for programs"],
    ["pantheros collect cost", "look at the buckets now"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const now = invocation.now() / 1000;
    const at = momentOf(invocation.options["month"], now);
    const ledger = await openHostState(host);
    try {
      const figures = costFigures(host.config, ledger, now, at);
      if (invocation.json) printJson(invocation, { host: host.config.host, at: now, ...figures });
      else print(invocation, costText(figures, now, invocation));
      return 0;
    } finally {
      ledger.close();
    }
  },
});

function momentOf(month: string | boolean | undefined, now: number): number {
  if (typeof month !== "string") return now;
  const at = /^\d{4}-(?:0[1-9]|1[0-2])$/.test(month) ? Date.parse(`${month}-01T00:00:00Z`) / 1000 : Number.NaN;
  if (Number.isNaN(at)) throw new UsageError(`${JSON.stringify(month)} is no month\n  → write it like 2026-10`);
  if (at > now) throw new UsageError(`${month} has not begun yet\n  → this month: pantheros cost`);
  return monthAround(at).name === monthAround(now).name ? now : at;
}
