import type { AnyAlert } from "../../model/alert/alert.ts";
import {
  type AnyCondition,
  type Severity,
  type Silence,
  severitiesOf,
  type Threshold,
} from "../../model/alert/condition.ts";
import type { Routes, Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import { datadogUnitOf, levelToDatadog, monitorQuery } from "./query.ts";

/** The body of a monitor as the API takes it, with its id among our own resources. */
export interface Monitor {
  readonly id: string;
  /** Monitors that its query names as `{{id}}`: they must exist before. */
  readonly needs: readonly string[];
  readonly body: MonitorBody;
}

export interface MonitorBody {
  readonly name: string;
  readonly type: "query alert" | "composite";
  readonly query: string;
  readonly message: string;
  readonly tags: readonly string[];
  /** 1 (high) to 5 (low). */
  readonly priority: number;
  readonly options: Readonly<Record<string, unknown>>;
}

const priorities: Readonly<Record<Severity, number>> = { critical: 1, warning: 3 };

/** Every monitor of a stack; one whose condition has parts is a composite of one monitor for each of them. */
export function datadogMonitors(alerts: readonly AnyAlert[], stack: Stack): readonly Monitor[] {
  return alerts.flatMap((alert) => {
    const condition = alert.condition(stack);
    if (condition.kind !== "either") return [single(alert, alert.id, alert.title, condition, stack)];
    const parts = condition.of.map((part, index) => {
      const title = `${alert.title}, part ${index + 1}`;
      const monitor = single(alert, `${alert.id}.${index + 1}`, title, part, stack);
      // The composite speaks for its parts: each by itself tells nobody.
      return { ...monitor, body: { ...monitor.body, message: `Part of “${alert.title}”, which notifies.` } };
    });
    return [...parts, composite(alert, condition, parts, stack)];
  });
}

function single(alert: AnyAlert, id: string, title: string, condition: AnyCondition, stack: Stack): Monitor {
  if (condition.kind === "either") throw new Error(`${alert.id}: a part of a condition has parts itself`);
  const judged = condition.kind === "threshold" ? ofThreshold(condition) : ofSilence(condition, condition.by);
  const body = bodyOf(alert, id, title, condition, stack);
  return { id, needs: [], body: { ...body, ...judged, type: "query alert", options: optionsOf(judged.options) } };
}

function composite(alert: AnyAlert, condition: AnyCondition, parts: readonly Monitor[], stack: Stack): Monitor {
  const needs = parts.map(({ id }) => id);
  const query = needs.map((id) => `{{${id}}}`).join(" || ");
  const body = bodyOf(alert, alert.id, alert.title, condition, stack);
  return { id: alert.id, needs, body: { ...body, type: "composite", query, options: { ...always } } };
}

function ofThreshold(condition: Threshold) {
  const { value, levels } = condition;
  const shown = (level: number) => round(levelToDatadog(value, level));
  // Datadog has no monitor with a warning alone: what is only a warning is its critical level, told to fewer people.
  const worst = levels.critical ?? levels.warning ?? 0;
  const thresholds = {
    critical: shown(worst),
    ...(levels.critical !== undefined && levels.warning !== undefined ? { warning: shown(levels.warning) } : {}),
  };
  // Otherwise Datadog keeps what it last knew, for a day.
  const absent = condition.absent === "well" ? { on_missing_data: "resolve" } : {};
  return { query: monitorQuery(condition, shown(worst)), options: { thresholds, ...absent } };
}

/** A sign of life is 1: it is never below one half, only missing. */
function ofSilence({ metric, longer }: Silence, by: readonly string[]) {
  const window = `last_${longer / 60}m`;
  return {
    query: `min(${window}):max:${metrics[metric].datadog}{*} by {${by.join(",")}} < 0.5`,
    options: {
      thresholds: { critical: 0.5 },
      on_missing_data: "show_and_notify_no_data",
    },
  };
}

/** Complete, because the API replaces them as a whole. */
const always = {
  include_tags: false,
  notify_audit: false,
  renotify_interval: 0,
};

function optionsOf(own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // A series that is absent is unknown, not well and not broken.
  return {
    ...always,
    on_missing_data: "default",
    require_full_window: false,
    new_group_delay: 60,
    evaluation_delay: 0,
    ...own,
  };
}

function bodyOf(alert: AnyAlert, id: string, title: string, condition: AnyCondition, stack: Stack) {
  const severity = severitiesOf(condition)[0] ?? "warning";
  return {
    name: `${title} (${stack.name})`,
    message: messageOf(alert, condition, stack.routes),
    tags: ["managed_by:pantheros", `pantheros_stack:${stack.name}`, `pantheros_id:${id}`, `severity:${severity}`],
    priority: priorities[severity],
  };
}

function messageOf(alert: AnyAlert, condition: AnyCondition, routes: Routes): string {
  const words = wordsOf(condition);
  const remedies = alert
    .remedies(words)
    .map(({ what, command }) => (command === undefined ? `- ${what}` : `- ${what}: \`${command}\``));
  return [
    alert.summary(words),
    alert.why,
    ["What to do:", ...remedies].join("\n"),
    ...handlesOf(routes, severitiesOf(condition), condition.by),
  ].join("\n\n");
}

function handlesOf(
  { email, chat, onCall, production }: Routes,
  severities: readonly Severity[],
  by: readonly string[],
) {
  const isCritical = severities.includes("critical");
  const lines = [email.map(handle).join(" ")];
  if (isCritical && chat.length > 0) {
    // A warning of the same monitor is not for the chat; its recovery is where its alarm was.
    lines.push(
      `{{#is_alert}}${chat.map(handle).join(" ")}{{/is_alert}}{{#is_alert_recovery}}${chat.map(handle).join(" ")}{{/is_alert_recovery}}`,
    );
  }
  if (isCritical && onCall.length > 0 && production.length > 0 && by.includes("host")) {
    const hosts = production.map((host) => `"${host}"`).join(" ");
    lines.push(`{{#is_exact_match "host.name" ${hosts}}}${onCall.map(handle).join(" ")}{{/is_exact_match}}`);
  }
  return lines.filter((line) => line !== "");
}

const handle = (name: string) => (name.startsWith("@") ? name : `@${name}`);

function wordsOf(condition: AnyCondition): Readonly<Record<string, string>> {
  const labels = condition.by.map((label) => [label, `{{${label}.name}}`]);
  const unit = condition.kind === "threshold" ? datadogUnitOf(condition.value) : "";
  return { ...Object.fromEntries(labels), value: `{{value}} ${unit}`.trim() };
}

/** 0.85 × 100 is 85, whatever binary fractions say. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
