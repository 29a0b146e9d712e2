import { dashboards } from "../dashboards/index.ts";
import { stacks } from "../monitors/stacks.ts";
import type { Stack } from "../src/model/alert/stack.ts";
import { type Dashboard, metricsShown } from "../src/model/dashboard/dashboard.ts";
import type { Widget } from "../src/model/dashboard/widget.ts";
import { metrics } from "../src/model/metrics.ts";
import { formatDuration } from "../src/model/quantity.ts";
import { grafanaUid } from "../src/provision/grafana/dashboards.ts";

const [stack] = stacks as readonly [Stack];

/** docs/dashboards.md: what each dashboard shows, from which metrics, and how it gets to where people look. */
export function dashboardsPage(): string {
  const rows = dashboards.map(({ id, title, summary }) => `| [${title}](#${id}) | ${summary} |`);
  return `<!-- Generated from dashboards/ by npm run generate. -->

# Dashboards

| | |
|---|---|
${rows.join("\n")}

Each is defined once in \`dashboards/\` and rendered for Grafana and for Datadog; a metric, label or unit that does not exist does not
compile. Levels are those of the [alerts](alerts.md) of the stack. What is rendered of the stacks that are shipped
(${stacks.map(({ name }) => `\`${name}\``).join(", ")}) is in \`dashboards/generated/\`.

## Into Grafana

A data source of type Prometheus that has scraped pantheros is all that they need; they ask for it at the top. Scrape with
\`honor_labels: true\`: \`job\` is a job of pantheros. Use Grafana 10 or newer: older ones name the values of a table otherwise when
only one of its columns has any ([#57855](https://github.com/grafana/grafana/issues/57855)).

\`\`\`sh
pantheros dashboards render --stack ${stack.name} --output /var/lib/grafana/dashboards/pantheros
\`\`\`

Grafana reads that folder when one of its provisioning files, such as \`/etc/grafana/provisioning/dashboards/pantheros.yaml\`, names it:

\`\`\`yaml
apiVersion: 1
providers:
  - name: pantheros
    folder: pantheros
    type: file
    options: { path: /var/lib/grafana/dashboards/pantheros }
\`\`\`

Their ids (\`${grafanaUid("host-overview", stack)}\`) stay the same, so that links to them survive, and rendering again after an upgrade
replaces them. By hand: Dashboards → New → Import, and paste what \`pantheros dashboards render NAME --stack ${stack.name}\` prints.

## Into Datadog

\`\`\`sh
pantheros dashboards validate --stack ${stack.name} --local   # the definitions alone: asks nobody
pantheros dashboards plan --stack ${stack.name}               # what would change; exit code 5: something would
pantheros dashboards sync --stack ${stack.name}               # makes it so, those first that others lead to
pantheros dashboards plan --stack ${stack.name}               # nothing to do
\`\`\`

Site and keys are those of the [monitors](from-zero-to-alerts-datadog.md); the application key needs \`dashboards_write\` as well. The
last line of a description says that a dashboard is ours: only those are ever changed. What somebody edits in Datadog is shown as such by the
next plan, and a sync takes it back; a dashboard of your own is a clone without that line, or \`pantheros dashboards import\`.

Without keys: \`pantheros dashboards render host-overview --stack ${stack.name} --format datadog\` prints what a new dashboard takes under
Configure → Import dashboard JSON. A link from a row to another dashboard names it \`{{job-detail}}\` there: put its id there, as its
address has it.

What Datadog cannot show is left out there: moments in time (a table says how long ago in Grafana alone), and states over time, for which it
shows how many are in each state, and of yes and no what is wrong. [datadog.md](datadog.md) says what else is said otherwise there.

${dashboards.map(section).join("\n")}`;
}

function section(dashboard: Dashboard): string {
  const { title, summary, chosen, looksBack } = dashboard;
  const parts = dashboard.sections(stack).map(({ title: part, widgets }) => {
    const lines = widgets.filter(({ kind }) => kind !== "text").map(row);
    return `### ${part}

| | Shows | Metrics |
|---|---|---|
${lines.join("\n")}
`;
  });
  return `## ${title}

${summary} Looks back ${formatDuration(looksBack.value)}; chosen by ${chosen.map((label) => `\`${label}\``).join(", ")}.

${parts.join("\n")}`;
}

function row(widget: Widget): string {
  const names = metricsShown(widget).map((name) => `\`${metrics[name].prometheus}\``);
  return `| ${widget.title} | ${widget.tells} | ${names.join(", ")} |`;
}
