import type { MonthReport, ObjectiveReport, PromiseReport } from "../../model/objective/month-report.ts";
import { objectivePromises, promiseNames } from "../../model/objective/objective.ts";
import { formatDuration } from "../../model/quantity.ts";
import { localTime } from "../../model/time/month.ts";
import type { Block, Cell } from "./block.ts";
import type { RecoveryPlot } from "./plot.ts";
import { counted, listed, percent, promisedText, valueText } from "./words.ts";

/** Promised against measured, one data set after the other. */
export function* objectiveBlocks(report: MonthReport): Generator<Block> {
  yield { heading: "Objectives", level: 2, id: "objectives" };
  if (report.objectives.length === 0) {
    yield {
      paragraph: ["None are declared. Name data sets and what they are promised under ", { code: "objectives:" }, "."],
    };
  }
  for (const objective of report.objectives) yield* oneObjective(objective, report);
}

function* oneObjective(objective: ObjectiveReport, report: MonthReport): Generator<Block> {
  const { name, verdict, promises, jobs, repositories, recovery, drills, measured } = objective;
  const { month } = report;
  yield { heading: name, level: 3, id: `objective-${name}` };
  const protectedBy = [...jobs.map((job) => `job ${job}`), ...repositories.map((place) => `repository ${place}`)];
  yield { paragraph: [...(verdict ? [{ verdict }, " "] : []), `Protected by ${listed(protectedBy) || "nothing"}.`] };
  if (promises.length === 0) {
    yield {
      paragraph: [
        "Nothing is promised: give it ",
        { code: "rpo" },
        ", ",
        { code: "rto" },
        " or ",
        { code: "copies" },
        ".",
      ],
    };
    return;
  }
  yield {
    table: {
      caption: `What ${name} was promised, and what was measured`,
      columns: ["promise", "promised", "measured", "verdict", "why", "shown by"].map((title) => ({ title })),
      rows: promises.map((promise) => promiseRow(promise, report)),
    },
  };
  if (recovery?.worst) {
    const { worst, withinRatio } = recovery;
    const within =
      withinRatio === null || withinRatio === 1 ? "" : ` In ${percent(withinRatio)} of the known time it was kept.`;
    const sentence = `The longest time without newer data was ${formatDuration(worst.seconds)}, from ${localTime(worst.from, month.zone)} to ${localTime(worst.until, month.zone)}`;
    yield {
      paragraph: [
        sentence,
        ...(worst.afterRun === null ? ["; nothing was saved before"] : ["; before it ran ", { run: worst.afterRun }]),
        ...(worst.beforeRun === null
          ? [", and it had not ended when this report ends."]
          : [", it ended with ", { run: worst.beforeRun }, "."]),
        within,
      ],
    };
    yield { plot: recoveryPlot(objective, report) };
  }
  if (drills.length > 0) yield { table: drillTable(objective, report) };
  if (measured.changes.length > 0) yield { table: changeTable(objective, report) };
  if (measured.unlistedChanges > 0)
    yield { paragraph: [`${counted(measured.unlistedChanges, "further change")} are not listed.`] };
}

function promiseRow(
  { promise, promised, measured, verdict, why, at, runs }: PromiseReport,
  { month }: MonthReport,
): Cell[] {
  const when: Cell = at === null ? [] : [" (", { moment: localTime(at, month.zone) }, ")"];
  return [
    [promiseNames[promise]],
    [promisedText(promise, promised)],
    [promise === "retention" ? "" : valueText(promise, measured)],
    [{ verdict }],
    [why, ...when],
    runs.length === 0 ? [promise === "rpo" || promise === "rto" ? "" : "hourly looks"] : inList(runs),
  ];
}

/** Runs, with commas between them. */
export function inList(runs: readonly string[]): Cell {
  return runs.flatMap((run, index) => (index === 0 ? [{ run }] : [", ", { run }]));
}

function recoveryPlot({ name, recovery, promises }: ObjectiveReport, { month, until }: MonthReport): RecoveryPlot {
  const promised = promises.find(({ promise }) => promise === "rpo")?.promised ?? 0;
  const curve = recovery?.curve ?? [];
  const most = curve.reduce<number>((greatest, value) => Math.max(greatest, value ?? 0), 0);
  const unknown = curve.filter((value) => value === null).length;
  const about = unknown > 0 ? ` For ${percent(unknown / curve.length)} of the time it is not known.` : "";
  return {
    ...{
      kind: "recovery" as const,
      id: `recovery-${name}`,
      title: `${name}: age of the newest data`,
      days: month.days,
    },
    description: `It rises until a backup ends, at most to ${formatDuration(most)}; promised are at most ${formatDuration(promised)}.${about}`,
    ...{ curve, promised, covers: (until - month.from) / (month.until - month.from) },
  };
}

function drillTable({ name, drills }: ObjectiveReport, { month }: MonthReport) {
  return {
    caption: `Restore drills of ${name}`,
    columns: [
      { title: "drill" },
      { title: "when" },
      { title: "outcome" },
      { title: "recovery time" },
      { title: "what it found" },
    ],
    rows: drills.map(({ run, at, outcome, seconds, estimated, message }): Cell[] => [
      [{ run }],
      [{ moment: localTime(at, month.zone) }],
      [{ outcome }],
      [seconds === null ? "not measured" : `${formatDuration(seconds)}${estimated ? " (reckoned from a part)" : ""}`],
      [message ?? ""],
    ]),
  };
}

function changeTable({ name, measured }: ObjectiveReport, { month }: MonthReport) {
  return {
    caption: `What changed for ${name}, by hourly measurements`,
    columns: [{ title: "when" }, { title: "what" }, { title: "before" }, { title: "after" }],
    rows: measured.changes.map(({ at, value, before, after }): Cell[] => [
      [{ moment: localTime(at, month.zone) }],
      [changeName(value)],
      [changeText(value, before)],
      [changeText(value, after)],
    ]),
  };
}

function changeName(value: string): string {
  const promise = objectivePromises.find((name) => value.startsWith(`${name}_`));
  if (promise === undefined) return value;
  return value.endsWith("_promised") ? `${promiseNames[promise]}: what is promised` : promiseNames[promise];
}

function changeText(value: string, number: number | null): string {
  if (number === null) return value.endsWith("_promised") ? "nothing" : "unknown";
  if (value.endsWith("_met")) return number === 1 ? "kept" : "not kept";
  const promise = objectivePromises.find((name) => value === `${name}_promised`);
  return promise ? promisedText(promise, number) : String(number);
}
