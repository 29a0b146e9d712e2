import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { datadogMonitors } from "../../src/provision/datadog/monitors.ts";
import { type FakeDatadog, type FakeOptions, startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { type CommandOptions, runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** Monitors, and the two SLOs. */
const count = datadogMonitors(alerts, stacks[0] as (typeof stacks)[0]).length + 2;

interface Desk {
  readonly fake: FakeDatadog;
  readonly directory: string;
  /** Runs `pantheros monitors …` with good keys. */
  readonly monitors: (words: string, options?: CommandOptions) => ReturnType<typeof runPantheros>;
  /** Who is told by mail, which is in every message that tells anybody. */
  readonly tell: (address: string) => void;
}

async function desk(t: TestContext, options: FakeOptions = {}): Promise<Desk> {
  const fake = await startFakeDatadog(t, options);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  const tell = (address: string) =>
    writeFileSync(
      config,
      `host: h1\nprovisioning:\n  stacks:\n    hosts:\n      routes: { email: [${address}] }\n  datadog:\n    url: ${fake.url}\n`,
    );
  tell("ops@example.org");
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  return {
    fake,
    directory,
    tell,
    monitors: (words, more = {}) =>
      runPantheros(t, config, ["monitors", ...words.split(" ")], {
        ...more,
        environment: { ...environment, ...more.environment },
      }),
  };
}

describe("pantheros monitors", () => {
  it("plans, syncs, and then has nothing to do", async (t) => {
    const { fake, monitors } = await desk(t);
    const before = await monitors("plan");
    assert.equal(before.code, 5, before.stderr);
    assert.match(before.stdout, /\+ monitor disk-usage {2}monitors\/disk-usage\.ts/);
    assert.match(before.stdout, /thresholds: critical 85\n {6}told: @ops@example\.org\n/);
    assert.match(before.stdout, /target: 99 % of 30d, a warning below 99\.5 %\n/);
    assert.match(before.stderr, /the alerts link to no runbook.*\n {2}→ .*provisioning\.runbooks/);
    assert.match(before.stdout, new RegExp(`^Plan: ${count} to create\\.$`, "m"));
    assert.equal(fake.monitors.all().length, 0, "a plan writes nothing");

    const synced = await monitors("sync");
    assert.equal(synced.code, 0, synced.stdout + synced.stderr);
    assert.match(synced.stdout, new RegExp(`Synced: ${count - 2} monitors and 2 SLOs written`));
    assert.match(synced.stderr, /the alerts link to no runbook/);

    const requests = fake.seen.length;
    const after = await monitors("plan");
    assert.equal(after.code, 0);
    assert.match(after.stdout, new RegExp(`Nothing to do: ${count} unchanged`));
    assert.equal(fake.seen.length - requests, 2, "a plan of what is unchanged is one listing of each kind");
    const validated = await monitors("validate");
    assert.equal(validated.code, 0);
    const sentence = `${count - 2} monitors and 2 SLOs are valid, by the rules, ${count - 2} of them also by`;
    assert.ok(validated.stdout.includes(sentence), "Datadog has no check for SLOs");
  });

  it("shows what was edited in Datadog apart from what has changed in the code", async (t) => {
    const { fake, monitors, tell } = await desk(t);
    await monitors("sync --only disk-usage,run-lost");
    const disk = fake.monitors.all().find(({ name }) => String(name).startsWith("Disk"));
    fake.monitors.edit(disk?.["id"] as number, (it) =>
      Object.assign(it, { message: String(it["message"]).replace("What to do:", "Ask me:") }),
    );
    const edited = await monitors("plan --only disk-usage,run-lost");
    assert.match(
      edited.stdout,
      /Edited in Datadog since the last sync: a sync takes it back\n\n {2}~ monitor disk-usage/,
    );
    assert.match(edited.stdout, /- Ask me:\n\s+\+ What to do:/);
    tell("other@example.org");
    const both = await monitors("plan --only disk-usage,run-lost");
    assert.match(both.stdout, /Changes of the definitions\n\n {2}~ monitor run-lost/);
    assert.match(both.stdout, /the definition has changed as well/);
    assert.match(both.stdout, /Plan: 2 to update \(1 edited in Datadog\)/);
  });

  it("carries out the plan of a file and nothing else, and refuses it once it is stale", async (t) => {
    const { fake, monitors, tell, directory } = await desk(t);
    const file = join(directory, "plan.json");
    assert.equal((await monitors(`plan --only disk-usage --out ${file}`)).code, 5);
    tell("other@example.org");
    const stale = await monitors(`sync ${file}`);
    assert.equal(stale.code, 1);
    assert.match(
      stale.stderr,
      /the plan is stale, nothing has been written:\n {2}the definition of monitor disk-usage has changed\n {2}→ make a new one: pantheros monitors plan/,
    );
    assert.equal(fake.monitors.all().length, 0);
    tell("ops@example.org");
    assert.equal((await monitors(`sync ${file}`)).code, 0);
    assert.deepEqual(
      fake.monitors.all().map(({ name }) => name),
      ["Disk is nearly full (hosts)"],
    );
    assert.match((await monitors(`sync ${file}`)).stderr, /the remote monitor disk-usage is new/);
    writeFileSync(file, "{}");
    assert.match((await monitors(`sync ${file}`)).stderr, /is no plan of this version/);
  });

  it("prints one document with --json, and a comment for a pull request with --markdown", async (t) => {
    const { fake, monitors } = await desk(t);
    const plan = JSON.parse((await monitors("plan --only failing-repeatedly --json")).stdout) as {
      steps: { id: string; action: string }[];
    };
    assert.deepEqual(
      plan.steps.map(({ id, action }) => `${action} ${id}`),
      ["create failing-repeatedly.1", "create failing-repeatedly.2"],
    );
    const markdown = (await monitors("plan --only disk-usage --markdown")).stdout;
    assert.match(markdown, /^### pantheros monitors: hosts on http/);
    assert.match(markdown, /\| `\+` \| create \| monitor `disk-usage` \| definition \| `monitors\/disk-usage.ts` \|/);
    const synced = JSON.parse((await monitors("sync --only failing-repeatedly --json")).stdout) as {
      summary: unknown;
      results: { remote_id: string }[];
    };
    assert.deepEqual(synced.summary, { done: 2, failed: 0, blocked: 0, cancelled: 0 });
    const there = fake.monitors.all().map(({ id }) => String(id));
    assert.deepEqual(synced.results.map(({ remote_id }) => remote_id).toSorted(), there.toSorted());
  });

  it("prunes only when told to, saves the bodies first, and keeps what something needs", async (t) => {
    const { fake, monitors, directory } = await desk(t);
    await monitors("sync --only disk-usage");
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts"];
    const body = {
      type: "query alert",
      message: "",
      query: "max(last_5m):max:a{*} > 1",
      options: { thresholds: { critical: 1 } },
    };
    fake.monitors.create({ ...body, name: "gone", tags: [...tags, "pantheros_id:gone"] });
    fake.monitors.create({ ...body, name: "needed", tags: [...tags, "pantheros_id:needed"] });
    fake.monitors.create({
      type: "composite",
      name: "theirs",
      message: "",
      query: "1002 || 1002",
      options: {},
      tags: [],
    });
    const shown = await monitors("prune");
    assert.equal(shown.code, 5);
    assert.match(shown.stdout, /- gone \(1001\) {2}would be deleted\n.*needed/);
    assert.equal(fake.monitors.all().length, 4);
    const folder = join(directory, "saved");
    const pruned = await monitors(`prune --yes --out ${folder}`);
    assert.equal(pruned.code, 1, "not everything that was to go has gone");
    assert.match(
      pruned.stdout,
      /gone \(1001\) {2}deleted\n.*needed \(1002\) {2}kept: monitor \[1002\] is referenced in composite monitors: 1003/,
    );
    assert.deepEqual(readdirSync(folder).sort(), ["monitor-gone-1001.json", "monitor-needed-1002.json"]);
    assert.equal(
      (JSON.parse(readFileSync(join(folder, "monitor-gone-1001.json"), "utf8")) as { name: string }).name,
      "gone",
    );
    assert.deepEqual(
      fake.monitors.all().map(({ name }) => name),
      ["Disk is nearly full (hosts)", "needed", "theirs"],
    );
  });

  it("tells programs where the body of each is saved", async (t) => {
    const { fake, monitors, directory } = await desk(t);
    await monitors("sync --only disk-usage");
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:old"];
    fake.monitors.create({ ...fake.monitors.all()[0], tags, message: "old" });
    assert.equal(JSON.parse((await monitors("prune --json")).stdout).results[0].saved, null);
    const {
      stack,
      results: [pruned],
    } = JSON.parse((await monitors(`prune --yes --json --out ${join(directory, "saved")}`)).stdout);
    assert.equal(stack, "hosts");
    assert.deepEqual([pruned.id, pruned.outcome], ["old", "deleted"]);
    assert.equal(JSON.parse(readFileSync(pruned.saved, "utf8")).message, "old");
  });

  it("prunes nothing when the bodies cannot be saved", async (t) => {
    const { fake, monitors, directory } = await desk(t);
    await monitors("sync --only disk-usage");
    fake.monitors.create({
      type: "query alert",
      name: "gone",
      query: "a > 1",
      options: {},
      tags: ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:gone"],
    });
    writeFileSync(join(directory, "taken"), "");
    assert.notEqual((await monitors(`prune --yes --out ${join(directory, "taken")}`)).code, 0);
    assert.equal(fake.monitors.all().length, 2);
  });

  it("writes the bodies of what is there and ours", async (t) => {
    const { monitors, directory } = await desk(t);
    await monitors("sync --only disk-usage");
    const [printed] = JSON.parse((await monitors("pull")).stdout) as { name: string }[];
    assert.equal(printed?.name, "Disk is nearly full (hosts)");
    await monitors(`pull --out ${join(directory, "there")}`);
    assert.deepEqual(readdirSync(join(directory, "there")), ["monitor-disk-usage-1000.json"]);
  });

  it("writes the body of what is ours and no longer defined, by its id", async (t) => {
    const { fake, monitors } = await desk(t);
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:old"];
    fake.monitors.create({ type: "query alert", name: "gone", query: "a > 1", options: {}, tags });
    const { stdout, stderr } = await monitors("pull --only old");
    assert.equal((JSON.parse(stdout) as { name: string }[])[0]?.name, "gone", stderr);
  });

  it("says what to do about bad input, writes nothing and tells no key", async (t) => {
    const { fake, monitors, directory } = await desk(t);
    const refused = async (words: string, said: RegExp, options?: CommandOptions) => {
      const { code, stdout, stderr } = await monitors(words, options);
      assert.match(stderr, said, words);
      assert.ok(code === 1 || code === 2, `${words}: ${code}`);
      assert.doesNotMatch(stdout + stderr, /sesame/);
    };
    await refused("plna", /did you mean "plan"\?/);
    await refused("plan plan.json", /monitors plan takes no file/);
    await refused("plan --stack nope", /there is no stack nope\n {2}→ name one with --stack: hosts/);
    await refused("plan --only disk-usgae", /nothing is defined as disk-usgae\n {2}→ did you mean "disk-usage"\?/);
    await refused("plan --only ,", /--only is empty\n {2}→ name ids/);
    await refused(
      "prune --only disk-usage",
      /--only is not for monitors prune: leave it out\n {2}→ it takes --stack, --out/,
    );
    await refused("sync --out plan.json", /--out is not for monitors sync/);
    await refused("plan --yes", /--yes is not for monitors plan/);
    await refused("plan --json --markdown", /choose one of them/);
    await refused(
      "pull --only disk-usage",
      /none of the monitors that are there and ours is disk-usage\n {2}→ none of ours is there yet/,
    );
    await refused("prune --most many", /--most many: write a number/);
    await refused(`sync ${join(directory, "none.json")}`, /the plan .*none.json cannot be read/);
    await refused(
      "sync",
      /does not accept the API key from environment variable DD_API_KEY\n {2}→ is it a key of this site/,
      { environment: { DD_API_KEY: "sesame" } },
    );
    await refused("plan", /not the application key from environment variable DD_APP_KEY: Forbidden\n {2}→ is it of/, {
      environment: { DD_APP_KEY: "sesame" },
    });
    await refused("plan", /there is no key in DD_API_KEY\n {2}→ set it/, { environment: { DD_API_KEY: "" } });
    await refused("plan", /there are no keys in DD_API_KEY and DD_APP_KEY\n {2}→ set them/, {
      environment: { DD_API_KEY: "", DD_APP_KEY: "" },
    });
    const asked = fake.seen.length;
    await refused("plan --only disk-usgae", /nothing is defined/);
    assert.equal(fake.seen.length, asked, "a misspelt id is told before anybody is asked");
    fake.fault = () => ({ kind: "answer", status: 200, text: "<html>Sign in</html>" });
    await refused(
      "sync",
      /answered 200 with a web page\n {2}→ is the site right, or does a proxy answer in its place\?/,
    );
    assert.equal(fake.monitors.all().length, 0);
    assert.equal(existsSync(join(directory, "none.json")), false);
  });

  it("reports every monitor that could not be written", async (t) => {
    const { monitors } = await desk(t, { readOnly: true });
    const { code, stdout } = await monitors("sync --only failing-repeatedly");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /✗ monitor failing-repeatedly\.1 {2}failed\n.*permission.*give the application key the right to write/,
    );
    assert.match(stdout, /Not synced: 0 written, \d failed, \d blocked/);
  });

  it("validates without keys and without a server when it is told to", async (t) => {
    const { fake, monitors } = await desk(t);
    const { code, stdout } = await monitors("validate --local", { environment: { DD_API_KEY: "", DD_APP_KEY: "" } });
    assert.equal(code, 0);
    assert.match(stdout, /monitors and 2 SLOs are valid, by the rules alone/);
    assert.equal(fake.seen.length, 0);
  });

  it("loads Datadog's client only when a body is about to be sent", async (t) => {
    const { monitors } = await desk(t);
    const hook = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { if (url.includes("datadog-api-client")) process.stderr.write("LOADED\\n"); return next(url, context); } });`;
    const options = { environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` } };
    const loads = async (words: string) => /LOADED/.test((await monitors(words, options)).stderr);
    assert.equal(await loads("--help"), false);
    assert.equal(await loads("validate --local"), false);
    assert.equal(await loads("sync --only disk-usage"), true);
    assert.equal(await loads("plan --only disk-usage"), false);
  });
});
