import { exitCodes } from "../../model/exit-codes.ts";
import { type StepError, toStepError } from "../../model/outcome.ts";
import {
  catalogueMetadata,
  type MetricMetadata,
  metadataDifferences,
} from "../../provision/datadog/metric-metadata.ts";
import type { Difference } from "../../provision/difference.ts";
import type { Body } from "../../provision/resource.ts";
import { createSlots } from "../../provision/slots.ts";
import { type Invocation, print, printJson } from "../command.ts";
import { createProgress } from "../terminal/progress.ts";
import { createStyle } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { settingsOf, transportOptions } from "./stage.ts";

/** Calls at the same time. */
const atOnce = 4;

interface Looked {
  readonly metric: MetricMetadata;
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
    const { createTransport } = await import("../../provision/targets/transport.ts");
    const { readMetadata, writeMetadata } = await import("../../provision/targets/metric-api.ts");
    const send = createTransport(options);
    progress.start(`reading what ${options.url} tells about ${catalogueMetadata.length} metrics`);
    const look = async (metric: MetricMetadata): Promise<Looked> => {
      const found = await readMetadata(send, metric.name);
      return { metric, differences: found === null ? null : metadataDifferences(metric, found) };
    };
    const looked = await Promise.all(catalogueMetadata.map((metric) => slots(() => look(metric))));
    const write = async ({ metric: { name }, differences }: Looked): Promise<Told> => {
      const told = { metric: name, differences: differences ?? [] };
      if (!isSync) return { ...told, outcome: "pending", failure: null };
      const fields: Body = Object.fromEntries(told.differences.map(({ path, after }) => [path, after]));
      try {
        await writeMetadata(send, name, fields);
        return { ...told, outcome: "done", failure: null };
      } catch (error) {
        return { ...told, outcome: "failed", failure: toStepError(error) };
      }
    };
    const differing = looked.filter(({ differences }) => differences !== null && differences.length > 0);
    const told = await Promise.all(differing.map((each) => slots(() => write(each))));
    progress.close();
    report(told, looked, invocation);
    if (told.some(({ outcome }) => outcome === "failed")) return 1;
    return told.some(({ outcome }) => outcome === "pending") ? exitCodes.pending[0] : 0;
  } finally {
    progress.close();
  }
}

function report(told: readonly Told[], looked: readonly Looked[], invocation: Invocation): void {
  const unknown = looked.filter(({ differences }) => differences === null).map(({ metric }) => metric.name);
  const unchanged = looked.length - unknown.length - told.length;
  if (invocation.json) {
    const results = told.map(({ failure, ...each }) => ({ ...each, message: failure?.message ?? null }));
    printJson(invocation, { results, unchanged, unknown });
    return;
  }
  const style = createStyle(invocation.stdout, invocation.environment);
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
    [unchanged, "unchanged"],
    [unknown.length, "not reported yet"],
  ] as const;
  const counted = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  print(invocation, [...lines, ...(lines.length === 0 ? [] : [""]), `Metrics: ${counted.join(", ")}.`].join("\n"));
}
