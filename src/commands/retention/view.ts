import type { HistoryVerdict, SubjectVerdict } from "../../collectors/retention-look/verdicts.ts";
import type { Invocation } from "../command.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { wrap } from "../terminal/wrap.ts";
import type { RetentionView } from "./document.ts";
import { matrix } from "./matrix.ts";
import { brief, sentences, verdictWords } from "./words.ts";

/** Two tables, the verdicts and what each tier of them is made of, and a sentence for what numbers do not say. */
export function overviewText(view: RetentionView, invocation: Pick<Invocation, "stdout" | "environment">): string {
  if (view.subjects.length === 0) return "no subvolume, repository or destination is declared";
  const style = createStyle(invocation.stdout, invocation.environment);
  return [
    ...numbers(view, invocation.stdout.columns, style),
    style.dim("the calendar of one, and what holds each artifact: pantheros retention NAME"),
  ].join("\n\n");
}

/** What overview and a single subject have in common. */
export function numbers(view: RetentionView, width: number | undefined, style: Style): string[] {
  const lines = matrix(view.subjects, width, style);
  const said = view.subjects
    .flatMap((seen) => sentences(seen, style))
    .flatMap((text) => (width === undefined ? [text] : wrap(text, width, "", "  ")));
  return [
    ...(view.trial === null ? [] : [style.bold(`What ${view.trial} would make of what exists; nothing is changed.`)]),
    formatTable(verdictTable(view, width, style)),
    ...[lines, said].flatMap((some) => (some.length === 0 ? [] : [some.join("\n")])),
  ];
}

function verdictTable({ subjects, at, trial }: RetentionView, width: number | undefined, style: Style) {
  const titles = ["what", "verdict", "seen", "oldest", "newest", "looked"];
  return {
    width,
    style,
    columns: [
      ...titles.map((title) => ({ title, align: title === "seen" ? ("right" as const) : ("left" as const) })),
      { title: "policy, for", grow: true },
    ],
    rows: subjects.map((seen) => {
      const { histories } = seen;
      const count = histories.reduce((sum, { artifacts }) => sum + artifacts.length, 0);
      return [
        `${seen.kind} ${seen.subject}`,
        verdictWords(seen, trial !== null, style),
        histories.length === 0 ? "" : String(count),
        age(histories, "oldestAt", at),
        age(histories, "newestAt", at),
        looked(seen, at),
        inForce(seen, at, trial),
      ];
    }),
  };
}

/** Nobody looks for series where nothing is promised of them. */
function looked({ observedAt, state }: SubjectVerdict, at: number): string {
  if (observedAt === null) return state === "unpromised" ? "" : "never";
  return `${brief(at - observedAt)} ago`;
}

function age(histories: readonly HistoryVerdict[], end: "oldestAt" | "newestAt", at: number): string {
  const ends = histories.flatMap(({ verdict }) => verdict[end] ?? []);
  const choose = end === "oldestAt" ? Math.min : Math.max;
  return ends.length === 0 ? "" : brief(at - ends.reduce((a, b) => choose(a, b)));
}

function inForce({ inForceSince, policyName }: SubjectVerdict, at: number, trial: string | null): string {
  if (policyName === null || trial !== null) return policyName ?? "";
  return inForceSince === null ? `${policyName}, not yet` : `${policyName}, ${brief(at - inForceSince)}`;
}
