import type { Judgement, ObjectiveEvidence, Verdict } from "../../model/objective/objective.ts";
import { promiseNames } from "../../model/objective/objective.ts";
import { formatDuration } from "../../model/quantity.ts";
import { promisedText, valueText } from "../../outputs/report/words.ts";
import type { Invocation } from "../command.ts";
import { proofText } from "../terminal/proof.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { makeVisible } from "../terminal/text.ts";
import { wrap } from "../terminal/wrap.ts";
import type { ObjectiveDetails } from "./details.ts";

export interface ObjectiveView extends ObjectiveDetails {
  readonly name: string;
  /** The worst of its promises; null: nothing is promised. */
  readonly verdict: Verdict | null;
  readonly judgements: readonly Judgement[];
  readonly evidence: ObjectiveEvidence;
}

type Terminal = Pick<Invocation, "stdout" | "environment">;

/** All data sets: one row for each promise. @param now seconds since the epoch */
export function objectivesText(views: readonly ObjectiveView[], now: number, terminal: Terminal): string {
  const style = createStyle(terminal.stdout, terminal.environment);
  if (views.length === 0) {
    return `nothing is promised\n  → declare data sets under \`objectives:\`: their jobs, and rpo, rto, copies, offsite_copies or a budget`;
  }
  const isNarrow = (terminal.stdout.columns ?? wide) < wide;
  const rows = views.flatMap(({ name, judgements }) =>
    judgements.length === 0
      ? [[name, style.dim("nothing is promised"), "", "", "", "", ""]]
      : judgements.map((judgement, index) => [index === 0 ? name : "", ...promiseRow(judgement, now, style, isNarrow)]),
  );
  const table = formatTable({
    width: terminal.stdout.columns,
    style,
    columns: [{ title: "objective" }, ...promiseColumns(isNarrow)],
    rows,
  });
  return [table, ...adviceLines(views, style, terminal.stdout.columns)].join("\n\n");
}

/** One data set, and what proves it. */
export function objectiveText(view: ObjectiveView, now: number, terminal: Terminal): string {
  const style = createStyle(terminal.stdout, terminal.environment);
  const width = terminal.stdout.columns;
  const isNarrow = (width ?? wide) < wide;
  const table = (columns: Parameters<typeof formatTable>[0]["columns"], rows: string[][]) =>
    rows.length === 0 ? null : formatTable({ width, style, columns, rows });
  const verdict = view.verdict === null ? style.dim("nothing is promised") : verdictText(view.verdict, style);
  return [
    `${style.bold(view.name)}  ${verdict}`,
    table(
      promiseColumns(isNarrow),
      view.judgements.map((judgement) => promiseRow(judgement, now, style, isNarrow)),
    ),
    table(
      [
        { title: "place" },
        { title: "medium" },
        { title: "offsite" },
        { title: "shown" },
        { title: "because", grow: true },
      ],
      view.evidence.places.map(({ place, medium, offsite, state, at, why }) => [
        ...[place, medium, offsite ? "yes" : "no"],
        state === "proven" ? style.good(`yes, ${ago(at, now)}`) : style.warn(state),
        why,
      ]),
    ),
    table(
      [
        { title: "last success of" },
        { title: "run" },
        { title: "data of" },
        { title: "left behind", grow: true },
        // A run's id is there to be copied, and places say above who has seen what.
        ...(isNarrow ? [] : [{ title: "seen by others" }]),
      ],
      view.steps.map(({ job, step, run, runStartedAt, artifacts, proof, recoverySeconds }) => [
        `${job} ${step}`,
        run ?? style.dim("not in the journal"),
        ago(runStartedAt, now),
        recoverySeconds === null ? artifacts.join("; ") : `restored in ${formatDuration(recoverySeconds)}`,
        ...(isNarrow ? [] : [proofText(proof, style)]),
      ]),
    ),
    ...adviceLines([view], style, width),
  ]
    .filter((section) => section !== null)
    .join("\n\n");
}

/** Columns of a terminal in which reasons have a place beside the figures; in narrower ones only what does not hold has its reason, below. */
const wide = 110;

function promiseColumns(isNarrow: boolean) {
  const figures = ["promise", "promised", "measured", "evidence", "verdict"].map((title) => ({ title }));
  return isNarrow ? figures : [...figures, { title: "because", grow: true }];
}

function promiseRow(
  { promise, promised, measured, at, verdict, why }: Judgement,
  now: number,
  style: Style,
  isNarrow: boolean,
): string[] {
  return [
    isNarrow ? promiseNames[promise].replace(/ \(.*\)$/, "") : promiseNames[promise],
    promise === "retention" ? "by policy" : promisedText(promise, promised),
    promise === "retention" ? "" : measured === null ? style.warn("unknown") : valueText(promise, measured),
    at === null ? style.dim("none") : ago(at, now),
    verdictText(verdict, style),
    ...(isNarrow ? [] : [why]),
  ];
}

function verdictText(verdict: Verdict, style: Style): string {
  if (verdict === "holds") return style.good("holds");
  return verdict === "broken" ? style.bad("broken") : style.warn("unknown");
}

/** Why a promise does not hold, in full however narrow the terminal is, and what to do about it. */
function adviceLines(views: readonly ObjectiveView[], style: Style, width = Number.POSITIVE_INFINITY): string[] {
  const lines = views.flatMap(({ name, judgements }) =>
    judgements.flatMap(({ promise, verdict, why, advice }) =>
      verdict === "holds" || advice === null
        ? []
        : [
            ...wrap(makeVisible(`${name}, ${promiseNames[promise]}: ${why}`), width, "", "  "),
            `  ${style.dim(style.isUnicode ? "→" : "->")} ${makeVisible(advice.replaceAll("NAME", name))}`,
          ],
    ),
  );
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function ago(at: number | null, now: number): string {
  return at === null ? "unknown" : `${formatDuration(Math.max(0, now - at))} ago`;
}
