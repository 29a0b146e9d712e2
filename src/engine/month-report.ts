import { configurationHash } from "../config/hash.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { MonthReport } from "../model/objective/month-report.ts";
import { promiseNames } from "../model/objective/objective.ts";
import { localTime, type Month } from "../model/time/month.ts";
import { version } from "../model/version.ts";
import { jobReports } from "./month-jobs.ts";
import { journalOf } from "./month-journal.ts";
import { knowledgeOf } from "./month-knowledge.ts";
import { objectiveReports } from "./month-objectives.ts";

/**
 * Everything that the ledger can tell of a month: promised, measured, and by which runs. Reads only.
 * @param createdAt seconds since the epoch; nothing after it is told
 */
export function monthReport(config: Config, ledger: Ledger, month: Month, createdAt: number): MonthReport {
  const until = Math.min(month.until, createdAt);
  const journal = journalOf(ledger, month, until);
  const knowledge = knowledgeOf(config, ledger, { month, until, createdAt }, journal);
  const objectives = objectiveReports(config, ledger, knowledge);
  const jobs = jobReports(config, knowledge);
  return {
    ...{ host: config.host, month, until, createdAt, version, configurationHash: configurationHash(config) },
    ...{ objectives, jobs, runs: journal.runs, unlistedRuns: journal.unlistedRuns },
    unknown: [
      ...aboutMonth({ month, until, createdAt }, journal.runs.length, config),
      ...knowledge.unknown,
      ...objectives.flatMap(({ name, promises, measured }) => [
        ...promises
          .filter(({ verdict }) => verdict === "unknown")
          .map(({ promise, why }) => `${name}, ${promiseNames[promise]}: ${why}`),
        ...(measured.count > 0 && measured.daysWithout > 0
          ? [`${name}: on ${daysText(measured.daysWithout)} nobody measured copies, retention and cost`]
          : []),
      ]),
      ...jobs.flatMap(({ job, running }) =>
        running > 0 ? [`job ${job}: ${running === 1 ? "one run has" : `${running} runs have`} no end yet`] : [],
      ),
      ...journal.runs.flatMap(({ id, clockSetBack }) =>
        clockSetBack ? [`run ${id}: the clock was set back while it ran; its duration is not known`] : [],
      ),
    ],
  };
}

function aboutMonth(
  { month, until, createdAt }: { readonly month: Month; readonly until: number; readonly createdAt: number },
  runs: number,
  config: Config,
): string[] {
  const pruned = createdAt - config.journal.keep;
  return [
    ...(until < month.until ? [`the month is not over: this tells of it until ${localTime(until, month.zone)}`] : []),
    ...(runs === 0 ? ["the ledger holds no run of this month"] : []),
    ...(pruned > month.from
      ? [
          `runs that started before ${localTime(pruned, month.zone)} may have been removed from the journal (journal.keep)`,
        ]
      : []),
  ];
}

const daysText = (days: number) => (days === 1 ? "one day" : `${days} days`);
