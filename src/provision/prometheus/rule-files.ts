import type { AnyAlert } from "../../model/alert/alert.ts";
import { type AnyCondition, metricsOf } from "../../model/alert/condition.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import { toYaml } from "../yaml.ts";
import { recordingRules } from "./recording-rules.ts";
import { alertingRules } from "./rules.ts";
import { serviceLevelRules } from "./service-levels.ts";

export interface RuleFileOptions {
  /** Address of docs/alerts.md, which every alert links to. @default no link: the name of its section */
  readonly runbooks?: string | undefined;
}

/** A rule file for `rule_files:` of Prometheus, Thanos Ruler or vmalert. */
export function prometheusRuleFile(alerts: readonly AnyAlert[], stack: Stack, options: RuleFileOptions = {}): string {
  return toYaml({ groups: groupsOf(alerts, stack, options) }, headingOf(stack, "prometheus"));
}

/** The same for `mimirtool rules load` and Grafana Cloud, which keep rules by namespace: ours alone is replaced. */
export function mimirRuleFile(alerts: readonly AnyAlert[], stack: Stack, options: RuleFileOptions = {}): string {
  const namespace = `pantheros-${stack.name}`;
  return toYaml({ namespace, groups: groupsOf(alerts, stack, options) }, headingOf(stack, "mimir"));
}

/** Mimir and Grafana Cloud take no more rules in one group (-ruler.max-rules-per-rule-group, in June 2026) unless somebody allows it. */
export const mostRulesInGroup = 20;

/** A group for each topic, so that an alert that comes leaves all others where they are: what moves begins to wait anew. */
function groupsOf(alerts: readonly AnyAlert[], stack: Stack, { runbooks }: RuleFileOptions) {
  const byTopic = Map.groupBy(alerts, (alert) => topicOf(alert.condition(stack)));
  const topics = [...byTopic].sort(([one], [other]) => (one < other ? -1 : 1));
  const recorded = { interval: "5m" };
  const levels = serviceLevelRules(stack, runbooks);
  return [
    ...topics.map(([topic, own]) => ({
      name: `pantheros-${stack.name}-${topic}`,
      rules: alertingRules(own, stack, runbooks),
    })),
    { name: `pantheros-${stack.name}-ratios`, ...recorded, rules: recordingRules(stack) },
    {
      name: `pantheros-${stack.name}-service-levels`,
      ...recorded,
      // What is recorded comes before what judges it.
      rules: [...levels.flatMap(({ recordings }) => recordings), ...levels.map(({ alert }) => alert)],
    },
  ];
}

/** What an alert is about, as the names of the metrics have it: `job`, `snapshot`, … */
function topicOf(condition: AnyCondition): string {
  const [metric] = metricsOf(condition);
  if (metric === undefined) throw new Error("an alert that reads no metric");
  return metrics[metric].datadog.split(".")[1] ?? "";
}

function headingOf({ name }: Stack, format: string): string {
  return `Made from monitors/ by: pantheros rules render --stack ${name} --format ${format}`;
}
