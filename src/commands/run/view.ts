import { describeRun } from "../../engine/emit.ts";
import type { RunObserver, RunReport } from "../../engine/run-request.ts";
import { formatBytes, formatDuration } from "../../model/quantity.ts";
import type { Step } from "../../model/run/run.ts";
import { type Invocation, print, printJson } from "../command.ts";
import { createProgress } from "../terminal/progress.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { wrap } from "../terminal/wrap.ts";

/** How a person or a program sees a run: live lines and a table at the end, or one JSON event per line. */
export interface RunView extends RunObserver {
  readonly note: (message: string) => void;
  readonly finished: (report: RunReport, options: { readonly dryRun: boolean }) => void;
  readonly close: () => void;
}

export function observeRun(invocation: Invocation): RunView {
  return invocation.json ? jsonView(invocation) : terminalView(invocation);
}

function jsonView(invocation: Invocation): RunView {
  const event = (type: string, fields: object) =>
    printJson(invocation, { event: type, at: new Date(invocation.now()).toISOString(), ...fields });
  return {
    started: (run) => event("started", run),
    stepStarted: ({ id, uses }) => event("step_started", { step: id, uses }),
    stepProgress: ({ id }, progress) => event("progress", { step: id, ...progress }),
    stepFinished: (step) => event("step_finished", { step: step.id, ...publicStep(step) }),
    note: (message) => event("note", { message }),
    finished: ({ run, steps, lockedBy, unjournaled }, { dryRun }) =>
      event("finished", {
        run: run.id,
        job: run.job,
        outcome: run.outcome,
        reason: run.reason,
        message: run.message,
        dry_run: dryRun,
        journaled: unjournaled === null,
        locked_by: lockedBy?.id ?? null,
        steps: steps.map(publicStep),
      }),
    close: () => undefined,
  };
}

function publicStep({ id, uses, outcome, reason, message, bytes, files, attempts, evidence }: Step) {
  return { id, uses, outcome, reason, message, bytes, files, attempts, evidence };
}

function terminalView(invocation: Invocation): RunView {
  const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
  const style = createStyle(invocation.stdout, invocation.environment);
  return {
    started: ({ id, job }) => progress.note(`${job}: run ${id} started`),
    stepStarted: ({ id, uses }) => progress.start(`${id}  ${uses}`),
    stepProgress: (_step, update) => progress.update(update),
    stepFinished: (step) => progress.done(step.outcome ?? "failed", summaryOf(step)),
    note: (message) => progress.note(message),
    finished: ({ run, steps, unjournaled }, { dryRun }) => {
      progress.close();
      const colour = run.outcome === "success" ? style.good : run.outcome === "failed" ? style.bad : style.warn;
      if (steps.length > 0) print(invocation, formatTable(stepTable(run, steps, style, invocation.stdout.columns)));
      print(
        invocation,
        `${colour(describeRun(run))}${dryRun ? " – dry run: nothing was changed" : ""}  ${style.dim(run.id)}`,
      );
      if (run.message) print(invocation, indented(run.message, invocation.stdout.columns));
      if (run.reason) print(invocation, style.dim(`  → pantheros explain ${run.reason}`));
      if (unjournaled) print(invocation, style.warn(`  not journaled: ${unjournaled.message}`));
    },
    close: () => progress.close(),
  };
}

function stepTable(run: RunReport["run"], steps: readonly Step[], style: Style, width: number | undefined) {
  const colour = { success: style.good, failed: style.bad, partial: style.warn, skipped: style.warn };
  return {
    width,
    style,
    columns: [
      { title: "step" },
      { title: "uses" },
      { title: "outcome" },
      { title: "took", align: "right" as const },
      { title: "left behind", grow: true, isProse: true },
    ],
    rows: steps.map((step) => [
      step.id,
      step.uses,
      step.outcome
        ? colour[step.outcome](step.reason ? `${step.outcome} (${step.reason})` : step.outcome)
        : style.dim("not reached"),
      step.startedAt !== null && step.finishedAt !== null
        ? formatDuration((step.finishedAt - step.startedAt) / 1000)
        : "",
      // What ended the run is told once, whole, below.
      step.message !== null && step.message === run.message ? "" : summaryOf(step),
    ]),
  };
}

function indented(text: string, width = Number.POSITIVE_INFINITY): string {
  return wrap(text, width, "  ", "  ").join("\n");
}

/** What a step left behind, in a few words. */
export function summaryOf(step: Step): string {
  if (step.message) return step.message;
  const amounts = [
    step.files === null ? null : `${step.files} files`,
    step.bytes === null ? null : formatBytes(step.bytes),
  ];
  return amounts.filter((amount) => amount !== null).join(", ");
}
