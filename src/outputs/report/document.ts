import type { MonthReport } from "../../model/objective/month-report.ts";
import { promiseNames } from "../../model/objective/objective.ts";
import { localTime } from "../../model/time/month.ts";
import { appendix } from "./appendix.ts";
import type { Block, Cell } from "./block.ts";
import { jobBlocks } from "./jobs.ts";
import { limits, method } from "./method.ts";
import { objectiveBlocks } from "./objectives.ts";
import { counted, listed, monthTitle, percent, verdictWords } from "./words.ts";

/** The report as blocks, in the order in which it is read: the summary first, every run last. */
export function* reportBlocks(report: MonthReport): Generator<Block> {
  yield { heading: `Backups of ${report.host} in ${monthTitle(report.month.name)}`, level: 1, id: "report" };
  yield { paragraph: [{ strong: headline(report) }] };
  yield { facts: factsOf(report) };
  yield { heading: "Summary", level: 2, id: "summary" };
  yield { list: [...objectiveLines(report), runsLine(report)] };
  yield* objectiveBlocks(report);
  yield* jobBlocks(report);
  yield { heading: "What is not known", level: 2, id: "unknown" };
  if (report.unknown.length === 0) yield { paragraph: ["Nothing that this report asks for."] };
  else yield { list: report.unknown.map((sentence) => [sentence]) };
  yield { heading: "How it was measured", level: 2, id: "method" };
  yield { list: method.map((sentence) => [sentence]) };
  yield { heading: "What this report cannot know", level: 2, id: "limits" };
  yield { list: limits.map((sentence) => [sentence]) };
  yield* appendix(report);
}

function headline({ objectives, until, month }: MonthReport): string {
  const promised = objectives.filter(({ verdict }) => verdict !== null);
  if (promised.length === 0)
    return "Nothing is promised: the configuration declares no objectives. The runs are below.";
  const held = promised.filter(({ verdict }) => verdict === "holds").length;
  return `${held} of ${promised.length} objectives held${until < month.until ? " so far" : ""}.`;
}

function factsOf({ host, month, until, createdAt, version, configurationHash }: MonthReport): [string, Cell][] {
  const { zone } = month;
  return [
    ["Host", [host]],
    ["Time told of", [{ moment: localTime(month.from, zone) }, " to ", { moment: localTime(until, zone) }]],
    ["Timezone", [zone.timezone]],
    ["Made at", [localTime(createdAt, zone)]],
    ["Made by", [`pantheros ${version}`]],
    ["Configuration", [{ code: configurationHash }]],
  ];
}

function objectiveLines({ objectives }: MonthReport): Cell[] {
  return objectives.map(({ name, verdict, promises }) => {
    if (verdict === null) return [{ strong: name }, ": nothing is promised"];
    const wrong = (["broken", "unknown"] as const).flatMap((kind) => {
      const which = promises.filter((promise) => promise.verdict === kind).map(({ promise }) => promiseNames[promise]);
      return which.length === 0 ? [] : [`${kind === verdict ? "" : `${verdictWords[kind][1]} `}${listed(which)}`];
    });
    return [{ strong: name }, " ", { verdict }, wrong.length > 0 ? `: ${wrong.join("; ")}` : ""];
  });
}

function runsLine({ jobs }: MonthReport): Cell {
  const sum = (of: (job: MonthReport["jobs"][number]) => number) => jobs.reduce((total, job) => total + of(job), 0);
  const runs = sum((job) => job.runs);
  if (runs === 0) return ["No run is known of this month."];
  const tried = sum(({ byOutcome }) => byOutcome.success + byOutcome.partial + byOutcome.failed);
  const succeeded = sum(({ byOutcome }) => byOutcome.success);
  const others = [
    counts(
      sum(({ byOutcome }) => byOutcome.failed),
      "failed",
    ),
    counts(
      sum(({ byOutcome }) => byOutcome.partial),
      "partial",
    ),
    counts(
      sum(({ byOutcome }) => byOutcome.skipped),
      "skipped",
    ),
    counts(
      sum(({ lost }) => lost),
      "lost",
    ),
    counts(
      sum(({ running }) => running),
      "without an end",
    ),
  ].filter((text) => text !== null);
  const share = tried === 0 ? "" : ` (${percent(succeeded / tried)} of those that were not skipped)`;
  return [`${counted(runs, "run")}, ${succeeded} succeeded${share}${others.length > 0 ? `; ${listed(others)}` : ""}.`];
}

const counts = (count: number, word: string) => (count === 0 ? null : `${count} ${word}`);
