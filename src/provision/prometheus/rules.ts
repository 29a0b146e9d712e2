import type { AnyAlert } from "../../model/alert/alert.ts";
import { type AnyCondition, type Severity, severities } from "../../model/alert/condition.ts";
import type { Unit } from "../../model/alert/measure.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { runbookAnnotation } from "../runbook.ts";
import { promqlDuration, toPromql } from "./promql.ts";

/** As a rule file of Prometheus has it, https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One rule for each level of each alert. @param runbooks address of the page that has a section for each alert */
export function alertingRules(alerts: readonly AnyAlert[], stack: Stack, runbooks?: string): readonly AlertingRule[] {
  return alerts.flatMap((alert) => {
    const condition = alert.condition(stack);
    return severities.flatMap((severity) => {
      const expr = toPromql(condition, severity);
      return expr === null ? [] : [ruleOf(alert, condition, severity, { expr, runbooks })];
    });
  });
}

function ruleOf(
  alert: AnyAlert,
  condition: AnyCondition,
  severity: Severity,
  { expr, runbooks }: { readonly expr: string; readonly runbooks: string | undefined },
): AlertingRule {
  const lasting = lastingOf(condition);
  const words = wordsOf(condition);
  return {
    alert: ruleName(alert.id),
    expr,
    ...(lasting === 0 ? {} : { for: promqlDuration(lasting) }),
    labels: { severity, pantheros_id: alert.id },
    annotations: {
      title: alert.title,
      summary: alert.summary(words),
      description: alert.why,
      todo: alert
        .remedies(words)
        .map(({ what, command }) => (command === undefined ? `- ${what}` : `- ${what}: \`${command}\``))
        .join("\n"),
      ...runbookAnnotation(alert.id, runbooks),
    },
  };
}

/** `backup-slow` → `PantherosBackupSlow`, as Prometheus' own rules are named. */
export function ruleName(id: string): string {
  const words = id.split("-").map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `Pantheros${words.join("")}`;
}

/** Where one of several parts must last, each has to be a rule of its own: an alert says which it is by having one. */
function lastingOf(condition: AnyCondition): number {
  if (condition.kind === "silence") return condition.longer;
  if (condition.kind === "threshold") return condition.lasting;
  const [first = 0, ...others] = condition.of.map(lastingOf);
  if (others.some((other) => other !== first)) throw new Error("parts of one alert must last equally long");
  return first;
}

function wordsOf(condition: AnyCondition): Readonly<Record<string, string>> {
  const labels = condition.by.map((label) => [label, `{{ $labels.${label} }}`]);
  return { ...Object.fromEntries(labels), value: `{{ $value | ${formats[unitOf(condition)]} }}` };
}

/** https://prometheus.io/docs/prometheus/latest/configuration/template_reference/ */
const formats: Readonly<Record<Unit, string>> = {
  seconds: "humanizeDuration",
  ratio: "humanizePercentage",
  bytes: "humanize1024",
  usd: 'printf "%.2f USD"',
  timestamp: "humanizeTimestamp",
  count: "humanize",
  boolean: "humanize",
  status: "humanize",
};

function unitOf(condition: AnyCondition): Unit {
  if (condition.kind === "threshold") return condition.value.unit;
  if (condition.kind === "silence") return "count";
  return unitOf(condition.of[0] as AnyCondition);
}
