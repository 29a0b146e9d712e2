import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { catalogueMetadata, metadataDifferences } from "../../src/provision/datadog/metric-metadata.ts";
import { type FakeOptions, startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { startInTerminal } from "../support/terminal.ts";

async function desk(t: TestContext, options: FakeOptions = {}) {
  const fake = await startFakeDatadog(t, options);
  const config = join(temporaryDirectory(t), "pantheros.yaml");
  writeFileSync(config, `host: h1\nprovisioning: { datadog: { url: "${fake.url}" } }\n`);
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  const metadata = (...words: string[]) => runPantheros(t, config, ["metadata", ...words], { environment });
  return { fake, metadata, config, environment };
}

const writes = (seen: readonly { readonly method: string }[]) => seen.filter(({ method }) => method !== "GET");

describe("pantheros metadata", () => {
  it("plans, writes only what differs, and then has nothing to do", async (t) => {
    const { fake, metadata } = await desk(t);
    fake.metadata.all.set("pantheros.snapshot.age", { type: "gauge", unit: "second", statsd_interval: 10 });
    fake.metadata.all.set("pantheros.snapshot.created", { type: "rate", statsd_interval: 10 });
    const plan = await metadata("plan");
    assert.equal(plan.code, 5, plan.stderr);
    assert.match(plan.stdout, /~ pantheros\.snapshot\.age\n(?:.*\n)*? +unit: "second" → "hour"/);
    assert.match(plan.stdout, /Metrics: 2 to update, \d+ not reported yet\./);
    assert.equal(writes(fake.seen).length, 0);

    assert.equal((await metadata("sync")).code, 0);
    const age = fake.metadata.all.get("pantheros.snapshot.age");
    assert.deepEqual([age?.["unit"], age?.["short_name"], age?.["statsd_interval"]], ["hour", "snapshot age", 10]);
    assert.equal(
      fake.metadata.all.get("pantheros.snapshot.created")?.["type"],
      "rate",
      "an Agent's counter stays a rate",
    );
    assert.equal(writes(fake.seen).length, 2);

    const after = await metadata("plan");
    assert.deepEqual([after.code, after.stdout.match(/2 unchanged/)?.[0]], [0, "2 unchanged"]);
  });

  it("says which could not be written, and why", async (t) => {
    const { fake, metadata } = await desk(t, { readOnly: true });
    fake.metadata.all.set("pantheros.snapshot.age", { type: "gauge" });
    const { code, stdout } = await metadata("sync");
    assert.equal(code, 1);
    assert.match(stdout, /✗ pantheros\.snapshot\.age\n.*keys were refused.*\n.*metrics_metadata_write/);
    assert.match(stdout, /1 failed/);
  });

  it("says what to do where Datadog knows none of them yet", async (t) => {
    const { metadata } = await desk(t);
    const { code, stdout } = await metadata("sync");
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^Metrics: \d+ not reported yet\.\n {2}→ Datadog has not heard of any yet: see outputs\.dogstatsd/,
    );
  });

  it("asks on a terminal before it writes", async (t) => {
    const { fake, config, environment } = await desk(t);
    fake.metadata.all.set("pantheros.snapshot.age", { type: "gauge" });
    const main = join(import.meta.dirname, "../../src/main.ts");
    const sync = (...words: string[]) =>
      startInTerminal(t, [process.execPath, main, "metadata", "sync", "--config", config, ...words], environment);
    const refusing = sync();
    await refusing.waitFor(/short_name: [\s\S]*Write these fields at http.*\? \[y\/N\]/);
    refusing.type("n\r");
    assert.equal(await refusing.ended, 5);
    assert.equal(writes(fake.seen).length, 0);
    assert.equal(await sync("--yes").ended, 0);
    assert.equal(writes(fake.seen).length, 1);
  });

  it("as JSON: one document", async (t) => {
    const { fake, metadata } = await desk(t);
    fake.metadata.all.set("pantheros.snapshot.age", { type: "gauge" });
    const document = JSON.parse((await metadata("plan", "--json")).stdout);
    assert.deepEqual([document.results[0].metric, document.results[0].outcome], ["pantheros.snapshot.age", "pending"]);
    assert.equal(document.unknown.length, catalogueMetadata.length - 1);
    assert.equal((await metadata("plan", "--yes")).code, 2, "plan has nothing to ask");
  });

  it("names every metric of the catalogue once", () => {
    assert.equal(new Set(catalogueMetadata.map(({ name }) => name)).size, catalogueMetadata.length);
  });

  it("takes no counter for a gauge, but an Agent's rate for a count", () => {
    const counted = { name: "x", body: { type: "count" } };
    assert.deepEqual(metadataDifferences(counted, { type: "rate", unit: "byte" }), []);
    assert.equal(metadataDifferences(counted, { type: "gauge" }).length, 1);
  });
});
