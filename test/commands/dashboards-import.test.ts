import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { asJson } from "../provision/fake-datadog/monitors.ts";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const sent = {
  title: "Queues: overview",
  description: "What waits, and for how long.",
  layout_type: "ordered",
  template_variables: [{ name: "env", prefix: "env", default: "prod", available_values: [] }],
  widgets: [
    {
      definition: {
        type: "group",
        layout_type: "ordered",
        title: "Now",
        widgets: [{ definition: { type: "note", content: "see {{the wiki}}" } }],
      },
    },
    { definition: { type: "timeseries", title: "Length", requests: [{ q: "avg:queue.length{$env}" }] } },
  ],
};

async function desk(t: TestContext) {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  writeFileSync(
    config,
    `host: h1\nprovisioning:\n  stacks:\n    hosts: { imported: imported }\n  datadog:\n    url: ${fake.url}\n`,
  );
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  const made = asJson(fake.dashboards.route("POST", "", new URLSearchParams(), sent).json);
  return {
    fake,
    directory,
    id: String(made["id"]),
    there: () => asJson(fake.dashboards.all()[0]),
    dashboards: (words: string) => runPantheros(t, config, ["dashboards", ...words.split(" ")], { environment }),
  };
}

describe("pantheros dashboards import", () => {
  it("makes a definition of one in Datadog that a sync marks, that keeps its widgets' ids, and that is then unchanged", async (t) => {
    const { fake, directory, id, there, dashboards } = await desk(t);
    const imported = await dashboards(`import --id https://app.datadoghq.com/dashboard/${id}/queues?from_ts=1`);
    assert.equal(imported.code, 0, imported.stderr);
    assert.match(imported.stdout, new RegExp(`✓ queues-overview \\(${id}\\) .*dashboards/queues-overview\\.json, new`));
    assert.match(imported.stdout, /dashboards plan --stack hosts --only queues-overview/);

    const { body } = JSON.parse(readFileSync(join(directory, "imported/dashboards/queues-overview.json"), "utf8"));
    assert.deepEqual(body.widgets, sent.widgets, "as somebody would write them: without the ids of the server");
    const variable = { name: "env", prefix: "env", defaults: ["prod"], available_values: [] };
    assert.deepEqual(body.template_variables, [variable], "written one way, since the API refuses both at once");

    const planned = await dashboards("plan --only queues-overview");
    assert.equal(planned.code, 5, planned.stderr);
    assert.match(planned.stdout, /Adopted: not ours so far.*\n\n {2}~ dashboard queues-overview/);
    assert.match(planned.stdout, /description:\n.*\n {8}\+ \n {8}\+ managed_by:pantheros pantheros_stack:hosts/);
    assert.doesNotMatch(planned.stdout, /widgets|template_variables/, "nothing else changes");

    const before = there();
    assert.equal((await dashboards("sync --only queues-overview")).code, 0);
    assert.equal(fake.dashboards.all().length, 1, "none is made anew");
    assert.deepEqual(there()["widgets"], before["widgets"], "with their ids");
    assert.equal((await dashboards("plan --only queues-overview")).code, 0);

    const again = JSON.parse((await dashboards(`import --id ${id} --json`)).stdout);
    assert.deepEqual([again.imported[0].id, again.imported[0].change], ["queues-overview", "unchanged"]);
  });

  it("is known as edited when somebody edits it afterwards, and a sync takes that back", async (t) => {
    const { fake, id, there, dashboards } = await desk(t);
    await dashboards(`import --id ${id}`);
    await dashboards("sync --only queues-overview");
    fake.dashboards.edit(id, (dashboard) => Object.assign(dashboard, { title: "Mine" }));
    const { stdout } = await dashboards("plan --only queues-overview");
    assert.match(stdout, /Edited in Datadog since the last sync.*\n\n {2}~ dashboard queues-overview/);
    await dashboards("sync --only queues-overview");
    assert.equal(there()["title"], "Queues: overview");
  });

  it("reads what the UI exports and what Terraform has, each with what it knows of its id", async (t) => {
    const { directory, dashboards } = await desk(t);
    const ui = join(directory, "ui.json");
    writeFileSync(ui, JSON.stringify({ ...sent, title: "From the UI", notify_list: [], pause_auto_refresh: false }));
    const tf = join(directory, "main.tf");
    writeFileSync(
      tf,
      `import {
  to = datadog_dashboard_json.one
  id = "abc-def-ghi"
}
resource "datadog_dashboard_json" "one" {
  dashboard = jsonencode({
    title       = "By Terraform"
    layout_type = "free"
    widgets     = [{ definition = { type = "free_text", text = "hi" }, layout = { x = 0, y = 0, width = 9, height = 5 } }]
  })
}
resource "datadog_dashboard_json" "two" {
  dashboard = <<-EOF
    {"title": "As a text", "layout_type": "ordered", "widgets": []}
  EOF
}
resource "datadog_dashboard_json" "three" {
  dashboard = file("\${path.module}/three.json")
}
resource "datadog_dashboard" "four" {
  title = "blocks"
}
`,
    );
    const { code, stdout } = await dashboards(`import ${ui} ${tf}`);
    assert.equal(code, 1);
    assert.match(stdout, /✓ from-the-ui {2}.*\n\s+its id is not in the export/);
    assert.match(stdout, /✓ by-terraform \(abc-def-ghi\)/);
    assert.match(stdout, /✓ as-a-text {2}/);
    assert.match(
      stdout,
      /line 17 \(datadog_dashboard_json\.three\)\n\s+line 18: its dashboard is in \$\{path\.module\}\/three\.json: import that file/,
    );
    assert.match(stdout, /line 20 \(datadog_dashboard\.four\)\n\s+its widgets are blocks of Terraform's own.*--id/);
    assert.match(stdout, /3 imported, 2 not/);
    const kept = JSON.parse(readFileSync(join(directory, "imported/dashboards/by-terraform.json"), "utf8"));
    assert.deepEqual(
      [kept.format, kept.adopts, kept.body.layout_type],
      ["pantheros dashboard 1", "abc-def-ghi", "free"],
    );
  });

  for (const [words, message, code] of [
    ["import", /name what to import\n {2}→ FILE…, or dashboards of Datadog by --id/, 2],
    ["import --id 17", /--id 17: write the dashboard's id \(abc-def-ghi\), or its address/, 2],
    ["import --id abc-def-ghi,https://x.datadoghq.com/monitors/7", /write the dashboard's id/, 2],
    ["import nowhere.json", /nowhere\.json cannot be read/, 1],
  ] as const) {
    it(`refuses ${words} with the next step`, async (t) => {
      const ended = await (await desk(t)).dashboards(words);
      assert.deepEqual([ended.code, message.test(ended.stderr)], [code, true], ended.stderr);
    });
  }
});
