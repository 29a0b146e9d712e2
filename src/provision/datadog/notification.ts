import type { AnyAlert } from "../../model/alert/alert.ts";
import { type AnyCondition, severitiesOf } from "../../model/alert/condition.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { runbookOf } from "../runbook.ts";
import { valueInMessage } from "./shown-value.ts";

/**
 * What a monitor says, and whom it tells in which state. What stands in no conditional is sent whenever the state changes,
 * https://docs.datadoghq.com/monitors/notify/variables/
 */
export function messageOf(alert: AnyAlert, condition: AnyCondition, { routes, runbooks }: Stack): string {
  const words = wordsOf(condition);
  const remedies = alert
    .remedies(words)
    .map(({ what, command }) => (command === undefined ? `- ${what}` : `- ${what}: \`${command}\``));
  const trouble = [
    alert.summary(words),
    alert.why,
    ["What to do:", ...remedies].join("\n"),
    `Runbook: ${runbookOf(alert.id, runbooks)}`,
  ].join("\n\n");
  return [
    `{{^is_recovery}}\n${trouble}\n{{/is_recovery}}`,
    `{{#is_recovery}}\n${alert.title}: no longer.\n{{/is_recovery}}`,
    ...mentions(condition, routes),
  ].join("\n\n");
}

function wordsOf(condition: AnyCondition): Readonly<Record<string, string>> {
  const labels = condition.by.map((label) => [label, `{{${label}.name}}`]);
  return { ...Object.fromEntries(labels), value: valueInMessage(condition) };
}

/** Mail for everything; of what is critical the chat, and of production hosts whoever is on call. */
function mentions(condition: AnyCondition, { email, chat, onCall, production }: Stack["routes"]): readonly string[] {
  const severities = severitiesOf(condition);
  const isCritical = severities.includes("critical");
  const { begins, ends } = statesOf(condition, severities.length > 1);
  const lines = [handles(email)];
  if (isCritical) lines.push([begins, ...ends].map((state) => block(`#${state}`, handles(chat))).join(""));
  if (isCritical && production.length > 0 && condition.by.includes("host")) {
    // Any recovery: an alarm that has become a warning recovers from that, and nobody else closes what it has opened.
    const calls = [begins, "is_recovery"].map((state) => block(`#${state}`, handles(onCall))).join("");
    lines.push(block(`#is_exact_match "host.name" ${hostsIn(production)}`, calls));
  }
  return lines.filter((line) => line !== "");
}

/** In which state an alarm begins, and in which it ends: where it was told, its end is told, also when a warning is left of it. */
function statesOf({ kind }: AnyCondition, hasWarning: boolean) {
  if (kind === "silence") return { begins: "is_no_data", ends: ["is_no_data_recovery"] };
  return { begins: "is_alert", ends: [...(hasWarning ? ["is_alert_to_warning"] : []), "is_alert_recovery"] };
}

function block(opening: string, inside: string): string {
  return inside === "" ? "" : `{{${opening}}}${inside}{{/${opening.slice(1).split(" ")[0]}}}`;
}

/** As they are written, and in small letters, as tags often arrive. */
function hostsIn(production: readonly string[]): string {
  const names = new Set(production.flatMap((host) => [host, host.toLowerCase()]));
  return [...names].map((host) => `"${host}"`).join(" ");
}

const handles = (names: readonly string[]) => names.map(handle).join(" ");

/** Datadog knows Discord only as one of its webhooks, https://docs.datadoghq.com/integrations/webhooks/ */
function handle(name: string): string {
  if (name.startsWith("@")) return name;
  return name.startsWith("discord-") ? `@webhook-${name}` : `@${name}`;
}
