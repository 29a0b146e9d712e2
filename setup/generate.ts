import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { collectors } from "../src/collectors/index.ts";
import { commands } from "../src/commands/index.ts";
import { jsonSchema } from "../src/config/json-schema.ts";
import { stepBase } from "../src/config/sections/jobs.ts";
import type { MetricDefinition } from "../src/model/metrics/definition.ts";
import { metrics } from "../src/model/metrics.ts";
import { formatDuration } from "../src/model/quantity.ts";
import { exitCodes } from "../src/model/run/exit-codes.ts";
import { type Reason, reasons } from "../src/model/run/outcome.ts";
import { isRetried, reasonGuide } from "../src/model/run/reason-guide.ts";
import { loadRunners } from "../src/runners/index.ts";
import { alertsPage } from "./alerts-page.ts";
import { dashboardFiles } from "./dashboard-files.ts";
import { dashboardsPage } from "./dashboards-page.ts";
import { datadogPage } from "./datadog-page.ts";
import { ruleFiles } from "./rule-files.ts";

const runners = await loadRunners();

/** Files that are made from the sources and committed: one more is one more entry. */
const generated: readonly { readonly file: string; readonly content: () => string }[] = [
  { file: "docs/pantheros.schema.json", content: () => `${JSON.stringify(jsonSchema(runners), null, 2)}\n` },
  { file: "docs/metrics.md", content: metricsPage },
  { file: "docs/steps.md", content: stepsPage },
  { file: "docs/reasons.md", content: reasonsPage },
  { file: "docs/alerts.md", content: alertsPage },
  ...ruleFiles,
  { file: "docs/dashboards.md", content: dashboardsPage },
  { file: "docs/datadog.md", content: datadogPage },
  ...dashboardFiles,
  { file: "README.md", content: readme },
];

/** The README shows the metrics that dashboards had before there was pantheros; all of them are in docs/metrics.md. */
const alreadyCharted =
  /^pantheros\.(?:snapshot\.(?:created|failed|age|count|size)|backup\.(?:completed|failed|duration|size|b2\.cost)|disk\.usage|btrfs\.balance)$/;

const root = new URL("../", import.meta.url);
const check = process.argv.includes("--check");
const stale = generated.filter(({ file, content }) => {
  const path = new URL(file, root);
  const wanted = content();
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) return false;
  if (!check) {
    mkdirSync(dirname(path.pathname), { recursive: true });
    writeFileSync(path, wanted);
  }
  return true;
});
for (const { file } of stale) console.log(check ? `${file} differs: npm run generate` : `wrote ${file}`);
if (check && stale.length > 0) process.exitCode = 1;

function metricsPage(): string {
  const rows = Object.values(metrics).map(
    (metric: MetricDefinition) =>
      `| \`${metric.prometheus}\` | \`${metric.datadog}\` | ${metric.type} | ${unitOf(metric)} | ${labelsOf(metric)} | ${metric.help} |`,
  );
  return `<!-- Generated from src/model/metrics/ by npm run generate. -->

# Metrics

Every series carries \`host\` besides its own labels. Counters go on across restarts and across a pruned journal. What is disabled or not
known is absent, never 0.

| Prometheus | Datadog | Type | Unit | Labels | Meaning |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function unitOf({ unit, datadogUnit }: MetricDefinition): string {
  const name = unit === "timestamp" ? "seconds since the epoch" : unit === "boolean" ? "0 or 1" : unit;
  return datadogUnit === undefined ? name : `${name} (Datadog: ${datadogUnit})`;
}

function labelsOf({ labels }: MetricDefinition): string {
  return labels.length === 0 ? "" : labels.map((label) => `\`${label}\``).join(", ");
}

