import { alerts } from "../monitors/index.ts";
import { stacks } from "../monitors/stacks.ts";
import { commands } from "../src/commands/index.ts";
import type { AnyAlert } from "../src/model/alert/alert.ts";
import { type AnyCondition, metricsOf, severities, severitiesOf } from "../src/model/alert/condition.ts";
import type { Stack } from "../src/model/alert/stack.ts";
import { metrics } from "../src/model/metrics.ts";
import { conditionInWords } from "../src/provision/condition-words.ts";
import { ruleName } from "../src/provision/prometheus/rules.ts";
import { type LevelRules, serviceLevelRules } from "../src/provision/prometheus/service-levels.ts";

/** docs/alerts.md: every alert, and what to do when it fires. What they tell links to its sections. */
export function alertsPage(): string {
  const [first] = stacks;
  if (first === undefined) throw new Error("there is no stack");
  const rows = alerts.map((alert) => {
    const condition = alert.condition(first);
    return `| [\`${alert.id}\`](#${alert.id}) | ${severitiesOf(condition).join(", ")} | ${alert.title} |`;
  });
  const levels = serviceLevelRules(first);
  const levelRows = levels.map(({ level, alert: { labels } }) => {
    const id = labels["pantheros_id"];
    return `| [\`${id}\`](#${id}) | ${labels["severity"]} | ${level.title}: too rarely, over a month |`;
  });
  return `<!-- Generated from monitors/ by npm run generate. -->

# Alerts

Each is defined once, in \`monitors/\`, and becomes a rule of Prometheus and a monitor of Datadog ([datadog.md](datadog.md) says what is
said otherwise there). Thresholds that differ between systems are those of the stacks in \`monitors/stacks.ts\`. Commands are run on the host
that the alert names, as root where they need it.

Each section ends with how to silence that alert alone, where it is told. In Datadog that is a downtime (Monitors → Manage Downtimes →
Schedule Downtime, “By Monitor Tags”) that ends by itself; \`pantheros downtime\` makes one for all alerts of a job.

| Alert | Severity | |
|---|---|---|
${[...rows, ...levelRows].join("\n")}

${alerts.map((alert) => section(alert)).join("\n")}
${levels.map(levelSection).join("\n")}`;
}

/** What is promised over a month. */
function levelSection({ level, alert, budgetLeft }: LevelRules): string {
  const { annotations, expr, labels } = alert;
  const remedies = annotations["todo"]?.replaceAll("{{ $labels.objective }}", "OBJECTIVE").split("\n") ?? [];
  return `## ${labels["pantheros_id"]}

**${level.title}, ${level.target * 100} % of a month.** ${level.description} Prometheus has a rule for it, Datadog an SLO.

${annotations["description"]}

It is a warning while all of this is true, with the name of your stack:

\`\`\`promql
${expr}
\`\`\`

What is the case now has alerts of its own. \`${budgetLeft}\` is what is left of the errors that a month may have: 1 is all of
them, and below 0 the promise is broken.

What to do:

${remedies.map((line, index) => `${index + 1}. ${line.replace(/^- /, "")}`).join("\n")}

Silence it for two hours:

- Prometheus: \`amtool silence add alertname=${alert.alert} --duration 2h --comment WHY\`
- Datadog: its SLO tells nobody by itself, so there is nothing to silence. Time that shall not count is a correction of the SLO
  \`pantheros_id:${level.id}\` (its page → Status Corrections).
`;
}

function section(alert: AnyAlert): string {
  const [condition] = stacks.map((stack) => alert.condition(stack)) as [AnyCondition];
  const words = Object.fromEntries([...condition.by, "value"].map((label) => [label, label.toUpperCase()]));
  const remedies = alert
    .remedies(words)
    .map(({ what, command }, index) => `${index + 1}. ${what}${command === undefined ? "" : `: \`${command}\``}`);
  const read = metricsOf(condition).map((name) => `\`${metrics[name].prometheus}\` (${metrics[name].help})`);
  return `## ${alert.id}

**${alert.title}.** ${alert.summary(words)}

${alert.why}

| Stack | Severity | Fires when |
|---|---|---|
${levels(alert).join("\n")}

For each ${condition.by.map((label) => `\`${label}\``).join(", ")}. Reads ${read.join("; ")}${partsInDatadog(alert.id, condition)}

What to do:

${remedies.join("\n")}

Silence it for two hours on one host:

- Prometheus: \`amtool silence add alertname=${ruleName(alert.id)} host=HOST --duration 2h --comment WHY\`
- Datadog: ${inDatadog(alert.id, condition)}
`;
}

/** One row for all stacks where they agree. */
function levels(alert: AnyAlert): readonly string[] {
  const rowsOf = (stack: Stack) =>
    severities.flatMap((severity) => {
      const when = conditionInWords(alert.condition(stack), severity);
      return when === null ? [] : [`| ${severity} | ${when} |`];
    });
  const own = stacks.map((stack) => ({ name: stack.name, rows: rowsOf(stack) }));
  const agree = own.every(({ rows }) => rows.join() === own[0]?.rows.join());
  const shown = agree ? [{ name: "all", rows: own[0]?.rows ?? [] }] : own;
  return shown.flatMap(({ name, rows }) => rows.map((row) => `| ${name} ${row}`));
}

/** The downtime that mutes this alert and no other. All tags of a downtime must fit a monitor: two parts take two. */
function inDatadog(id: string, condition: AnyCondition): string {
  const tags = partsOf(id, condition).map((part) => `\`pantheros_id:${part}\``);
  const each = tags.length === 1 ? "a downtime of the monitor tag" : "a downtime for each of the monitor tags";
  const scope = condition.by.includes("host") ? ", with the group scope `host:HOST`" : "";
  const ofJob = Object.hasOwn(commands, "downtime") && condition.by.includes("job");
  const all = ofJob ? "; or all alerts of the job: `pantheros downtime start JOB --for 2h`" : "";
  return `${each} ${tags.join(" and ")}${scope}${all}`;
}

/** What it is called there, where that is not its own name. */
function partsInDatadog(id: string, condition: AnyCondition): string {
  if (condition.kind !== "either") return "";
  const names = partsOf(id, condition)
    .map((part) => `\`${part}\``)
    .join(" and ");
  return ` In Datadog it is ${names}, each of which tells by itself.`;
}

/** The ids of its monitors. */
function partsOf(id: string, condition: AnyCondition): readonly string[] {
  return condition.kind === "either" ? condition.of.map((_, index) => `${id}.${index + 1}`) : [id];
}
