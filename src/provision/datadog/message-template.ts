/** https://docs.datadoghq.com/monitors/notify/variables/, November 2026. */
const conditionals = new Set(
  [
    ["is_alert", "is_alert_recovery", "is_warning", "is_warning_recovery", "is_recovery", "is_no_data"],
    ["is_no_data_recovery", "is_priority", "is_unknown", "is_renotify", "is_match", "is_exact_match"],
    ["is_alert_to_warning", "is_warning_to_alert", "is_no_data_to_alert", "override_priority"],
  ].flat(),
);
const plainVariables = new Set(
  [
    ["value", "threshold", "warn_threshold", "ok_threshold", "comparator", "check_message"],
    ["first_triggered_at", "first_triggered_at_epoch", "last_triggered_at", "last_triggered_at_epoch"],
    ["triggered_duration_sec", "short_triggered_duration_sec", "event.id", "event.title", "event.text", "event.tags"],
  ].flat(),
);

type Problem = readonly [message: string, advice: string];

/**
 * What is wrong with a message: blocks that do not close, and variables that no group has.
 * @param groups labels by which the query groups; null: they cannot be known
 */
export function templateProblems(message: string, groups: ReadonlySet<string> | null): readonly Problem[] {
  const open: string[] = [];
  const problems: Problem[] = [];
  for (const [tag, inside = ""] of message.matchAll(/\{\{(.*?)\}\}/gs)) {
    const [word = "", ...rest] = inside.trim().split(/\s+/);
    const name = word.slice(1);
    if (/^[#^]/.test(word)) {
      if (!conditionals.has(name)) problems.push(unknownBlock(tag, name));
      open.push(name);
      for (const label of labelsIn(rest.join(" ")))
        if (isMissing(label, groups)) problems.push(unknownLabel(tag, label, groups));
    } else if (word.startsWith("/")) {
      const last = open.pop();
      if (last !== name) problems.push(unbalanced(tag, last));
    } else {
      const label = /^\[?(.+?)\]?\.name$/.exec(word)?.[1];
      if (
        label === undefined
          ? !plainVariables.has(word) && !word.startsWith("host.") && !/^(eval|local_time):?/.test(word)
          : isMissing(label, groups)
      )
        problems.push(unknownLabel(tag, label ?? word, groups));
    }
  }
  for (const name of open) problems.push([`{{#${name}}} is never closed`, `add {{/${name}}} where it shall end`]);
  return problems;
}

function labelsIn(condition: string): readonly string[] {
  return [...condition.matchAll(/"\[?([\w.-]+?)\]?\.name"/g)].map(([, label = ""]) => label);
}

function isMissing(label: string, groups: ReadonlySet<string> | null): boolean {
  return groups !== null && !groups.has(label);
}

function unknownLabel(tag: string, label: string, groups: ReadonlySet<string> | null): Problem {
  const known = groups === null || groups.size === 0 ? "nothing" : [...groups].join(", ");
  return [`${tag} stands for nothing: the query does not group by ${label}`, `it groups by ${known}`];
}

function unknownBlock(tag: string, name: string): Problem {
  return [`${tag} is no conditional that Datadog knows`, `is it misspelt? ${name} would never hold`];
}

function unbalanced(tag: string, last: string | undefined): Problem {
  return last === undefined
    ? [`${tag} closes a block that is not open`, "remove it, or open the block before it"]
    : [`${tag} closes a block while {{#${last}}} is still open`, `close {{/${last}}} first`];
}
