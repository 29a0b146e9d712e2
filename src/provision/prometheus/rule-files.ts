import type { AnyAlert } from "../../model/alert/alert.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { toYaml } from "../yaml.ts";
import { recordingRules } from "./recording-rules.ts";
import { alertingRules } from "./rules.ts";

export interface RuleFileOptions {
  /** Address of docs/alerts.md, which every alert links to. @default its place in this repository */
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

function groupsOf(alerts: readonly AnyAlert[], stack: Stack, { runbooks }: RuleFileOptions) {
  return [
    { name: `pantheros-${stack.name}`, rules: alertingRules(alerts, stack, runbooks) },
    { name: `pantheros-${stack.name}-ratios`, interval: "5m", rules: recordingRules },
  ];
}

function headingOf({ name }: Stack, format: string): string {
  return `Made from monitors/ by: pantheros rules render --stack ${name} --format ${format}`;
}
