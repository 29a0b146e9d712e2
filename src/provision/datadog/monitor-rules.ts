import { unknownFields } from "../normal-form.ts";
import { type Body, isBody, type Resource } from "../resource.ts";
import { templateProblems } from "./message-template.ts";
import type { Scope } from "./message-variables.ts";
import { monitorFields } from "./monitor-form.ts";

type Problem = readonly [message: string, advice: string];

/**
 * What can be known to be wrong with a monitor before anybody is asked.
 * @param parts those that a composite names
 */
export function monitorProblems({ body }: Resource, parts: readonly Resource[]): readonly Problem[] {
  const { query, message } = body;
  const options = isBody(body["options"]) ? body["options"] : {};
  if (typeof query !== "string" || query.trim() === "") return [["it has no query", "say what it judges"]];
  return [
    ...unknownFields(body, monitorFields).map(
      (path): Problem => [`${path} is no field of monitors`, "is it misspelt? it would be dropped without a word"],
    ),
    ...(typeof body["name"] === "string" && body["name"].trim() !== ""
      ? []
      : ([["it has no name", "give it a title"]] as const)),
    ...thresholdProblems(query, options),
    ...missingDataProblems(options),
    ...(typeof message === "string" ? templateProblems(message, scopeOf(body, parts)) : []),
  ];
}

/** The query has the critical threshold in it; the warning comes before it, and each recovery behind. */
function thresholdProblems(query: string, options: Body): readonly Problem[] {
  const thresholds = isBody(options["thresholds"]) ? options["thresholds"] : {};
  const judged = /(<=|>=|<|>)\s*(-?[\d.]+(?:e[+-]?\d+)?)\s*$/i.exec(query);
  if (judged === null) return isCheck(query) ? checkProblems(query, thresholds) : [];
  const [, operator = "", written = ""] = judged;
  const { critical, warning, critical_recovery: recovery, warning_recovery: warningRecovery } = thresholds;
  if (typeof critical !== "number") return [["it has no critical threshold", `set it to ${written}, as in its query`]];
  const isAbove = operator.startsWith(">");
  const isMilder = (value: unknown, than: unknown) =>
    typeof value !== "number" || typeof than !== "number" || (isAbove ? value < than : value > than);
  const side = isAbove ? "below" : "above";
  return [
    ...(Number(written) === critical
      ? []
      : [[`its query judges ${written}, its critical threshold is ${critical}`, "make them equal"] as const]),
    ...(isMilder(warning, critical)
      ? []
      : [
          [
            `its warning ${warning} is not ${side} its critical threshold ${critical}`,
            `a warning comes first: put it ${side}, or exchange the two`,
          ] as const,
        ]),
    ...(isMilder(recovery, critical)
      ? []
      : [[`its recovery ${recovery} is not ${side} its critical threshold ${critical}`, `put it ${side}`] as const]),
    ...(isMilder(warningRecovery, warning)
      ? []
      : [
          [
            `its recovery ${warningRecovery} from a warning is not ${side} the warning ${warning}`,
            `put it ${side}`,
          ] as const,
        ]),
  ];
}

const isCheck = (query: string) => /\.last\(\d+\)/.test(query);

/** A service check looks at the last n results: it must be able to see as many as it counts. */
function checkProblems(query: string, thresholds: Body): readonly Problem[] {
  const last = Number(/\.last\((\d+)\)/.exec(query)?.[1]);
  const most = Math.max(...Object.values(thresholds).filter((value) => typeof value === "number"));
  return last > most ? [] : [[`it looks at ${last} results and counts to ${most}`, `write last(${most + 1}) or more`]];
}

function missingDataProblems(options: Body): readonly Problem[] {
  if (options["on_missing_data"] === undefined) return [];
  return ["notify_no_data", "no_data_timeframe"]
    .filter((name) => options[name] !== undefined && options[name] !== null && options[name] !== false)
    .map((name) => [`on_missing_data and ${name} exclude each other`, `remove ${name}`]);
}

/** What its message can name; a composite groups as its parts do. */
function scopeOf(body: Body, parts: readonly Resource[]): Scope {
  const type = String(body["type"]);
  const query = String(body["query"]);
  if (type !== "composite") return { type, groups: new Set(groupsIn(body)), parts: 0 };
  const groups = parts.length === 0 ? null : new Set(parts.flatMap((part) => groupsIn(part.body)));
  return { type, groups, parts: new Set(query.match(/\{\{.+?\}\}|\d+/g)).size };
}

/** In a query, and in those that a formula names. */
function groupsIn({ query, options }: Body): readonly string[] {
  const variables = JSON.stringify((isBody(options) ? options["variables"] : null) ?? []);
  const text = `${String(query)} ${variables}`;
  const lists = [...text.matchAll(/\bby\s*\{([^}]*)\}/g), ...text.matchAll(/\.by\(([^)]*)\)/g)];
  const facets = [...variables.matchAll(/"(?:facet|group_by)":(?:"([^"]*)"|\[((?:"[^"]*",?)+)\])/g)];
  return [...lists.map(([, list = ""]) => list), ...facets.map(([, one, several]) => one ?? several ?? "")].flatMap(
    (list) => list.split(",").map((label) => label.replaceAll(/["'\\\s]/g, "")),
  );
}
