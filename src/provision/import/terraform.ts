import type { JsonValue } from "../../model/measurement.ts";
import { monitorFields } from "../datadog/monitor-form.ts";
import { type Body, isBody } from "../resource.ts";
import { type HclAttribute, type HclBlock, readHcl } from "./hcl.ts";
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

/**
 * The monitors of a file of Terraform, as the API would take them; other resources are not looked at.
 * @throws StepError `config` with the line, for what is not its language
 */
export function terraformMonitors(text: string, file: string): readonly Candidate[] {
  const blocks = readHcl(text, file);
  const imported = new Map(blocks.filter(({ type }) => type === "import").map(importedOf));
  const lines = text.split("\n");
  return blocks
    .filter(({ type, labels }) => type === "resource" && labels[0] === "datadog_monitor")
    .map((block) => {
      const address = block.labels.join(".");
      const generated = /__generated__ by Terraform from "(\d+)"/.exec(lines[block.line - 2] ?? "")?.[1];
      const number = imported.get(address) ?? generated;
      const { body, problems } = monitorOf(block);
      return {
        place: `${file}, line ${block.line} (${address})`,
        problems,
        body: number === undefined ? body : { ...body, id: Number(number) },
      };
    });
}

function importedOf({ attributes }: HclBlock): readonly [string, string | undefined] {
  const named = (name: string) => attributes.find((attribute) => attribute.name === name);
  const id = named("id")?.value;
  return [named("to")?.source ?? "", typeof id === "string" && /^\d+$/.test(id) ? id : undefined];
}

function monitorOf({ attributes, blocks }: HclBlock): Pick<Candidate, "body" | "problems"> {
  const problems: string[] = [];
  const own: Record<string, JsonValue> = {};
  const inOptions: Record<string, JsonValue> = { ...providerDefaults };
  const report = (line: number, what: string) => void problems.push(`line ${line}: ${what}`);
  const plain = ({ name, line, value, source }: HclAttribute, above = "") => {
    if (value === undefined)
      report(line, `${above}${name} = ${source} is an expression of Terraform: write its value, or import by --id`);
    return value ?? null;
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
  report: (line: number, what: string) => void,
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
