import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

async function desk(t: TestContext) {
  const fake = await startFakeDatadog(t);
  const config = join(temporaryDirectory(t), "pantheros.yaml");
  const job = "{ steps: [ { uses: command, argv: [ /bin/true ] } ] }";
  writeFileSync(config, `host: h1\njobs: { nightly: ${job} }\nprovisioning: { datadog: { url: "${fake.url}" } }\n`);
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app" };
  return { fake, run: (words: string) => runPantheros(t, config, ["downtime", ...words.split(" ")], { environment }) };
}

describe("pantheros downtime", () => {
  it("mutes the alerts of one job on this host, ends by itself, and is extended rather than doubled", async (t) => {
    const { fake, run } = await desk(t);
    const started = await run("start nightly --for 2h");
    assert.equal(started.code, 0, started.stderr);
    assert.match(started.stdout, /alerts of nightly on h1 are muted until \d{4}-.*Z \(downtime 50000\)/);
    assert.equal((await run("start nightly --for 3h")).code, 0);
    const [downtime, ...others] = fake.downtimes.all();
    assert.deepEqual(others, []);
    assert.deepEqual(downtime?.["scope"], ["host:h1", "job:nightly"]);
    assert.deepEqual(downtime?.["monitor_tags"], ["managed_by:pantheros"]);
    assert.equal((downtime?.["end"] as number) - (downtime?.["start"] as number), 3 * 3600);
  });

  it("ends what is ours and nothing else", async (t) => {
    const { fake, run } = await desk(t);
    fake.downtimes.route("POST", "", { scope: ["job:nightly"], start: 1, end: 2, message: "mine" });
    await run("start nightly --for 2h");
    assert.match((await run("end nightly")).stdout, /are told again/);
    assert.deepEqual(
      fake.downtimes.all().map(({ status }) => status),
      ["active", "canceled"],
    );
    assert.match((await run("end nightly")).stdout, /were not muted by us/);
  });

  it("says what is missing", async (t) => {
    const { fake, run } = await desk(t);
    assert.match((await run("start nightly")).stderr, /say how long: --for 90m/);
    assert.match((await run("start nightly --for 60d")).stderr, /too long: at most 30d/);
    assert.match((await run("start nigthly --for 2h")).stderr, /did you mean "nightly"\?/);
    assert.match((await run("stop nightly")).stderr, /downtime stop: there are: start, end|did you mean/);
    assert.deepEqual(fake.downtimes.all(), []);
  });
});
