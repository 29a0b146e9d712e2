import type { Evidence } from "../../model/layout/choice.ts";
import { type LayoutFinding, type LayoutRule, type LayoutState, layoutRuleNames } from "../../model/layout/finding.ts";
import type { Invocation } from "../command.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { makeVisible } from "../terminal/text.ts";
import { wrap } from "../terminal/wrap.ts";

export interface AuditView {
  /** Null: only the rules of the configuration. */
  readonly profile: string | null;
  /** The hardware report; null: none was read. */
  readonly report: string | null;
  readonly candidates: readonly {
    readonly profile: string;
    readonly evidence: readonly Evidence[];
    readonly fits: boolean;
  }[];
  readonly root: string;
  readonly summary: Readonly<Record<LayoutState, number>>;
  readonly findings: readonly LayoutFinding[];
  readonly unused: readonly string[];
  readonly notes: readonly { readonly subject: string; readonly note: string }[];
}

type Violation = Extract<LayoutFinding, { readonly state: "violated" }>;

/** Short titles: nine columns have to fit a terminal. */
const titles: Readonly<Record<LayoutRule, string>> = {
  exists: "there",
  mounted: "mounted",
  pool: "pool",
  mount_options: "mount",
  filesystem_options: "filesystem",
  copy_on_write: "cow",
  compression: "zip",
  whole: "whole",
};

/** What `pantheros audit` prints: why this layout, a table of subvolumes and rules, then each violation with what mends it. */
export function auditText(
  view: AuditView,
  { stdout, environment }: Pick<Invocation, "stdout" | "environment">,
): string {
  const style = createStyle(stdout, environment);
  const width = Math.min(stdout.columns ?? 120, 120);
  const { findings, unused } = view;
  const sections = [
    choiceLines(view, style, width),
    formatTable({ ...matrix(findings, style), width: stdout.columns, style }).split("\n"),
    unused.length > 0 ? wrap(`not in use here, and need not be: ${unused.join(", ")}`, width).map(style.dim) : [],
    violationLines(findings, style, width),
    unknownLines(findings, style, width),
    [summaryLine(view, style)],
  ];
  return (
    sections
      .filter((lines) => lines.length > 0)
      // Names of subvolumes and what tools say may hold anything.
      .map((lines) => lines.map(makeVisible).join("\n"))
      .join("\n\n")
  );
}

function choiceLines({ profile, report, candidates, root }: AuditView, style: Style, width: number): string[] {
  const where = root === "/" ? "" : ` below ${root}`;
  const head = profile === null ? "the subvolumes of the configuration" : `profile ${style.bold(profile)}`;
  const evidence = candidates.flatMap((candidate) => {
    const isChosen = candidate.profile === profile;
    const said = candidate.fits
      ? candidate.evidence.map(({ found }) => found)
      : candidate.evidence.filter(({ fits }) => !fits).map(({ asked, found }) => `wants ${asked}, not ${found}`);
    const verdict = candidate.fits ? "fits" : "does not fit";
    const lines = wrap(`${candidate.profile} ${verdict}: ${said.join("; ")}`, width, isChosen ? "> " : "  ", "    ");
    return isChosen
      ? lines.map((line) => (candidate.fits ? style.good(line) : style.warn(line)))
      : lines.map(style.dim);
  });
  return [`${head}${where}${report === null ? "" : `, hardware as in ${report}`}`, ...evidence];
}

function matrix(findings: readonly LayoutFinding[], style: Style) {
  const rules = layoutRuleNames.filter((rule) => findings.some((finding) => finding.rule === rule));
  const subjects = [...Map.groupBy(findings, ({ kind, subject }) => `${kind} ${subject}`).values()];
  return {
    columns: [{ title: "subvolume" }, { title: "at", grow: true }, ...rules.map((rule) => ({ title: titles[rule] }))],
    rows: subjects.map((own) => {
      const [first] = own;
      const name = first?.kind === "pool" ? `pool ${first.subject}` : (first?.subject ?? "");
      return [
        name,
        first?.mountPoint ?? "",
        ...rules.map((rule) =>
          mark(
            own.find((finding) => finding.rule === rule),
            style,
          ),
        ),
      ];
    }),
  };
}

function mark(finding: LayoutFinding | undefined, style: Style): string {
  if (!finding) return style.dim(style.isUnicode ? "·" : ".");
  return { holds: style.good("yes"), violated: style.bad("NO"), unknown: style.warn("?") }[finding.state];
}

function violationLines(findings: readonly LayoutFinding[], style: Style, width: number): string[] {
  const violations = findings.filter((finding): finding is Violation => finding.state === "violated");
  // One remount may mend what several rules found.
  const groups = [...Map.groupBy(violations, ({ mend }) => JSON.stringify(mend)).values()];
  return groups.flatMap((group, index) => [
    ...(index > 0 ? [""] : []),
    ...group.flatMap((violation, place) => [
      ...wrap(headOf(violation, style), width, "", "  "),
      ...(group[place + 1]?.reason === violation.reason
        ? []
        : wrap(`because ${violation.reason}`, width, "  ").map(style.dim)),
    ]),
    ...mendLines(group[0] as Violation, style, width),
  ]);
}

function headOf({ subject, kind, rule, found, expected }: Violation, style: Style): string {
  return `${style.bad(kind === "pool" ? `pool ${subject}` : subject)} ${rule}: ${found}; expected: ${expected}`;
}

/** Commands are never wrapped or cut: they are there to be copied. */
function mendLines({ mend: { before, commands, lasting } }: Violation, style: Style, width: number): string[] {
  const last = commands.length - 1;
  return [
    ...(before === undefined ? [] : wrap(`mind: ${before}`, width, "  ", "        ")),
    ...commands.map((command, index) => `    ${style.good(command)}${index < last ? " &&" : ""}`),
    ...(lasting === undefined
      ? []
      : [`  to last, in /etc/fstab: ${lasting.fstab}`, `  to last, in NixOS:      ${lasting.nix}`].map(style.dim)),
  ];
}

function unknownLines(findings: readonly LayoutFinding[], style: Style, width: number): string[] {
  const unknown = findings.flatMap((finding) => (finding.state === "unknown" ? [finding] : []));
  return [...Map.groupBy(unknown, ({ why }) => why)].flatMap(([why, group]) =>
    wrap(
      `${style.warn("?")} ${group.map(({ subject, rule }) => `${subject} ${rule}`).join(", ")}: ${why}`,
      width,
      "",
      "  ",
    ),
  );
}

function summaryLine({ summary: { holds, violated, unknown } }: AuditView, style: Style): string {
  const parts = [
    style.good(`${holds} hold`),
    violated > 0 ? style.bad(`${violated} violated`) : "none violated",
    unknown > 0 ? style.warn(`${unknown} unknown`) : "none unknown",
  ];
  return `${holds + violated + unknown} rules: ${parts.join(", ")}`;
}
