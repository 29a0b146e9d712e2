import type { JsonValue } from "../../model/measurement.ts";
import { monitorFields } from "../datadog/monitor-form.ts";
import { type Body, isBody } from "../resource.ts";
import type { HclAttribute, HclBlock } from "./hcl.ts";
import type { Candidate } from "./import.ts";

/** What is Terraform's own affair and nothing of the monitor. */
const aside = ["force_delete", "validate", "id", "effective_tags", "provider", "depends_on", "timeouts", "lifecycle"];
/** What its provider sends when nothing is written. */
const providerDefaults: Body = { notify_no_data: false, require_full_window: true, include_tags: true };
const providerNoDataTimeframe = 10;
/** Its provider takes zero for absent, except for these. */
const zeroCounts = ["new_host_delay"];
const topLevel = Object.keys(monitorFields).filter((name) => name !== "options");
const options = Object.keys(monitorFields["options"]?.fields ?? {});

/** A `datadog_monitor` as the API would take it. */
export function terraformMonitor({ attributes, blocks }: HclBlock): Pick<Candidate, "body" | "problems"> {
  const problems: string[] = [];
  const own: Record<string, JsonValue> = {};
  const inOptions: Record<string, JsonValue> = { ...providerDefaults };
  const report = (line: number | null, what: string) => void problems.push(`${atLine(line)}${what}`);
  const plain = (attribute: HclAttribute, above = "") => {
    if (attribute.value === undefined) problems.push(expressionProblem(attribute, above));
    return attribute.value ?? null;
  };

  for (const attribute of attributes) {
    const { name, line } = attribute;
    if (aside.includes(name)) continue;
    if (name === "count" || name === "for_each") {
      report(line, `${name} makes several monitors of one block: import them by --id`);
      continue;
    }
    const value = plain(attribute);
    if (value === null || (isNothing(value) && !zeroCounts.includes(name))) continue;
    if (name === "priority") own[name] = asNumber(value);
    else if (name === "thresholds" || name === "threshold_windows") inOptions[name] = numbersIn(value);
    else if (topLevel.includes(name)) own[name] = value;
    else if (options.includes(name) || name === "silenced") inOptions[name] = value;
    else report(line, `${name} is no attribute of monitors that pantheros knows`);
  }

  for (const block of blocks) {
    const { type, line } = block;
    if (aside.includes(type)) continue;
    const value = blockValue(block, plain);
    if (type === "monitor_thresholds") inOptions["thresholds"] = numbersIn(value);
    else if (type === "monitor_threshold_windows") inOptions["threshold_windows"] = value;
    else if (type === "scheduling_options") inOptions[type] = schedulingOptions(value);
    else if (type === "variables") inOptions[type] = variables(block, plain, report);
    else report(line, `${type} { … } is no block of monitors that pantheros knows`);
  }

  if (inOptions["notify_no_data"] === true) inOptions["no_data_timeframe"] ??= providerNoDataTimeframe;
  return { body: { ...own, options: inOptions }, problems };
}

const atLine = (line: number | null) => (line === null ? "" : `line ${line}: `);

/** What only Terraform can work out, and what can be done about it. */
export function expressionProblem({ name, line, source }: HclAttribute, above = ""): string {
  const [long = "", ...more] = source.split("\n");
  const shown = `${long.slice(0, 80)}${more.length > 0 || long.length > 80 ? " …" : ""}`;
  const variable = /\bvar\.([\w-]+)/.exec(source)?.[1];
  const why =
    variable === undefined
      ? "is an expression, which only Terraform can work out"
      : `needs var.${variable}, whose value only Terraform knows`;
  return `${atLine(line)}${above}${name} = ${shown} ${why}: write its value, give what terraform show -json prints, or import by --id`;
}

type Plain = (attribute: HclAttribute, above?: string) => JsonValue;

/** Blocks that stand once become objects; those that may stand several times are turned into lists by who knows them. */
function blockValue({ type, attributes, blocks }: HclBlock, plain: Plain): Body {
  return Object.fromEntries([
    ...attributes
      .map((attribute) => [attribute.name, plain(attribute, `${type}.`)] as const)
      .filter(([, value]) => value !== null && value !== ""),
    ...blocks.map((block) => [block.type, blockValue(block, plain)] as const),
  ]);
}

function schedulingOptions(value: Body): Body {
  const { evaluation_window: window, custom_schedule: schedule, ...rest } = value;
  const recurrence = isBody(schedule) ? schedule["recurrence"] : undefined;
  return {
    ...rest,
    ...(isBody(window) ? { evaluation_window: withoutZeros(window) } : {}),
    ...(recurrence === undefined ? {} : { custom_schedule: { recurrences: [recurrence] } }),
  };
}

function variables(
  { blocks }: HclBlock,
  plain: Plain,
  report: (line: number | null, what: string) => void,
): readonly JsonValue[] {
  return blocks.flatMap((query) => {
    if (query.type === "cloud_cost_query") return [blockValue(query, plain)];
    if (query.type === "event_query") {
      const groups = query.blocks.filter(({ type }) => type === "group_by");
      const others = { ...query, blocks: query.blocks.filter(({ type }) => type !== "group_by") };
      return [{ ...blockValue(others, plain), group_by: groups.map((group) => blockValue(group, plain)) }];
    }
    report(query.line, `variables.${query.type} is no query that pantheros knows: import it by --id`);
    return [];
  });
}

const isNothing = (value: JsonValue) => value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
const asNumber = (value: JsonValue) =>
  typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;

function numbersIn(value: JsonValue): JsonValue {
  if (!isBody(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, asNumber(inside)]));
}

function withoutZeros(value: Body): Body {
  return Object.fromEntries(Object.entries(value).filter(([, inside]) => inside !== 0));
}
