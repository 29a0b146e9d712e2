import { measurementOf, seriesOf } from "../model/objective/measurement.ts";
import { judgeObjective } from "../model/objective/verdict.ts";
import type { CollectorContext } from "./collector.ts";
import { defineCollector } from "./collector.ts";
import { knownState } from "./known-state.ts";
import { evidenceOf } from "./objective-evidence/evidence.ts";

/** Seconds: whatever its interval, and however often somebody looks by hand, no more than one measurement in each hour is kept. */
const hour = 3600;

/**
 * Remembers once an hour what the objectives are worth: copies, retention and cost are known only while they last, and a report tells of a month
 * that is over. It comes after the collectors whose looks it judges.
 */
export const objectiveHistory = defineCollector({
  name: "objective-history",
  summary: "Remembers once an hour what was promised and measured of each objective, for the monthly report.",
  every: hour,
  timeout: 60,
  async collect({ config, ledger, now }) {
    const due = Object.entries(config.objectives).filter(([name]) => isDue(name, ledger, now));
    const state = knownState(config, ledger, now);
    const measurements = due.map(([name, objective]) => {
      const evidence = evidenceOf(name, objective, state);
      return measurementOf(name, evidence, judgeObjective(evidence, now), now);
    });
    return { samples: [], measurements };
  },
});

function isDue(name: string, ledger: CollectorContext["ledger"], now: number): boolean {
  const from = Math.floor(now / hour) * hour;
  return ledger.measurements({ series: seriesOf(name), from, to: from + hour }).length === 0;
}
