import type { BucketFigures, BudgetFigures, CostFigures, PartFigures } from "../../collectors/costs/figures.ts";
import { formatUsd } from "../../model/cost/money.ts";
import { formatBytes, formatDuration } from "../../model/quantity.ts";
import type { Invocation } from "../command.ts";
import { progressBar } from "../terminal/step-line.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { bucketNotes } from "./notes.ts";

/** The budget is nearly used up from here, and as good as from there. */
const [near, nearly] = [0.8, 0.9];

/** What `pantheros cost` shows. */
export function costText(
  figures: CostFigures,
  now: number,
  { stdout, environment }: Pick<Invocation, "stdout" | "environment">,
): string {
  const style = createStyle(stdout, environment);
  const width = stdout.columns;
  if (figures.buckets.length === 0) {
    return "No bucket is configured: no destination of type s3, no repository at s3:…, so nothing here costs by the month.";
  }
  const parts = figures.buckets.flatMap(({ bucket, parts: own }) => own.map((part) => ({ bucket, ...part })));
  const sections = [
    style.bold(`Cost of ${figures.month}${now < figures.monthEnd ? " so far" : ""} (UTC, US dollars)`),
    bucketTable(figures, now, style, width),
    ...figures.buckets.map((bucket) => bucketNotes(bucket, figures, now, style, width)),
    parts.length > 0 ? partTable(parts, now >= figures.monthEnd, style, width) : "",
    figures.budgets.length > 0 ? budgetTable(figures.budgets, style, width) : "",
    ...figures.problems.map((problem) => style.bad(problem)),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function bucketTable({ buckets, monthEnd }: CostFigures, now: number, style: Style, width: number | undefined): string {
  const isOver = now >= monthEnd;
  const bytes = (amount: number | null | undefined) =>
    amount === null || amount === undefined ? style.warn("unknown") : formatBytes(amount);
  return formatTable({
    width,
    style,
    columns: [
      { title: "bucket", grow: true },
      { title: "live", align: "right" },
      { title: "hidden", align: "right" },
      { title: "unfinished", align: "right" },
      { title: isOver ? "cost" : "so far", align: "right" },
      ...(isOver ? [] : [{ title: "whole month", align: "right" as const }]),
      { title: "a day", align: "right" },
      { title: "seen" },
    ],
    rows: buckets.map((figures) => [
      figures.bucket,
      bytes(figures.stored?.liveBytes),
      bytes(figures.stored?.hiddenBytes),
      bytes(figures.stored?.unfinishedBytes),
      figures.cost === null ? style.warn(figures.card === null ? "no rate card" : "unknown") : soFar(figures),
      ...(isOver ? [] : [forecast(figures, style)]),
      growth(figures.growthPerDay),
      seen(figures, now, isOver, style),
    ]),
  });
}

const soFar = ({ cost, provenance }: BucketFigures) =>
  `${provenance === "estimated" ? "~" : ""}${formatUsd(cost?.total ?? 0)}`;

function forecast({ forecast: ahead }: BucketFigures, style: Style): string {
  if (ahead === null) return style.warn("unknown");
  const likely = formatUsd(ahead.likely);
  if (ahead.low === null || ahead.high === null) return `~${likely}`;
  const [low, high] = [formatUsd(ahead.low), formatUsd(ahead.high)];
  return low === high ? `~${likely}` : `${low}${style.isUnicode ? "–" : "-"}${high}`;
}

function growth(bytesPerDay: number | null): string {
  if (bytesPerDay === null) return "";
  const text = formatBytes(bytesPerDay);
  return bytesPerDay > 0 ? `+${text}` : text;
}

function seen({ storedAt, scan }: BucketFigures, now: number, isOver: boolean, style: Style): string {
  if (storedAt === null) return style.warn(isOver || scan.lookedAt === null ? "never" : "not yet as a whole");
  const age = `${formatDuration(Math.max(0, now - storedAt))} ago`;
  return scan.complete ? age : `${age}, ${style.warn("since then incomplete")}`;
}

function partTable(
  parts: readonly (PartFigures & { readonly bucket: string })[],
  isOver: boolean,
  style: Style,
  width: number | undefined,
): string {
  const stored = ({ stored: totals }: PartFigures) =>
    totals === null
      ? style.warn("unknown")
      : formatBytes(totals.liveBytes + (totals.hiddenBytes ?? 0) + (totals.unfinishedBytes ?? 0));
  return formatTable({
    width,
    style,
    columns: [
      { title: "prefix", grow: true },
      { title: "written by" },
      { title: "holds", align: "right" },
      { title: isOver ? "cost" : "so far", align: "right" },
    ],
    rows: parts.map((part) => [
      `${part.bucket}/${part.prefix}`,
      part.jobs.length > 0 ? part.jobs.join(", ") : style.dim(owners(part)),
      stored(part),
      part.cost === null ? style.warn("unknown") : formatUsd(part.cost),
    ]),
  });
}

function owners({ repositories, destinations }: PartFigures): string {
  const all = [...repositories.map((name) => `repository ${name}`), ...destinations.map((name) => `other in ${name}`)];
  return all.join(", ");
}

function budgetTable(budgets: readonly BudgetFigures[], style: Style, width: number | undefined): string {
  return formatTable({
    width,
    style,
    columns: [
      { title: "objective", grow: true },
      { title: "budget", align: "right" },
      { title: "used", align: "right" },
      { title: "share" },
    ],
    rows: budgets.map(({ objective, budget, used }) => [
      objective,
      formatUsd(budget),
      used === null ? style.warn("unknown") : formatUsd(used),
      used === null || budget === 0 ? "" : bar(used / budget, style),
    ]),
  });
}

function bar(ratio: number, style: Style): string {
  const paint = ratio >= nearly ? style.bad : ratio >= near ? style.warn : style.good;
  return `${paint(progressBar(ratio, style))} ${paint(`${Math.round(ratio * 100)} %`)}`;
}
