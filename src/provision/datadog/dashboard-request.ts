import type { Severity } from "../../model/alert/condition.ts";
import { type AnyExpression, readingsOf } from "../../model/alert/expression.ts";
import type { Judgement } from "../../model/dashboard/judgement.ts";
import type { Body } from "../resource.ts";
import { formulaToDatadog, levelToDatadog, type Reading, shownUnit, valueToDatadog } from "./query.ts";

/** A value as a widget asks for it: what it reads, each under a name, and the formula of them that is shown. */
export interface Asked {
  readonly queries: readonly Body[];
  readonly formula: Body;
}

/**
 * One number for each group, of the time that is looked at.
 * @param first number of the first query: names must differ within a request
 */
export function asScalar(value: AnyExpression, judgement: Judgement | null, first = 0): Asked {
  const { queries, formula } = ask(value, first, (reading) => ({
    query: valueToDatadog(reading),
    aggregator: reading.kind === "increase" ? "sum" : "last",
  }));
  return { queries, formula: { ...formula, ...conditionalFormats(value, judgement) } };
}

/** Numbers over time; what has grown is summed up for each stretch of it. */
export function asTimeseries(value: AnyExpression, first = 0): Asked {
  return ask(value, first, (reading) => ({
    query: `${valueToDatadog(reading)}${reading.kind === "increase" ? `.rollup(sum, ${reading.within})` : ""}`,
  }));
}

/** A level as the widget shows it. */
export function shownLevel(value: AnyExpression, level: number): number {
  const shown = isRatio(value) ? level * 100 : levelToDatadog(value, level);
  return Math.round(shown * 1e6) / 1e6;
}

/** The time that the widget needs for what it says to be true, whatever its reader looks at; null: any. */
export function ownTime(values: readonly AnyExpression[]): Body | null {
  const windows = new Set(
    values.flatMap(readingsOf).flatMap((reading) => (reading.kind === "increase" ? [reading.within] : [])),
  );
  if (windows.size === 0) return null;
  const [window = 0] = windows;
  const span = liveSpans[window];
  if (windows.size > 1 || span === undefined)
    throw new Error(`Datadog has no time for increases within ${[...windows].join(" and ")} seconds in one widget`);
  return { live_span: span };
}

const liveSpans: Readonly<Record<number, string>> = { 86400: "1d", 172800: "2d", 604800: "1w", 2592000: "1mo" };

type Query = (reading: Reading) => Body;

function ask(value: AnyExpression, first: number, query: Query): Asked {
  const queries: Body[] = [];
  const formula = formulaToDatadog(value, (reading) => {
    const name = `query${first + queries.length + 1}`;
    queries.push({ name, data_source: "metrics", ...query(reading) });
    return name;
  });
  // Nothing counted is none; nothing measured stays unknown.
  const whole = value.kind === "increase" ? `default_zero(${formula})` : formula;
  const shown = isRatio(value) ? ("metric" in value ? `${whole} * 100` : `(${whole}) * 100`) : whole;
  return { queries, formula: { formula: shown, ...numberFormat(value) } };
}

/** Whether it reaches us between 0 and 1: people read percent. */
function isRatio(value: AnyExpression): boolean {
  return value.unit === "ratio" && shownUnit(value) === "ratio";
}

/** https://docs.datadoghq.com/metrics/units/ */
const unitNames: Readonly<Record<string, string>> = {
  seconds: "second",
  hours: "hour",
  bytes: "byte",
  ratio: "percent",
  percent: "percent",
  usd: "dollar",
};

function numberFormat(value: AnyExpression): Body {
  const name = unitNames[shownUnit(value)];
  return name === undefined ? {} : { number_format: { unit: { type: "canonical_unit", unit_name: name } } };
}

const palettes: Readonly<Record<Severity, string>> = { critical: "white_on_red", warning: "white_on_yellow" };

/** The first that holds is shown. */
function conditionalFormats(value: AnyExpression, judgement: Judgement | null): Body {
  if (judgement === null) return {};
  const { is, levels } = judgement;
  const beyond = (["critical", "warning"] as const).flatMap((severity) => {
    const level = levels[severity];
    if (level === undefined) return [];
    return [{ comparator: is === "above" ? ">" : "<", value: shownLevel(value, level), palette: palettes[severity] }];
  });
  const last = beyond.at(-1);
  if (last === undefined) return {};
  const fine = { comparator: is === "above" ? "<=" : ">=", value: last.value, palette: "white_on_green" };
  return { conditional_formats: [...beyond, fine] };
}
