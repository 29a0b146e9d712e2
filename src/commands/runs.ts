import { suggest } from "../config/closest.ts";
import { isGone } from "../engine/presence.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import { type Outcome, outcomes } from "../model/run/outcome.ts";
import type { Run, Step } from "../model/run/run.ts";
import { defineCommand, type Invocation, print, printJson, tell, UsageError } from "./command.ts";
import { type Host, openHost } from "./host.ts";
import { keptAsideSentence, openWholeJournal, type WholeJournal } from "./kept-aside.ts";
import { summaryOf } from "./run/view.ts";
import { createStyle, type Style } from "./terminal/style.ts";
import { formatTable } from "./terminal/table.ts";

export const runs = defineCommand({
  name: "runs",
  description: `
The journal: every run that was ever started here, newest first, with how it ended and why – also those that were killed.
"runs show ID" prints one run whole: its steps, what they left behind, and the last lines of what their tools said.`,
  arguments: [
    { name: "JOB", optional: true, summary: "only runs of this job; or the word show" },
    { name: "ID", optional: true, summary: "with show: the run" },
  ],
  options: {
    limit: { type: "string", short: "n", value: "N", summary: "how many (default: 20)" },
    outcome: { type: "string", value: "OUTCOME", summary: "only these: success, partial, failed, skipped" },
  },
  examples: [
    ["pantheros runs home --outcome failed", "when and why home failed"],
    ["pantheros runs show 20261121T020000Z-k3f9", "one run, whole"],
  ],
  async run(invocation) {
    const [first, second] = invocation.arguments;
    if (first === "show" && second === undefined) throw new UsageError("runs show: the ID of a run is missing");
    if (first !== "show" && second !== undefined)
      throw new UsageError(`${JSON.stringify(second)} is one argument too many`);
    const host = await openHost(invocation);
    const journal = await openWholeJournal(host);
    try {
      if (first === "show") showRun(journal, second as string, invocation);
      else listRuns(journal, first, host, invocation);
      return 0;
    } finally {
      journal.close();
    }
  },
});

function listRuns(journal: WholeJournal, job: string | undefined, host: Host, invocation: Invocation): void {
  const outcome = outcomeOf(invocation);
  if (job !== undefined) requireKnown(job, journal, host);
  const aside = keptAsideSentence(journal, host);
  if (aside !== "") tell(invocation, aside);
  const found = journal.runs({
    limit: limitOf(invocation),
    ...(job === undefined ? {} : { job }),
    ...(outcome ? { outcome } : {}),
  });
  if (invocation.json) {
    printJson(invocation, found.map(publicRun));
    return;
  }
  if (found.length === 0) {
    print(invocation, "no runs");
    return;
  }
  const style = createStyle(invocation.stdout, invocation.environment);
  print(
    invocation,
    formatTable({
      width: invocation.stdout.columns,
      style,
      columns: [
        { title: "run" },
        { title: "job" },
        { title: "outcome" },
        { title: "took", align: "right" },
        { title: "because", grow: true },
      ],
      rows: found.map((run) => {
        const now = invocation.now();
        return [run.id, run.job, verdict(run, now, style), took(run, now), run.message ?? ""];
      }),
    }),
  );
}

/** A job that is not declared any more may have runs all the same. @throws UsageError for one that nobody knows */
function requireKnown(job: string, journal: WholeJournal, { config }: Host): void {
  if (Object.hasOwn(config.jobs, job) || journal.runs({ job, limit: 1 }).length > 0) return;
  const why = suggest(job, Object.keys(config.jobs), "the configuration declares none");
  throw new UsageError(`there is no job ${JSON.stringify(job)}, and no run of one: ${why}`);
}

function showRun(journal: WholeJournal, id: string, invocation: Invocation): void {
  const run = journal.run(id);
  if (!run) throw new UsageError(`there is no run ${JSON.stringify(id)}\n  → list them with: pantheros runs`);
  const steps = journal.steps(id);
  if (invocation.json) {
    printJson(invocation, { ...publicRun(run), steps });
    return;
  }
  const style = createStyle(invocation.stdout, invocation.environment);
  const lines = [
    `${style.bold(run.id)}  ${run.job}  ${verdict(run, invocation.now(), style)}  ${took(run, invocation.now())}`,
    `started ${new Date(run.startedAt).toISOString()} by ${run.trigger}, process ${run.holder.pid}`,
    ...(run.message ? [run.message] : []),
    ...(run.journaled ? [] : [style.warn("the ledger could not be written while it ran")]),
    ...steps.flatMap((step) => ["", ...stepLines(step, style)]),
  ];
  print(invocation, lines.join("\n"));
}

function stepLines(step: Step, style: Style): string[] {
  const outcome = step.outcome ?? (step.startedAt === null ? "not reached" : "running");
  const lines = [
    `${style.bold(step.id)}  ${step.uses}  ${outcome}${step.reason ? `/${step.reason}` : ""}  ${summaryOf(step)}`,
  ];
  for (const [field, value] of Object.entries(step.evidence)) {
    lines.push(`  ${field}: ${field.startsWith("bytes") ? formatBytes(Number(value)) : JSON.stringify(value)}`);
  }
  if (step.tail) lines.push(...step.tail.split("\n").map((line) => style.dim(`  | ${line}`)));
  return lines;
}

/** What nobody has seen the end of is not running. */
function verdict(run: Run, now: number, style: Style): string {
  if (run.outcome === null) return isGone(run, now) ? style.bad("process gone") : style.bold("running");
  const colour = run.outcome === "success" ? style.good : run.outcome === "failed" ? style.bad : style.warn;
  return colour(run.reason ? `${run.outcome}/${run.reason}` : run.outcome);
}

function took(run: Run, now: number): string {
  return formatDuration(((run.finishedAt ?? now) - run.startedAt) / 1000);
}

function publicRun(run: Run) {
  const { startedAt, finishedAt, deadlineAt, seenAt, emittedAt, ...rest } = run;
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    ...rest,
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    deadlineAt: time(deadlineAt),
    seenAt: time(seenAt),
    emittedAt: time(emittedAt),
  };
}

function limitOf(invocation: Invocation): number {
  const text = String(invocation.options["limit"] ?? "20");
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError(`--limit ${text}: write a number from 1`);
}

function outcomeOf(invocation: Invocation): Outcome | undefined {
  const named = invocation.options["outcome"];
  if (named === undefined) return undefined;
  const outcome = outcomes.find((known) => known === named);
  if (outcome) return outcome;
  throw new UsageError(`--outcome ${named}: ${suggest(String(named), outcomes, "")}`);
}
