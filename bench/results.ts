import type { Row } from "./row.ts";

/** `met`, `missed`, or nothing where nothing was promised. */
const verdict = ({ met }: Row) => (met === null ? "" : met ? "met" : "missed");
const heads = ["what", "value", "target", ""] as const;

/** The table for a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [heads, ...rows.map((row) => [row.what, row.value, row.target, verdict(row)])];
  const widths = heads.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** bench/RESULTS.md */
export function formatResults(rows: readonly Row[], machine: Readonly<Record<string, string>>): string {
  const missed = rows.filter((row) => row.met === false);
  const lines = [
    "# Results of `make bench`",
    "",
    "Side by side, in one run on one machine: ratios hold elsewhere, times do not. Nothing here is asserted in tests.",
    "",
    Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join(" · "),
    "",
    "| what | value | target | |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.what} | ${row.value} | ${row.target} | ${verdict(row)} |`),
    "",
    "## How each was measured",
    "",
    ...rows.map((row) => `- ${row.what}: ${row.how}`),
    "",
    "## What is missed",
    "",
    ...(missed.length === 0
      ? ["Nothing."]
      : missed.map((row) => `- ${row.what}: ${row.whenMissed ?? "not known why"}.`)),
    "",
  ];
  return lines.join("\n");
}
