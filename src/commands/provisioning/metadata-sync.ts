import { exitCodes } from "../../model/run/exit-codes.ts";
import { type StepError, toStepError } from "../../model/run/outcome.ts";
import {
  catalogueMetadata,
  type MetricMetadata,
  metadataDifferences,
} from "../../provision/datadog/metric-metadata.ts";
import type { Difference } from "../../provision/difference.ts";
import type { Body } from "../../provision/resource.ts";
import { createSlots } from "../../provision/slots.ts";
import { type Invocation, print, printJson, tell } from "../command.ts";
import { createProgress } from "../terminal/progress.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { agreed, isAsked } from "./agreement.ts";
import { settingsOf, transportOptions } from "./stage.ts";

/** Calls at the same time. */
const atOnce = 4;

interface Looked {
  readonly metric: string;
  /** Null: Datadog does not know it yet. */
  readonly differences: readonly Difference[] | null;
}

interface Told {
  readonly metric: string;
  readonly differences: readonly Difference[];
  readonly outcome: "pending" | "done" | "failed";
  readonly failure: StepError | null;
}

/** Compares what Datadog tells about our metrics with the catalogue. @param isSync whether it is written */
export async function metadataAction(invocation: Invocation, isSync: boolean): Promise<number> {
  const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
  const slots = createSlots(atOnce);
  try {
    const options = transportOptions(await settingsOf(invocation), invocation, progress);
    const { openConnection } = await import("../../provision/targets/connection.ts");
    const { readMetadata, writeMetadata } = await import("../../provision/targets/metric-api.ts");
    const { send, check } = openConnection(options);
    await check();
    progress.start(`reading what ${options.url} tells about ${catalogueMetadata.length} metrics`);
    const look = async (metric: MetricMetadata): Promise<Looked> => {
      const found = await readMetadata(send, metric.name);
      return { metric: metric.name, differences: found === null ? null : metadataDifferences(metric, found) };
    };
    const looked = await Promise.all(catalogueMetadata.map((metric) => slots(() => look(metric))));
    const pending = looked.flatMap(({ metric, differences }): Told[] =>
      differences === null || differences.length === 0
        ? []
        : [{ metric, differences, outcome: "pending", failure: null }],
    );
    progress.done("success", pending.length === 0 ? "as in the catalogue" : `${pending.length} differ`);
    if (!isSync || pending.length === 0 || !(await isWanted())) {
      report(pending, looked, invocation);
      return pending.length === 0 ? 0 : exitCodes.pending[0];
    }
    progress.start(`writing ${pending.length}`);
    const told = await Promise.all(pending.map((each) => slots(() => write(each))));
    const failed = told.filter(({ outcome }) => outcome === "failed").length;
    progress.done(failed === 0 ? "success" : "failed", `${told.length - failed} written`);
    report(told, looked, invocation);
    return failed === 0 ? 0 : 1;

    async function write(one: Told): Promise<Told> {
      const fields: Body = Object.fromEntries(one.differences.map(({ path, after }) => [path, after]));
      try {
        await writeMetadata(send, one.metric, fields);
        return { ...one, outcome: "done" };
      } catch (error) {
        return { ...one, outcome: "failed", failure: toStepError(error) };
      }
    }

    async function isWanted(): Promise<boolean> {
      if (!isAsked(invocation)) return true;
      tell(invocation, `\n${textOf(pending, looked, createStyle(invocation.stderr, invocation.environment))}\n`);
      if (await agreed(`Write these fields at ${options.url}?`, invocation)) return true;
      tell(invocation, "nothing has been written");
      return false;
    }
  } finally {
    progress.close();
  }
}

const unknownIn = (looked: readonly Looked[]) =>
  looked.filter(({ differences }) => differences === null).map(({ metric }) => metric);

function report(told: readonly Told[], looked: readonly Looked[], invocation: Invocation): void {
  if (!invocation.json) {
    print(invocation, textOf(told, looked, createStyle(invocation.stdout, invocation.environment)));
    return;
  }
  const unknown = unknownIn(looked);
  const results = told.map(({ failure, ...each }) => ({ ...each, message: failure?.message ?? null }));
  printJson(invocation, { results, unchanged: looked.length - unknown.length - told.length, unknown });
}

function textOf(told: readonly Told[], looked: readonly Looked[], style: Style): string {
  const unknown = unknownIn(looked);
  const shown = (value: unknown) => (value === null ? "–" : makeVisible(JSON.stringify(value)));
  const lines = told.flatMap(({ metric, differences, outcome, failure }) => [
    `  ${outcome === "failed" ? style.bad("✗") : style.warn("~")} ${style.bold(metric)}`,
    ...(failure === null
      ? differences.map(({ path, before, after }) => `      ${path}: ${shown(before)} → ${shown(after)}`)
      : [`      ${failure.message}`, ...(failure.details.advice ? [`      → ${failure.details.advice}`] : [])]),
  ]);
  const count = (outcome: Told["outcome"]) => told.filter((each) => each.outcome === outcome).length;
  const parts = [
    [count("pending"), "to update"],
    [count("done"), "written"],
    [count("failed"), "failed"],
    [looked.length - unknown.length - told.length, "unchanged"],
    [unknown.length, "not reported yet"],
  ] as const;
  const counted = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const summary = `Metrics: ${counted.join(", ")}.`;
  const hint =
    unknown.length === looked.length
      ? ["  → Datadog has not heard of any yet: see outputs.dogstatsd, and pantheros metrics"]
      : [];
  return [...lines, ...(lines.length === 0 ? [] : [""]), summary, ...hint].join("\n");
}
