import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { dashboards as defined } from "../../dashboards/index.ts";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

it("pantheros dashboards plans, validates, syncs, pulls and prunes", async (t) => {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  writeFileSync(config, `host: h1\nprovisioning: { stacks: { hosts: {} }, datadog: { url: "${fake.url}" } }\n`);
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  const dashboards = async (...words: string[]) => {
    const ended = await runPantheros(t, config, ["dashboards", ...words], { environment });
    t.diagnostic(`$ pantheros dashboards ${words.join(" ")}\n${ended.stdout}${ended.stderr}(${ended.code})`);
    return ended;
  };
  const count = defined.length;

  const validated = await dashboards("validate");
  assert.equal(validated.code, 0, validated.stderr);
  assert.match(
    validated.stdout,
    new RegExp(`${count} dashboards are valid, by the rules alone`),
    "nobody else is asked",
  );

  const planned = await dashboards("plan");
  assert.equal(planned.code, 5, planned.stderr);
  assert.match(planned.stdout, new RegExp(`Plan: ${count} to create\\.`));
  assert.equal(fake.dashboards.all().length, 0, "a plan writes nothing");

  const synced = await dashboards("sync");
  assert.equal(synced.code, 0, synced.stdout + synced.stderr);
  const again = await dashboards("plan");
  assert.deepEqual([again.code, again.stdout.includes(`Nothing to do: ${count} unchanged`)], [0, true]);

  await dashboards("pull", "--out", join(directory, "pulled"));
  assert.equal(readdirSync(join(directory, "pulled")).length, count);

  const [first] = fake.dashboards.all();
  const description = String(first?.["description"]).replace(/pantheros_id:\S+/, "pantheros_id:old");
  fake.dashboards.route("POST", "", new URLSearchParams(), { ...first, title: "old", description });
  assert.match((await dashboards("prune")).stdout, /old .*would be deleted/);
  assert.equal((await dashboards("prune", "--yes", "--out", join(directory, "pruned"))).code, 0);
  assert.equal(fake.dashboards.all().length, count);
  assert.equal(readdirSync(join(directory, "pruned")).length, 1);
});
