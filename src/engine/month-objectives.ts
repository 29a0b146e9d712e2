import { kindsThatSave } from "../collectors/declared/subjects.ts";
import { knownState } from "../collectors/known-state.ts";
import { evidenceOf } from "../collectors/objective-evidence/evidence.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Measurement } from "../model/measurement.ts";
import { measurementOf, seriesOf, toldValues } from "../model/objective/measurement.ts";
import { changesOf, countOfMonth, endOfMonth, rpoOfMonth, rtoOfMonth } from "../model/objective/month.ts";
import type { MeasuredObjective, ObjectiveReport, ReportedDrill } from "../model/objective/month-report.ts";
import { worstVerdict } from "../model/objective/objective.ts";
import { recoveryHistory } from "../model/objective/recovery-history.ts";
import { judgeObjective } from "../model/objective/verdict.ts";
import { dayIndex } from "../model/time/month.ts";
import type { Knowledge } from "./month-knowledge.ts";

type Objective = Config["objectives"][string];

/** Points of the curve of recovery points: eight a day and more, so that the teeth of a daily backup are seen. */
const curveParts = 288;
/** Changes that are written out. */
const mostChanges = 50;

export function objectiveReports(config: Config, ledger: Ledger, knowledge: Knowledge): ObjectiveReport[] {
  const state = knownState(config, ledger, knowledge.createdAt);
  return Object.entries(config.objectives).map(([name, objective]) => {
    const evidence = evidenceOf(name, objective, state);
    const now = measurementOf(name, evidence, judgeObjective(evidence, state.now), state.now);
    return report(name, objective, { config, ledger, knowledge, now, hasRetention: evidence.retention.length > 0 });
  });
}

interface Basis {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly knowledge: Knowledge;
  /** What is measured at this moment. */
  readonly now: Measurement;
  /** Whether any of what it writes has a policy. */
  readonly hasRetention: boolean;
}

function report(name: string, objective: Objective, basis: Basis): ObjectiveReport {
  const { config, ledger, knowledge } = basis;
  const { month, until } = knowledge;
  const { jobs, repositories, rpo, rto, copies, offsite_copies: offsite, budget_usd_per_month: budget } = objective;
  const points = pointsOf(name, basis);
  const measured = measuredOf(points, knowledge);
  const saving = jobs.filter((job) => kindsThatSave(config.jobs[job] ?? { steps: [] }).length > 0);
  const known = saving.flatMap((job) => knowledge.jobs.get(job)?.saved ?? []);
  const recovery =
    rpo === undefined || saving.length === 0
      ? null
      : recoveryHistory(known, { from: month.from, until, promised: rpo, parts: curveParts });
  const drills = jobs.flatMap((job) => knowledge.jobs.get(job)?.inMonth.drills ?? []).toSorted((a, b) => a.at - b.at);
  const told = { from: month.from, until };
  const promises = [
    rpo === undefined ? null : recovery ? rpoOfMonth(rpo, recovery, told) : countOfMonth("rpo", rpo, points, measured),
    rto === undefined
      ? null
      : rtoOfMonth(rto, drills, drillBefore(jobs, ledger, month.from), { within: objective.drill_within, until }),
    copies === undefined ? null : countOfMonth("copies", copies, points, measured),
    offsite === undefined ? null : countOfMonth("offsite", offsite, points, measured),
    basis.hasRetention ? endOfMonth("retention", null, points, told) : null,
    budget === undefined ? null : endOfMonth("budget", budget, points, told),
  ].filter((promise) => promise !== null);
  return { name, verdict: worstVerdict(promises), promises, jobs, repositories, recovery, drills, measured };
}

/** In a month that is not over, what holds at this moment is one more measurement. */
function pointsOf(name: string, { ledger, knowledge: { month, until }, now }: Basis): Measurement[] {
  const remembered = ledger.measurements({ series: seriesOf(name), from: month.from, to: until });
  return until < month.until ? [...remembered, now] : [...remembered];
}

function measuredOf(points: readonly Measurement[], { month, until }: Knowledge): MeasuredObjective {
  const over = month.days.filter(({ from }) => from < until).length;
  const withPoints = new Set(points.map(({ at }) => dayIndex(month, at))).size;
  const changes = changesOf(points, toldValues);
  return {
    ...{ count: points.length, daysWith: Math.min(over, withPoints), daysWithout: Math.max(0, over - withPoints) },
    ...{ changes: changes.slice(0, mostChanges), unlistedChanges: Math.max(0, changes.length - mostChanges) },
  };
}

/** The last drill of these jobs that succeeded before a moment, as far as the journal tells. @param at seconds since the epoch */
function drillBefore(jobs: readonly string[], ledger: Ledger, at: number): ReportedDrill | null {
  const found = ledger
    .lastSteps()
    .filter(({ job, kind }) => kind === "drill" && jobs.includes(job))
    .flatMap((step): ReportedDrill[] => {
      const past = ledger.pastSteps(step, 100).find(({ finishedAt }) => finishedAt / 1000 < at);
      const seconds = past?.evidence["rto_seconds"];
      if (!past || typeof seconds !== "number") return [];
      return [
        {
          ...{ run: past.runId, job: step.job, at: past.finishedAt / 1000, outcome: "success" as const, seconds },
          ...{ estimated: past.evidence["rto_estimated"] === true, message: null },
        },
      ];
    });
  return found.toSorted((a, b) => b.at - a.at)[0] ?? null;
}
