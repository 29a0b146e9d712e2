import type { JsonValue } from "../../model/measurement.ts";
import type { PlanStep } from "../../provision/plan.ts";
import { type Body, isBody } from "../../provision/resource.ts";
import { widgetsIn } from "./widget-changes.ts";

/** What a person wants to know of something that will be there: field and value, in the order in which it is read. */
export function createdFields({
  kind,
  differences,
}: PlanStep): readonly (readonly [field: string, value: JsonValue])[] {
  const body: Body = Object.fromEntries(differences.map(({ path, after }) => [path, after]));
  const own = kind === "monitor" ? ofMonitor(body) : kind === "slo" ? ofSlo(body) : ofDashboard(body);
  return own.filter(([, value]) => value !== null);
}

type Fields = readonly (readonly [string, JsonValue])[];

function ofMonitor({ name = null, query = null, message = null, options = null }: Body): Fields {
  const levels = isBody(options) ? (options["thresholds"] ?? null) : null;
  return [
    ["name", name],
    ["query", query],
    ["thresholds", isBody(levels) ? listed(levels) : null],
    ["told", toldBy(message)],
  ];
}

function ofSlo(body: Body): Fields {
  const { name = null, type = null, thresholds = null, query = null, monitor_ids: monitors = null } = body;
  const slice = insideOf(body, "sli_specification", "time_slice");
  return [
    ["name", name],
    ["type", type],
    ["target", Array.isArray(thresholds) ? thresholds.filter(isBody).map(target).join("; ") : null],
    ["good", insideOf(query, "numerator")],
    ["of", insideOf(query, "denominator")],
    ["good while", isBody(slice) ? sliceInWords(slice) : null],
    ["monitors", monitors],
  ];
}

function ofDashboard({
  title = null,
  name = null,
  template_variables: variables = null,
  widgets = null,
}: Body): Fields {
  const all = widgetsIn(widgets) ?? [];
  const groups = all.filter(({ type }) => type === "group").length;
  const chosen = Array.isArray(variables) ? variables.filter(isBody).map((variable) => variable["name"] ?? null) : [];
  return [
    ["title", title ?? name],
    ["widgets", all.length === 0 ? null : `${all.length - groups}${groups === 0 ? "" : ` in ${groups} groups`}`],
    ["chosen by", chosen.length === 0 ? null : chosen.join(", ")],
  ];
}

/** Everybody whom a message can tell, whatever must be so for it; https://docs.datadoghq.com/monitors/notify/ */
function toldBy(message: JsonValue): string {
  const handles = typeof message === "string" ? message.matchAll(/(?<![\w.@-])@(\w[\w.@+-]*\w)/g) : [];
  return [...new Set([...handles].map(([handle]) => handle))].join(", ") || "nobody";
}

function target({ target: share = null, timeframe = null, warning = null }: Body): string {
  return `${share} % of ${timeframe}${warning === null ? "" : `, a warning below ${warning} %`}`;
}

function sliceInWords(slice: Body): string {
  const queries = insideOf(slice, "query", "queries");
  const formulas = insideOf(slice, "query", "formulas");
  const each = (list: JsonValue, write: (one: Body) => string) =>
    Array.isArray(list) ? list.filter(isBody).map(write).join(", ") : "";
  const formula = each(formulas, (one) => String(one["formula"]));
  const named = each(queries, ({ name = null, query = null }) => `${name} is ${query}`);
  return `${formula} ${slice["comparator"]} ${slice["threshold"]}, where ${named}`;
}

function insideOf(value: JsonValue, ...names: readonly string[]): JsonValue {
  return names.reduce<JsonValue>((inside, name) => (isBody(inside) ? (inside[name] ?? null) : null), value);
}

const listed = (levels: Body) =>
  Object.entries(levels)
    .map(([name, level]) => `${name} ${level}`)
    .join(", ");
