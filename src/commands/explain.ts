import { suggest } from "../config/closest.ts";
import { stepId } from "../config/declaration.ts";
import type { Config } from "../config/schema.ts";
import { resticCommand } from "../engine/restic-command.ts";
import { decisiveStep, type Reason, reasons } from "../model/run/outcome.ts";
import { isRetried, reasonGuide } from "../model/run/reason-guide.ts";
import type { Run, Step } from "../model/run/run.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost } from "./host.ts";
import { openWholeJournal, type WholeJournal } from "./kept-aside.ts";
import { createStyle } from "./terminal/style.ts";
import { formatTable } from "./terminal/table.ts";
import { wrap } from "./terminal/wrap.ts";

const names = Object.keys(reasons) as Reason[];

export const explain = defineCommand({
  name: "explain",
  description: `
Every run and every step that did not succeed has a reason, one of a closed list whatever the tool was. This says what a reason means, what
is usually behind it and what to do, in commands.

With the ID of a run, or with --job, it begins with what that run itself said, and the last lines of its tool.
Without anything it lists all reasons.`,
  arguments: [
    { name: "REASON|RUN-ID", optional: true, summary: "a reason such as auth, or a run as “pantheros runs” lists it" },
  ],
  options: { job: { type: "string", value: "JOB", summary: "the last run of this job that did not succeed" } },
  examples: [
    ["pantheros explain", "all reasons"],
    ["pantheros explain repository_locked", "what it means and what to do"],
    ["pantheros explain --job home", "why home failed last"],
    ["pantheros explain 20261121T020000Z-k3f9", "why this run ended as it did"],
  ],
  async run(invocation) {
    const [asked] = invocation.arguments;
    const { job } = invocation.options;
    if (typeof job === "string") {
      if (asked !== undefined) throw new UsageError("name a reason, a run or a job: one of them");
      return await explainRun(invocation, (journal, jobs) => lastFailure(journal, job, jobs));
    }
    if (asked === undefined) return list(invocation);
    const reason = names.find((name) => name === asked);
    if (reason) return explainReason(reason, invocation);
    if (!/^\d{8}T/.test(asked))
      throw new UsageError(
        `there is no reason ${JSON.stringify(asked)}: ${suggest(asked, names, "")}\n  → all of them: pantheros explain`,
      );
    return await explainRun(invocation, (journal) => {
      const run = journal.run(asked);
      if (run) return run;
      throw new UsageError(`there is no run ${JSON.stringify(asked)}\n  → list them with: pantheros runs`);
    });
  },
});

function list(invocation: Invocation): number {
  if (invocation.json) {
    printJson(invocation, names.map(publicReason));
    return 0;
  }
  const style = createStyle(invocation.stdout, invocation.environment);
  const table = formatTable({
    width: invocation.stdout.columns,
    style,
    columns: [{ title: "reason" }, { title: "retried" }, { title: "meaning", grow: true, isProse: true }],
    rows: names.map((name) => [name, isRetried(name) ? "yes" : "", reasons[name]]),
  });
  print(invocation, `${table}\n\nOne of them: pantheros explain REASON`);
  return 0;
}

function explainReason(reason: Reason, invocation: Invocation): number {
  if (invocation.json) printJson(invocation, publicReason(reason));
  else print(invocation, reasonLines(reason, invocation).join("\n"));
  return 0;
}

async function explainRun(
  invocation: Invocation,
  find: (journal: WholeJournal, jobs: readonly string[]) => Run,
): Promise<number> {
  const host = await openHost(invocation);
  const journal = await openWholeJournal(host);
  try {
    const run = find(journal, Object.keys(host.config.jobs));
    const step = decisiveStep(journal.steps(run.id));
    if (invocation.json) printJson(invocation, publicRun(run, step));
    else print(invocation, runLines(run, step, invocation, host.config).join("\n"));
    return 0;
  } finally {
    journal.close();
  }
}

