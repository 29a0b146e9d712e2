import { resolve } from "node:path";
import { suggest } from "../config/closest.ts";
import { monthReport } from "../engine/month-report.ts";
import type { MonthReport } from "../model/objective/month-report.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { localTime, type Month, monthAt, parseMonth } from "../model/time/month.ts";
import { defineCommand, type Invocation, tell, UsageError } from "./command.ts";
import { openHost, openHostState } from "./host.ts";
import { requireNewFile, writeWhole } from "./report-file.ts";

const formats = ["markdown", "html", "json"] as const;
type Format = (typeof formats)[number];

export const report = defineCommand({
  name: "report",
  description: `
One calendar month for whoever audits the backups: what was promised against what was measured, with the runs that prove it. A summary comes
first ("2 of 3 objectives held"), then each objective and each job, what is not known and why, how it was measured, and every run of the month.

A month is one of the configuration's timezone, else the host's. Without --month it is the last one that is over. Written as Markdown, as one
HTML page that needs nothing else (plots inside, fit for printing), or as JSON (docs/report.md). Reads the ledger only.`,
  arguments: [],
  options: {
    month: {
      type: "string",
      short: "m",
      value: "YYYY-MM",
      summary: "the month; or the words this, last (default: last)",
    },
    format: {
      type: "string",
      short: "f",
      value: "FORMAT",
      summary: "markdown, html or json (default: by the name of --output, else markdown)",
    },
    output: { type: "string", short: "o", value: "FILE", summary: "write it there instead of printing it" },
    force: { type: "boolean", summary: "replace a file that exists" },
  },
  examples: [
    ["pantheros report --month 2026-10", "October, to read here"],
    ["pantheros report --output backups.html", "the last month as a page, to print or to send"],
    ["pantheros report --month this --json | jq .objectives", "this month so far, for programs"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const now = invocation.now() / 1000;
    const month = monthOf(invocation, host.config.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, now);
    const format = formatOf(invocation);
    const output = outputOf(invocation);
    if (output !== null) requireNewFile(output, invocation.options["force"] === true);
    const ledger = await openHostState(host);
    try {
      const told = monthReport(host.config, ledger, month, now);
      const render = await rendererOf(format);
      if (output === null) for (const piece of inChunks(render(told))) invocation.stdout.write(piece);
      else {
        writeWhole(output, inChunks(render(told)), invocation.random, invocation.now);
        tell(
          invocation,
          `wrote ${output}: ${told.month.name} as ${format}, ${told.runs.length + told.unlistedRuns} runs`,
        );
      }
      return exitCodes.success[0];
    } finally {
      ledger.close();
    }
  },
});

function monthOf({ options }: Invocation, timezone: string, now: number): Month {
  const named = String(options["month"] ?? "last");
  if (named === "last") return monthAt(now, timezone, 1);
  if (named === "this") return monthAt(now, timezone);
  const month = parseMonth(named, timezone);
  if (month === null) throw new UsageError(`--month ${named}: write a year and a month, as in 2026-11; or this, last`);
  if (month.from <= now) return month;
  const begins = localTime(month.from, month.zone);
  throw new UsageError(`--month ${named} has not begun: it does at ${begins} (${timezone})`);
}

function formatOf({ options, json }: Invocation): Format {
  const named = options["format"];
  if (json) {
    if (named === undefined || named === "json") return "json";
    throw new UsageError(`--json and --format ${named} contradict each other`);
  }
  if (named === undefined) return formatOfFile(String(options["output"] ?? ""));
  const format = formats.find((known) => known === named);
  if (format) return format;
  throw new UsageError(`--format ${named}: ${suggest(String(named), formats, "")}`);
}

function formatOfFile(file: string): Format {
  if (/\.html?$/i.test(file)) return "html";
  return /\.json$/i.test(file) ? "json" : "markdown";
}

function outputOf({ options, directory }: Invocation): string | null {
  const named = options["output"];
  return typeof named !== "string" || named === "-" ? null : resolve(directory, named);
}

async function rendererOf(format: Format): Promise<(report: MonthReport) => Iterable<string>> {
  if (format === "html") return (await import("../outputs/report/html.ts")).htmlReport;
  if (format === "json") return (await import("../outputs/report/json.ts")).jsonReport;
  return (await import("../outputs/report/markdown.ts")).markdownReport;
}

/** Pieces of some 64 KiB: one write each, and never the whole report at once. */
function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
