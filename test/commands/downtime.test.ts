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
    assert.match((await run("start nightly --for 3h")).stdout, /are now muted until .* \(downtime 50000\)/);
    const [downtime, ...others] = fake.downtimes.all();
    assert.deepEqual(others, []);
    assert.deepEqual(downtime?.["scope"], ["host:h1", "job:nightly"]);
    assert.deepEqual(downtime?.["monitor_tags"], ["managed_by:pantheros"]);
    assert.equal((downtime?.["end"] as number) - (downtime?.["start"] as number), 3 * 3600);
  });

  it("tells programs whether it is longer than it was, and until when that was", async (t) => {
    const { run } = await desk(t);
    const start = async (length: string) => JSON.parse((await run(`start nightly --for ${length} --json`)).stdout);
    const first = await start("2h");
    assert.deepEqual([first.before, first.is_longer], [null, false]);
    const shorter = await start("1h");
    assert.deepEqual([shorter.before, shorter.is_longer], [first.until, false]);
    const longer = await start("3h");
    assert.deepEqual([longer.before, longer.is_longer], [shorter.until, true]);
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
    const refused = async (words: string, said: RegExp) => {
      const { code, stderr } = await run(words);
      assert.deepEqual([code, said.test(stderr)], [2, true], `${words}: ${stderr}`);
    };
    await refused("start nightly", /say how long: --for 2h\n {2}→ write it as 90m, 2h/);
    for (const length of ["2", "P1D", "2026-11-30", "-2h", "tomorrow", "2x"])
      await refused(
        `start nightly --for=${length}`,
        new RegExp(`--for ${length} is no length of time: write it as 90m`),
      );
    await refused("start nightly --for 10s", /--for 10s is too short: at least a minute/);
    await refused("start nightly --for 60d", /too long: at most 30d/);
    await refused("start nigthly --for 2h", /did you mean "nightly"\?\n {2}→ a job of other hosts: --every-host/);
    await refused("start a,b --for 2h --every-host", /"a,b" is no name of a job/);
    await refused("end nightly --for 2h", /--for is for start: end ends it now/);
    await refused("stop nightly", /downtime stop: there are: start, end|did you mean/);
    assert.deepEqual(fake.downtimes.all(), []);
  });

  it("starts a new one when the last is over, whether Datadog says so or not", async (t) => {
    const { fake, run } = await desk(t);
    await run("start nightly --for 2h");
    fake.downtimes.route("PUT", "50000", { end: Math.floor(Date.now() / 1000) - 60 });
    assert.match((await run("end nightly")).stdout, /were not muted by us/);
    assert.match((await run("start nightly --for 2h")).stdout, /are muted until .*\(downtime 50001\)/);
  });

  it("mutes a job of other hosts from a machine that has no configuration for it", async (t) => {
    const { fake, run } = await desk(t);
    assert.match((await run("start elsewhere --for 1d12h --every-host")).stdout, /elsewhere on every host are muted/);
    const [downtime] = fake.downtimes.all();
    assert.deepEqual(downtime?.["scope"], ["job:elsewhere"]);
    assert.equal((downtime?.["end"] as number) - (downtime?.["start"] as number), 36 * 3600);
    const ended = JSON.parse((await run("end elsewhere --every-host --json")).stdout);
    assert.deepEqual([ended.ended, ended.host], [1, null]);
  });
});
