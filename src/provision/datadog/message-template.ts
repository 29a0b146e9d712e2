import { isComparable, isKnown, labelOf, type Scope, typesWith } from "./message-variables.ts";

/** https://docs.datadoghq.com/monitors/notify/variables/#conditional-variables; the last row is in monitors that exist, not in its list. */
const conditionals = new Set(
  [
    ["is_alert", "is_alert_recovery", "is_alert_to_warning", "is_warning", "is_warning_recovery", "is_recovery"],
    ["is_no_data", "is_no_data_recovery", "is_unknown", "is_renotify", "is_priority", "is_match", "is_exact_match"],
    ["is_warning_to_alert", "is_no_data_to_alert", "override_priority"],
  ].flat(),
);

type Problem = readonly [message: string, advice: string];

/** What is wrong with a message: blocks that do not close, and variables that its monitor does not have. */
export function templateProblems(message: string, scope: Scope): readonly Problem[] {
  const open: string[] = [];
  const problems: Problem[] = [];
  for (const [tag, inside] of tagsIn(message)) {
    const [word = ""] = inside.split(/\s/);
    const name = word.slice(1);
    if (/^[#^]/.test(word)) {
      if (!conditionals.has(name)) problems.push(unknownBlock(tag, name));
      open.push(name);
      problems.push(...comparisonProblems(tag, inside, scope));
    } else if (word.startsWith("/")) {
      const last = open.pop();
      if (last !== name) problems.push(unbalanced(tag, last));
    } else if (word === "else") {
      if (open.length === 0) problems.push([`${tag} stands in no block`, "put it between the two ends of one"]);
    } else {
      problems.push(...unknownIn(tag, variablesOf(inside), scope));
    }
  }
  for (const name of open) problems.push([`{{#${name}}} is never closed`, `add {{/${name}}} where it shall end`]);
  return problems;
}

/** What stands between two or three braces. Comments say nothing, and what is raw is text. */
function tagsIn(message: string): readonly (readonly [tag: string, inside: string])[] {
  const spoken = message
    .replaceAll(/\{\{!--.*?--\}\}|\{\{!.*?\}\}/gs, "")
    .replaceAll(/\{\{\{\{(\w+)[^{}]*\}\}\}\}.*?\{\{\{\{\/\1\}\}\}\}/gs, "");
  return [...spoken.matchAll(/\{\{\{?(.*?)\}\}\}?/gs)].map(([tag, inside = ""]) => [tag, inside.trim()]);
}

/** `#is_match "host.name" "a" "b"` compares the first with the others; what it compares may itself be reckoned. */
function comparisonProblems(tag: string, inside: string, scope: Scope): readonly Problem[] {
  if (!/^[#^]is_(?:exact_)?match\b/.test(inside)) return [];
  const evaluated = /\(\s*(eval\s.*?)\)\s+["']/s.exec(inside)?.[1];
  if (evaluated !== undefined) return unknownIn(tag, variablesOf(evaluated), scope);
  const compared = /["'](.*?)["']/s.exec(inside)?.[1];
  if (compared === undefined) return [[`${tag} compares nothing`, 'write it like {{#is_match "host.name" "db"}}']];
  return isComparable(compared, scope) ? [] : [unknownLabel(tag, compared, scope)];
}

/** The variables that a tag reads: itself, or those that it hands to a function. */
function variablesOf(inside: string): readonly string[] {
  const called = /^(eval|local_time|urlencode|override_priority)\b:?\s*(.*)$/s.exec(inside);
  if (called === null) return [inside];
  const [, name, rest = ""] = called;
  if (name === "override_priority") return [];
  const first = /^(["'])(.*?)\1/s.exec(rest)?.[2] ?? rest;
  if (name !== "eval") return [first];
  // https://docs.datadoghq.com/monitors/guide/template-variable-evaluation/: words that are not called, and not within quotes.
  const words = first
    .replaceAll(/(["'\\]).*?\1/g, " ")
    .matchAll(/(?:\[[^\]]+\]|[A-Za-z_@][\w@]*)(?:\.[\w@[\]]+)*(?!\w*\s*\()/g);
  return [...words].map(([word]) => word);
}

function unknownIn(tag: string, variables: readonly string[], scope: Scope): readonly Problem[] {
  return variables
    .filter((variable) => !isKnown(variable, scope))
    .map((variable) => unknownLabel(tag, variable, scope));
}

function unknownLabel(tag: string, variable: string, { type, groups }: Scope): Problem {
  const first = labelOf(variable);
  const owners = typesWith(first);
  if (owners.length > 0 && !groups?.has(first))
    return [`${tag} stands for nothing: a ${type} has no ${variable}`, `${owners.join(" and ")} have ${first}`];
  const known = groups === null || groups.size === 0 ? "nothing" : [...groups].join(", ");
  const why = groups?.has(first) ? `of ${first} there is no ${variable}` : `the query does not group by ${first}`;
  return [`${tag} stands for nothing: ${why}`, `it groups by ${known}`];
}

function unknownBlock(tag: string, name: string): Problem {
  return [`${tag} is no conditional that Datadog knows`, `is it misspelt? ${name} would never hold`];
}

function unbalanced(tag: string, last: string | undefined): Problem {
  return last === undefined
    ? [`${tag} closes a block that is not open`, "remove it, or open the block before it"]
    : [`${tag} closes a block while {{#${last}}} is still open`, `close {{/${last}}} first`];
}
