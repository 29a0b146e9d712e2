import { alerts } from "../monitors/index.ts";
import { exampleStack, stacks } from "../monitors/stacks.ts";
import type { Stack } from "../src/model/alert/stack.ts";
import { datadogMonitors } from "../src/provision/datadog/monitors.ts";
import { sloResources } from "../src/provision/datadog/slo-resources.ts";
import { alertmanagerConfig } from "../src/provision/prometheus/alertmanager.ts";
import { mimirRuleFile, prometheusRuleFile } from "../src/provision/prometheus/rule-files.ts";

/** What is committed of the rules, so that a review shows what changes for who is alerted. */
export const ruleFiles: readonly { readonly file: string; readonly content: () => string }[] = [
  ...stacks.flatMap((stack) => [
    { file: `monitors/generated/prometheus/${stack.name}.yaml`, content: () => prometheusRuleFile(alerts, stack) },
    { file: `monitors/generated/mimir/${stack.name}.yaml`, content: () => mimirRuleFile(alerts, stack) },
  ]),
  ...[...stacks, exampleStack].map((stack) => ({
    file: `monitors/generated/datadog/${stack.name}.json`,
    content: () => `${JSON.stringify(inDatadog(stack), null, 2)}\n`,
  })),
  {
    file: `monitors/generated/alertmanager/${exampleStack.name}.yaml`,
    content: () => alertmanagerConfig(alerts, exampleStack),
  },
];

/** Monitors, and the SLOs above them. */
function inDatadog(stack: Stack) {
  return [...datadogMonitors(alerts, stack), ...sloResources(stack).map(({ id, body }) => ({ id, body }))];
}
