import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { suggest } from "../config/closest.ts";
import type { ProvisioningSettings } from "../config/sections/provisioning.ts";
import type { Stack } from "../model/alert/stack.ts";
import { alertmanagerConfig } from "../provision/prometheus/alertmanager.ts";
import { mimirRuleFile, prometheusRuleFile } from "../provision/prometheus/rule-files.ts";
import { configuredStacks, stackNamed } from "../provision/stacks.ts";
import { defineCommand, print, printJson, tell, UsageError } from "./command.ts";
import { tellMissingRunbooks } from "./provisioning/runbooks.ts";
import { settingsOf } from "./provisioning/stage.ts";
import { writeRendered } from "./rendered-file.ts";

interface Format {
  readonly file: (stack: Stack) => string;
  readonly render: (stack: Stack, settings: ProvisioningSettings | undefined) => string;
}

/** What can be rendered: one entry each. */
const formats: Readonly<Record<string, Format>> = {
  prometheus: {
    file: ({ name }) => `pantheros-${name}.yaml`,
    render: (stack, settings) => prometheusRuleFile(alerts, stack, { runbooks: settings?.runbooks }),
  },
  mimir: {
    file: ({ name }) => `pantheros-${name}-mimir.yaml`,
    render: (stack, settings) => mimirRuleFile(alerts, stack, { runbooks: settings?.runbooks }),
  },
  alertmanager: {
    file: () => "alertmanager.yaml",
    render: (stack, settings) => alertmanagerConfig(alerts, stack, settings?.alertmanager),
  },
};

/** With which every file begins that we have written: one that does not is somebody else's. */
const ours = "# Made from monitors/ by: pantheros rules render";

export const rules = defineCommand({
  name: "rules",
  description: `
Prints the alerts of a stack as files for Prometheus, Thanos or vmalert (prometheus: a file for rule_files:), for Mimir and Grafana Cloud
(mimir: for mimirtool rules load), or who is told of them (alertmanager: a whole configuration). Asks nobody, and needs no keys.

Thresholds and routes are those of the stack: provisioning.stacks in the configuration, else those that pantheros ships (hosts, cluster).
No secret is in the files: Alertmanager reads those of chats and services on call from a folder, one file each, named like it. Every alert
links to its section of docs/alerts.md where provisioning.runbooks says where people find that, and else only names it.

With --output the file is written into a folder, and replaced there when pantheros has made it.`,
  arguments: [{ name: "render", summary: "what to do" }],
  options: {
    stack: { type: "string", value: "NAME", summary: "the set of alerts; needed where there are several" },
    format: {
      type: "string",
      short: "f",
      value: "FORMAT",
      summary: `${Object.keys(formats).join(", ")} (default: prometheus)`,
    },
    output: { type: "string", short: "o", value: "DIR", summary: "write it there instead of printing it" },
  },
  examples: [
    ["pantheros rules render --stack hosts --output /etc/prometheus/rules", "for rule_files: of Prometheus"],
    [
      "pantheros rules render --stack hosts --format mimir --output .",
      "then: mimirtool rules load pantheros-hosts-mimir.yaml",
    ],
    ["pantheros rules render --stack hosts --format alertmanager | amtool check-config /dev/stdin", "who is told what"],
  ],
  async run(invocation) {
    const [action = ""] = invocation.arguments;
    if (action !== "render") throw new UsageError(`rules ${action}: ${suggest(action, ["render"], "")}`);
    const { format: name = "prometheus", stack: wanted, output } = invocation.options;
    const format = formatOf(String(name));
    const settings = await settingsOf(invocation);
    const stack = stackNamed(configuredStacks(stacks, settings), typeof wanted === "string" ? wanted : undefined);
    const text = format.render(stack, settings);
    if (name === "alertmanager" && Object.values(stack.routes).every((names) => names.length === 0))
      tell(invocation, `nobody is told\n  → provisioning.stacks.${stack.name}.routes in the configuration says who`);
    if (name !== "alertmanager") tellMissingRunbooks(stack, invocation);
    const isOurs = (found: string) => found.startsWith(ours);
    const rendered = { name: format.file(stack), text, isOurs };
    const file = typeof output === "string" ? writeRendered(output, rendered, invocation) : null;
    if (invocation.json) printJson(invocation, { stack: stack.name, format: name, file, text });
    else if (file === null) print(invocation, text);
    else tell(invocation, `wrote ${file}`);
    return 0;
  },
});

function formatOf(name: string): Format {
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) throw new UsageError(`--format ${name}: ${suggest(name, Object.keys(formats), "")}`);
  return format;
}
