import type { BucketFigures, CostFigures } from "../../collectors/costs/figures.ts";
import { formatUsd } from "../../model/cost/money.ts";
import { dayStart } from "../../model/cost/rate-card.ts";
import { formatBytes } from "../../model/quantity.ts";
import { sparkline } from "../terminal/sparkline.ts";
import type { Style } from "../terminal/style.ts";
import { wrap } from "../terminal/wrap.ts";

/** What stands behind the figures of one bucket: their course, the rate, what is missing, and what looking cost. */
export function bucketNotes(
  figures: BucketFigures,
  span: CostFigures,
  now: number,
  style: Style,
  width = Number.POSITIVE_INFINITY,
): string {
  const lines = [
    course(figures, span, style),
    rate(figures),
    provenance(figures),
    ...missing(figures, span, now),
    observation(figures),
  ];
  const warned = new Set(missing(figures, span, now));
  const paint = (line: string) => (warned.has(line) ? style.warn : (text: string) => text);
  const shown = lines.filter((line) => line !== "");
  return [
    style.bold(figures.bucket),
    ...shown.flatMap((line) => wrap(line, width, "  ", "    ").map(paint(line))),
  ].join("\n");
}

function course({ history }: BucketFigures, { from, monthEnd }: CostFigures, style: Style): string {
  const [first, last] = [history[0], history.at(-1)];
  if (!first || !last || history.length < 2) return "";
  const days = Math.round((monthEnd - from) / 86_400);
  const line = sparkline(
    history.map(({ at, bytes }) => ({ at, value: bytes })),
    // As many characters as days of it have begun.
    { from, until: monthEnd, width: days, style },
  ).slice(0, Math.max(1, Math.ceil((last.at - from) / 86_400)));
  return `${line}  ${formatBytes(first.bytes)} ${style.isUnicode ? "→" : "->"} ${formatBytes(last.bytes)}`;
}

function rate({ card, rate: inForce }: BucketFigures): string {
  if (card === null) {
    return "no rate card is known for its endpoint: name one with accounts.NAME.card, or write one in cost.cards";
  }
  if (inForce === null) return `${card.title}: the card has no rate for this time`;
  const { storage } = inForce;
  const perTerabyte = ((storage.bands[0]?.usdPerUnit ?? 0) * 1e12) / storage.unitBytes;
  const month = storage.hours === null ? "calendar month" : `${storage.hours / 24} days`;
  const free = storage.freeBytes > 0 ? `, ${storage.freeBytes / 1e9} GB of the account free` : "";
  return `${card.title}, rate of ${inForce.from}: ${formatUsd(perTerabyte)} per TB and ${month}${free} (${inForce.source})`;
}

function provenance({ cost, reportedUntil }: BucketFigures): string {
  if (cost === null) return "";
  const parts = [
    `storage ${formatUsd(cost.storage)}`,
    cost.downloads > 0 ? `downloads ${formatUsd(cost.downloads)}` : "",
    cost.calls > 0 ? `requests ${formatUsd(cost.calls)}` : "",
  ].filter((part) => part !== "");
  if (reportedUntil === null) return `estimated: ${parts.join(", ")}`;
  return `reported by the provider until ${dateOf(reportedUntil)}, estimated since: ${parts.join(", ")}`;
}

function missing(figures: BucketFigures, { from, until }: CostFigures, now: number): string[] {
  const { scan, storedAt, covered, gaps, stored, rate: inForce, ahead } = figures;
  const sentences: string[] = [];
  if (storedAt === null && until < now) return ["nothing was measured in this month"];
  if (scan.lookedAt === null && storedAt === null) {
    sentences.push("nothing was measured yet: the engine looks by itself, or now: pantheros collect cost");
  } else if (!scan.complete) {
    const progress = scan.startedAt === null ? "" : ` (${Math.floor(scan.progress * 100)} % of the listings done)`;
    sentences.push(`incomplete${progress}: ${scan.why ?? "the last look did not see everything"}`);
  }
  if (stored !== null && (stored.hiddenBytes === null || stored.unfinishedBytes === null)) {
    sentences.push("what is hidden or unfinished is billed too, and unknown: there is no cost without it");
  }
  if (inForce !== null && covered > 0 && covered < 0.995) {
    sentences.push(
      `the cost is that of ${covered < 0.01 ? "less than 1" : Math.floor(covered * 100)} % of the time: for the rest of it, nothing was measured`,
    );
  }
  const worth = gaps.filter((gap) => gap.until - gap.from > 0 && gap.until > from && storedAt !== null);
  for (const gap of worth) {
    const end = gap.until >= until && until === now ? "now" : dateOf(gap.until);
    sentences.push(`no whole scan between ${dateOf(gap.from)} and ${end}`);
  }
  if (inForce !== null && dayStart(inForce.from) > from)
    sentences.push(`before ${inForce.from}, the older rate counts`);
  if (ahead > 0) sentences.push(`${ahead} scans lie in the future and do not count: see that the clock is right`);
  return sentences;
}

function observation({ observation: { calls, usd } }: BucketFigures): string {
  const count = Object.values(calls).reduce((sum, some) => sum + some, 0);
  if (count === 0) return "";
  return `looking took ${count} requests in this month${usd === null ? "" : `, ${usd === 0 ? "free of charge" : formatUsd(usd)}`}`;
}

const dateOf = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);