function stepsPage(): string {
  const sections = runners.map((runner) => {
    const schema = z.toJSONSchema(runner.options, { io: "input", unrepresentable: "any" });
    const options = optionRows(schema);
    const produced = Object.entries(runner.produces.shape).map(
      ([name, field]) => `| \`\${${name}}\` | ${(field as z.ZodType).description ?? ""} |`,
    );
    return `## \`${runner.uses}\`

${runner.summary} Risk: ${runner.risk}.

| Option | Default | Meaning |
|---|---|---|
${options.join("\n")}

| Leaves behind | Meaning |
|---|---|
${produced.join("\n").replaceAll("`${", "`${id.")}
`;
  });
  const looks = collectors.map((collector) => {
    const every = "live" in collector ? "whenever the state is read" : `every ${formatDuration(collector.every)}`;
    return `| \`${collector.name}\` | ${every} | ${collector.summary} |`;
  });
  return `<!-- Generated from src/runners and src/collectors by npm run generate. -->

# Steps and collectors

A job is a list of steps. Each step \`uses:\` one of these, with its options beside it. What a step leaves behind can be referred to by later steps
of the job: \`\${id.field}\`; besides there are \`\${run.timestamp}\`, \`\${run.id}\`, \`\${run.job}\` and \`\${host}\`.

What reads files reads them from a snapshot when its path begins with one: \`from: "\${snap.path}/data"\`.

Every step also takes:

| Option | Default | Meaning |
|---|---|---|
${optionRows(z.toJSONSchema(stepBase, { io: "input", unrepresentable: "any" }))
  .filter((row) => !row.includes("`uses`"))
  .join("\n")}

A job itself may be started \`after:\` others have succeeded, only when \`only_if:\` holds, and tell [hooks](hooks.md) of its runs.

${sections.join("\n")}
# Collectors

Each can be switched off or given another interval: \`collectors: { restic: { every: 1h, timeout: 5m } }\`.

| Collector | Looks | At |
|---|---|---|
${looks.join("\n")}
`;
}

/** A row of a table for each property of an object's schema. */
function optionRows(schema: z.core.JSONSchema.BaseSchema): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description = "", default: standard } = property as { description?: string; default?: unknown };
    const when = required.has(name) ? "required" : standard === undefined ? "" : `\`${JSON.stringify(standard)}\``;
    return `| \`${name}\` | ${when} | ${description} |`;
  });
}

function reasonsPage(): string {
  const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join("\n");
  const sections = Object.entries(reasonGuide).map(([reason, guide]) => {
    const remedies = guide.remedies.map(({ what, command }) => (command ? `${what}: \`${command}\`` : what));
    const retried = isRetried(reason as Reason) ? "yes, where the step has `retries:`" : "no";
    return `## \`${reason}\`

${guide.meaning}

Usually:
${list(guide.causes)}

What to do:
${list(remedies)}

| Given by | |
|---|---|
${guide.givenBy.map(([program, how]) => `| ${program} | ${how} |`).join("\n")}

Passes by itself: ${guide.passes} Retried: ${retried}.
`;
  });
  const rows = Object.entries(reasons).map(([reason, sentence]) => `| [\`${reason}\`](#${reason}) | ${sentence} |`);
  return `<!-- Generated from src/model/run/reason-guide.ts by npm run generate. -->

# Reasons

Every run and every step that did not succeed has one of these reasons, whatever the tool was: on the terminal, in the journal, as label and
tag. On a host: \`pantheros explain REASON\`, \`pantheros explain RUN-ID\`, \`pantheros explain --job JOB\`.

| Reason | Meaning |
|---|---|
${rows.join("\n")}

${sections.join("\n")}`;
}

/** The README with the tables between its markers made anew. */
function readme(): string {
  const tables: Readonly<Record<string, string>> = {
    commands: table(
      ["Command", ""],
      Object.entries(commands).map(([name, { summary }]) => [`\`pantheros ${name}\``, summary]),
    ),
    "exit codes": table(
      ["Code", "Meaning"],
      Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning]),
    ),
    steps: table(
      ["`uses:`", ""],
      runners.map(({ uses, summary }) => [`\`${uses}\``, summary]),
    ),
    metrics: table(
      ["Prometheus", "Datadog", "Meaning"],
      Object.values(metrics)
        .filter(({ datadog }) => alreadyCharted.test(datadog))
        .map((metric) => [`\`${metric.prometheus}\``, `\`${metric.datadog}\``, metric.help]),
    ),
  };
  const text = readFileSync(new URL("README.md", root), "utf8");
  return text.replace(
    /(<!-- generated: ([a-z ]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (whole, begin: string, name: string, end: string) => (tables[name] ? `${begin}${tables[name]}${end}` : whole),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `${[line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}
