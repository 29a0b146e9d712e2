import { dashboards } from "../../../dashboards/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { suggest } from "../../config/closest.ts";
import type { Stack } from "../../model/alert/stack.ts";
import type { Dashboard } from "../../model/dashboard/dashboard.ts";
import { readableJson } from "../../provision/readable-json.ts";
import { configuredStacks, stackNamed } from "../../provision/stacks.ts";
import { type Invocation, print, printJson, tell, UsageError } from "../command.ts";
import { writeRendered } from "../rendered-file.ts";
import { settingsOf } from "./stage.ts";

interface Format {
  readonly body: (dashboard: Dashboard, stack: Stack) => unknown;
  /** What only this dashboard of this stack says. */
  readonly mark: (dashboard: Dashboard, stack: Stack) => string;
}

/** One entry each; what writes Grafana's is loaded for nothing else. */
const formats: Readonly<Record<string, () => Promise<Format>>> = {
  grafana: async () => {
    const { grafanaDashboard, grafanaUid } = await import("../../provision/grafana/dashboards.ts");
    return { body: grafanaDashboard, mark: ({ id }, stack) => `"uid": "${grafanaUid(id, stack)}"` };
  },
  datadog: async () => {
    const { datadogDashboard } = await import("../../provision/datadog/dashboards.ts");
    return { body: datadogDashboard, mark: ({ id }, { name }) => `pantheros_stack:${name} pantheros_id:${id}` };
  },
};

export async function renderAction(invocation: Invocation): Promise<number> {
  const { stack: wanted, output, format: formatName = "grafana" } = invocation.options;
  const [, name] = invocation.arguments;
  const format = await formatNamed(String(formatName));
  const chosen = name === undefined ? dashboards : [dashboardNamed(name)];
  if (chosen.length > 1 && output === undefined && !invocation.json)
    throw new UsageError(`there are several dashboards: ${names()}\n  → name one, or write all with --output DIR`);
  const settings = await settingsOf(invocation);
  const stack = stackNamed(configuredStacks(stacks, settings), typeof wanted === "string" ? wanted : undefined);
  const rendered = chosen.map((dashboard) => {
    const text = readableJson(format.body(dashboard, stack));
    const isOurs = (found: string) => found.includes(format.mark(dashboard, stack));
    const written = { name: `${dashboard.id}.json`, text, isOurs };
    const file = typeof output === "string" ? writeRendered(output, written, invocation) : null;
    return { id: dashboard.id, title: dashboard.title, file, text };
  });
  if (invocation.json) printJson(invocation, { stack: stack.name, format: formatName, dashboards: rendered });
  else
    for (const { file, text } of rendered) {
      if (file === null) print(invocation, text);
      else tell(invocation, `wrote ${file}`);
    }
  return 0;
}

async function formatNamed(name: string): Promise<Format> {
  const load = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (load === undefined) throw new UsageError(`--format ${name}: ${suggest(name, Object.keys(formats), "")}`);
  return await load();
}

function dashboardNamed(name: string): Dashboard {
  const found = dashboards.find(({ id }) => id === name);
  if (found === undefined) {
    const ids = dashboards.map(({ id }) => id);
    throw new UsageError(`there is no dashboard ${JSON.stringify(name)}: ${suggest(name, ids, "")}`);
  }
  return found;
}

const names = () => dashboards.map(({ id }) => id).join(", ");
