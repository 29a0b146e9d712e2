import type { HistoryVerdict, SubjectVerdict } from "../../collectors/retention-look/verdicts.ts";
import { excessOf } from "../../model/retention/retention.ts";
import type { Invocation } from "../command.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { wrap } from "../terminal/wrap.ts";
import { calendarLines } from "./calendar.ts";
import type { RetentionView } from "./document.ts";
import { numbers } from "./view.ts";
import { brief, owedWords, policyWords } from "./words.ts";

/** Lines of a table that are read, not scrolled by. */
const newestShown = 40;
/** Of a calendar that goes into a file or a pipe. */
const unknownWidth = 100;

type Screen = Pick<Invocation, "stdout" | "environment" | "options">;

/** Everything about one subject: its numbers, a calendar of each of its histories, and its artifacts with what holds them. */
export function subjectText(view: RetentionView, invocation: Screen): string {
  const style = createStyle(invocation.stdout, invocation.environment);
  return view.subjects
    .flatMap((seen) => [
      ...numbers({ ...view, subjects: [seen] }, invocation.stdout.columns, style),
      ...seen.histories.flatMap((history) => historyText(seen, history, view, style, invocation)),
    ])
    .join("\n\n");
}

function historyText(
  seen: SubjectVerdict,
  history: HistoryVerdict,
  { at, trial }: RetentionView,
  style: Style,
  { stdout, options }: Screen,
): string[] {
  const width = stdout.columns ?? unknownWidth;
  const folder = seen.kind === "subvolume" ? folderOf(history.artifacts.map(({ name }) => name)) : "";
  const about = [
    trial === null ? policyWords(seen, at) : trial,
    trial === null ? owedWords(history) : null,
    `days of ${history.timezone}`,
    folder === "" ? null : `kept in ${folder}`,
  ].filter((part) => part !== null);
  return [
    [
      style.bold(history.name ?? `${seen.kind} ${seen.subject}`),
      ...wrap(about.join("; "), width, "  ").map(style.dim),
      ...calendarLines(history.question, width, style),
    ].join("\n"),
    ...(history.artifacts.length === 0
      ? []
      : [artifactTable(nameIn(seen.kind, folder), history, at, style, stdout.columns, options["all"] === true)]),
  ];
}

function artifactTable(
  nameOf: (name: string) => string,
  { artifacts, verdict, question }: HistoryVerdict,
  at: number,
  style: Style,
  width: number | undefined,
  isWhole: boolean,
): string {
  const isExcess = excessOf(question);
  const held = (index: number) => {
    const holds = verdict.heldBy[index] ?? [];
    if (holds.includes("future")) return style.warn("nothing: dated after now");
    if (holds.length > 0) return holds.map((hold) => reasons[hold] ?? hold).join(" ");
    return isExcess[index] ? style.bad("nothing: too many") : style.dim("nothing: waits for pruning");
  };
  const rows = artifacts
    .map((artifact, index) => ({ ...artifact, held: held(index) }))
    .sort((a, b) => b.at - a.at)
    .slice(0, isWhole ? undefined : newestShown);
  const table = formatTable({
    width,
    style,
    columns: [{ title: "made" }, { title: "age" }, { title: "held by" }, { title: "artifact", grow: true }],
    rows: rows.map((row) => [localTime(row.at, question.timezone), brief(at - row.at), row.held, nameOf(row.name)]),
  });
  const more = artifacts.length - rows.length;
  return more === 0 ? table : `${table}\n${style.dim(`… and ${more} older: --all`)}`;
}

/** The folder that all paths lie in: what is the same in every line is read once. */
function folderOf(paths: readonly string[]): string {
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1));
  const [first = "", ...others] = folders;
  const shared = others.reduce((common, folder) => {
    let end = 0;
    while (end < common.length && common[end] === folder[end]) end += 1;
    return common.slice(0, common.slice(0, end).lastIndexOf("/") + 1);
  }, first);
  return shared === "/" ? "" : shared;
}

/** Without the folder; of a restic snapshot as much of its id as restic itself shows. */
function nameIn(kind: SubjectVerdict["kind"], folder: string): (name: string) => string {
  return (name) => {
    if (kind === "repository" && /^[0-9a-f]{64}$/.test(name)) return name.slice(0, 8);
    return name.slice(folder.length);
  };
}

const reasons: Readonly<Record<string, string>> = {
  keep: "the pruning step's own keep",
  chain: "the chain of a kept one",
};

/** `2026-11-21 02:00`, as clocks in the zone show it. */
function localTime(at: number, timeZone: string): string {
  const format = { timeZone, dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat("sv-SE", format).format(at * 1000);
}
