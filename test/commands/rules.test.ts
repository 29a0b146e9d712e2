import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { mimirRuleFile, prometheusRuleFile } from "../../src/provision/prometheus/rule-files.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const [shipped] = stacks as readonly [(typeof stacks)[number]];

function folder(t: TestContext, configuration?: string) {
  const directory = temporaryDirectory(t);
  if (configuration !== undefined) writeFileSync(join(directory, "pantheros.yaml"), configuration);
  return { directory, call: (...words: string[]) => invoke(["rules", ...words], { directory }) };
}

const unlinked =
  "the alerts link to no runbook: they only name the section of docs/alerts.md\n  → publish that page, and set provisioning.runbooks to its address\n";

describe("rules render", () => {
  it("says on standard error when alerts link to no runbook, and nothing once they do", async (t) => {
    const words = ["render", "--stack", shipped.name];
    assert.equal((await folder(t).call(...words)).stderr, unlinked);
    const { call } = folder(t, "host: here\nprovisioning: { runbooks: https://wiki.example.org/alerts }\n");
    assert.equal((await call(...words)).stderr, "");
    assert.equal((await folder(t).call(...words, "--json")).stderr, unlinked);
  });

  it("prints what is committed, where nobody has configured anything", async (t) => {
    const { call } = folder(t);
    const { code, stdout } = await call("render", "--stack", shipped.name);
    assert.equal(code, 0);
    assert.equal(stdout, prometheusRuleFile(alerts, shipped));
    const committed = join(import.meta.dirname, `../../monitors/generated/prometheus/${shipped.name}.yaml`);
    assert.equal(stdout, readFileSync(committed, "utf8"));
  });

  it("takes thresholds, routes and the place of the runbooks from the configuration", async (t) => {
    const { call } = folder(
      t,
      `host: here
provisioning:
  runbooks: https://wiki.example.org/alerts
  alertmanager: { smarthost: mail.example.org:587, secrets: /run/secrets }
  stacks:
    nas:
      thresholds: { disk_usage: 70, scrub_age: 90d }
      routes: { email: [me@example.org], chat: [slack-nas] }
`,
    );
    const rules = (await call("render")).stdout;
    assert.match(rules, /disk_usage_ratio\[10m\]\)\)\n +> 0\.7\n/);
    assert.match(rules, /scrub_age_seconds\[10m\]\)\)\n +> 7776000\n/);
    assert.match(rules, /https:\/\/wiki\.example\.org\/alerts#disk-usage/);
    const routes = (await call("render", "--format", "alertmanager")).stdout;
    assert.match(routes, /to: me@example\.org/);
    assert.match(routes, /api_url_file: \/run\/secrets\/slack-nas/);
    assert.match(routes, /smtp_smarthost: mail\.example\.org:587/);
  });

  it("writes a file that Prometheus can read, and replaces its own", async (t) => {
    const { directory, call } = folder(t);
    const words = ["render", "--stack", shipped.name, "--format", "mimir", "--output", "rules"];
    const file = join(directory, `rules/pantheros-${shipped.name}-mimir.yaml`);
    for (let times = 0; times < 2; times += 1) {
      const { code, stdout, stderr } = await call(...words);
      assert.deepEqual([code, stdout, stderr], [0, "", `${unlinked}wrote ${file}\n`]);
      assert.equal(readFileSync(file, "utf8"), mimirRuleFile(alerts, shipped));
      assert.equal(statSync(file).mode & 0o777, 0o644);
    }
  });

  it("leaves alone what somebody else has written", async (t) => {
    const { directory, call } = folder(t);
    const file = join(directory, "alertmanager.yaml");
    writeFileSync(file, "route: {}\n");
    const { code, stderr } = await call("render", "--stack", shipped.name, "--format", "alertmanager", "-o", ".");
    assert.equal(code, 2);
    assert.match(stderr, /was not made by pantheros\n {2}→ /);
    assert.equal(readFileSync(file, "utf8"), "route: {}\n");
  });

  it("says what is wrong with the words, or the place, and what to do", async (t) => {
    const { directory, call } = folder(t);
    const several = await call("render");
    assert.match(several.stderr, /there are several stacks\n.*--stack: hosts, cluster/);
    assert.match((await call("render", "--stack", "host")).stderr, /there is no stack host/);
    assert.match((await call("render", "--stack", "hosts", "--format", "mimr")).stderr, /did you mean "mimir"/);
    assert.match((await call("rendr")).stderr, /did you mean "render"/);
    writeFileSync(join(directory, "file"), "");
    const nowhere = await call("render", "--stack", "hosts", "--output", "file");
    assert.match(nowhere.stderr, /cannot be used: .*\n {2}→ choose a folder/);
    assert.equal(existsSync(join(directory, "pantheros-hosts.yaml")), false);
  });

  it("says so where nobody would be told", async (t) => {
    const { call } = folder(t);
    const { code, stderr } = await call("render", "--stack", shipped.name, "--format", "alertmanager");
    assert.equal(code, 0);
    assert.match(stderr, /nobody is told\n {2}→ provisioning\.stacks\.hosts\.routes/);
  });

  it("--json prints one document", async (t) => {
    const { call } = folder(t);
    const { stdout } = await call("render", "--stack", shipped.name, "--json");
    const document = JSON.parse(stdout);
    assert.deepEqual([document.stack, document.format, document.file], [shipped.name, "prometheus", null]);
    assert.ok(parse(document.text).groups.length > 0);
  });
});