function lastFailure(journal: WholeJournal, job: string, jobs: readonly string[]): Run {
  const ended = (["failed", "partial", "skipped"] as const).flatMap((outcome) =>
    journal.runs({ job, outcome, limit: 1 }),
  );
  const last = ended.toSorted((a, b) => b.startedAt - a.startedAt)[0];
  if (last) return last;
  if (journal.runs({ job, limit: 1 }).length > 0)
    throw new UsageError(`every run of ${job} that is journaled has succeeded, or is still running`);
  const why = jobs.includes(job)
    ? "see all runs with: pantheros runs"
    : suggest(job, jobs, "the configuration declares none");
  throw new UsageError(`no run of a job ${JSON.stringify(job)} is journaled\n  → ${why}`);
}

function runLines(run: Run, step: Step | null, invocation: Invocation, config: Config): string[] {
  const style = createStyle(invocation.stdout, invocation.environment);
  const head = `${style.bold(run.id)}  ${run.job}  ${run.outcome ?? "running"}${run.reason ? ` (${run.reason})` : ""}`;
  const next = run.outcome === null ? "it has not ended yet" : "it succeeded: there is nothing to explain";
  const said = [
    ...(run.message ? [`  ${run.message}`] : []),
    ...(step
      ? [style.dim(`  step ${step.id}, ${step.uses}, attempt ${Math.max(step.attempts, 1)}${exitOf(step)}`)]
      : []),
    ...(step?.tail ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => style.dim(`  | ${line}`)),
  ];
  if (run.reason === null) return [head, ...said, next];
  const declared = config.jobs[run.job]?.steps.find((each, position) => stepId(each, position) === step?.id);
  const asked = declared?.["repository"];
  const repository = typeof asked === "string" ? config.repositories[asked] : undefined;
  const restic = repository && resticCommand(repository);
  const known = (command: string) =>
    command
      .replaceAll("RUN-ID", run.id)
      .replaceAll(/\bJOB\b/g, run.job)
      .replace("restic -r PLACE", (unknown) => restic ?? unknown);
  return [head, ...said, "", ...reasonLines(run.reason, invocation, known)];
}

function exitOf({ exitCode, signal }: Step): string {
  if (signal !== null) return `, ended by ${signal}`;
  return exitCode === null ? "" : `, exit code ${exitCode}`;
}

/** @param known fills in what is known of a command */
function reasonLines(reason: Reason, invocation: Invocation, known = (command: string) => command): string[] {
  const { meaning, causes, remedies, givenBy, passes } = reasonGuide[reason];
  const style = createStyle(invocation.stdout, invocation.environment);
  const width = Math.min(invocation.stdout.columns ?? 100, 100);
  const point = (text: string) => wrap(text, width, "  - ", "    ");
  return [
    `${style.bold(reason)}: ${reasons[reason]}`,
    "",
    ...wrap(meaning, width),
    "",
    style.bold("Usually"),
    ...causes.flatMap(point),
    "",
    style.bold("What to do"),
    ...remedies.flatMap(({ what, command }) => [
      ...point(what),
      ...(command === undefined ? [] : [`      ${style.good(known(command))}`]),
    ]),
    "",
    style.bold("Given by"),
    ...givenBy.flatMap(([program, how]) => point(`${program}: ${how}`)),
    "",
    ...wrap(passes, width, `${style.bold("Passes by itself")}  `, "  "),
    `${style.bold("Retried")}  ${isRetried(reason) ? "yes, where the step has retries:" : "no: trying the same again would not help"}`,
  ];
}

function publicReason(reason: Reason) {
  const { givenBy, ...guide } = reasonGuide[reason];
  return {
    reason,
    summary: reasons[reason],
    ...guide,
    givenBy: givenBy.map(([program, how]) => ({ program, how })),
    retried: isRetried(reason),
  };
}

function publicRun({ id, job, outcome, reason, message }: Run, step: Step | null) {
  const decisive = step && {
    id: step.id,
    uses: step.uses,
    exitCode: step.exitCode,
    signal: step.signal,
    tail: step.tail,
  };
  return { run: id, job, outcome, message, step: decisive, reason: reason && publicReason(reason) };
}
