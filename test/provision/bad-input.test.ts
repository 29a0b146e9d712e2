import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { applyPlan } from "../../src/provision/apply.ts";
import { byTags } from "../../src/provision/identity.ts";
import type { Resource } from "../../src/provision/resource.ts";
import { invoke } from "../commands/invoke.ts";
import { temporaryDirectory } from "../support/directory.ts";
import type { FakeDatadog, FakeOptions, SeenRequest } from "./fake-datadog/server.ts";
import { startFakeDatadog } from "./fake-datadog/server.ts";
import { composite, monitor, provisionStage, stackName, targetOf } from "./stage.ts";

const isWrite = ({ method, path }: SeenRequest) => method !== "GET" && !path.endsWith("/validate");
const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
const only = "--only disk-usage,run-lost,backup-success";

async function desk(t: TestContext, options: FakeOptions = {}) {
  const fake = await startFakeDatadog(t, options);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  writeFileSync(config, `host: h1\nprovisioning: { stacks: { hosts: {} }, datadog: { url: "${fake.url}" } }\n`);
  const monitors = (words: string) =>
    invoke(["monitors", ...words.split(" "), "--config", config], { environment, directory });
  return { fake, monitors };
}

const writesOf = ({ seen }: FakeDatadog) => seen.filter(isWrite).length;
const bodiesOf = ({ monitors, slos }: FakeDatadog) => JSON.stringify([monitors.all(), slos.all()]);

describe("keys", () => {
  it("that may write monitors, but no SLOs: the monitors are written, the SLO is told with the right that is missing", async (t) => {
    const { fake, monitors } = await desk(t, { readOnly: /^\/api\/v1\/slo/ });
    const { code, stdout } = await monitors(`sync ${only}`);
    assert.equal(code, 1);
    assert.match(stdout, /✗ slo backup-success {2}failed\n.*the keys were refused.*\n? *.*slos_write/);
    assert.match(stdout, /Partly synced: 2 written, 1 failed, 0 blocked/);
    assert.deepEqual([fake.monitors.all().length, fake.slos.all().length], [2, 0]);
  });

  it("that may not write one kind keep no other from being written, whichever comes first", async (t) => {
    const { plan, target } = await provisionStage(t, { readOnly: /^\/api\/v1\/slo/ }, ["monitor", "slo"]);
    const body = { name: "x", type: "monitor", monitor_ids: [], thresholds: [{ timeframe: "7d", target: 99 }] };
    const slos = ["x", "y"].map((id): Resource => ({ kind: "slo", id, needs: [], body: { ...body, name: id } }));
    const planned = await plan([...slos, monitor("a"), monitor("b")]);
    const applied = await applyPlan(planned, { target, inFlight: 1, signal: new AbortController().signal });
    assert.deepEqual(
      applied.map(({ outcome }) => outcome),
      ["failed", "blocked", "done", "done"],
    );
  });

  it("that may not write at all are known by the first refusal, and nothing more is tried than was on its way", async (t) => {
    const { fake, plan, target } = await provisionStage(t, { readOnly: true });
    const planned = await plan(Array.from({ length: 9 }, (_, n) => monitor(`m${n}`)));
    const applied = await applyPlan(planned, { target, inFlight: 1, signal: new AbortController().signal });
    assert.equal(writesOf(fake), 1);
    assert.deepEqual(
      [applied[0]?.outcome, new Set(applied.slice(1).map(({ outcome }) => outcome))],
      ["failed", new Set(["blocked"])],
    );
    for (const { failure } of applied) {
      assert.match(failure?.message ?? "", /the keys were refused: Failed permission/);
      assert.match(failure?.details.advice ?? "", /right to write \(monitors_write/);
    }
  });

  it("that may not write one monitor, which somebody has restricted to a role, write all the others", async (t) => {
    const { fake, sync, plan } = await provisionStage(t);
    const ids = ["a", "b", "c", "d", "e", "f"];
    await sync(ids.map((id) => monitor(id)));
    fake.monitors.edit(1000, (it) => Object.assign(it, { restricted_roles: ["r"] }));
    fake.fault = ({ method, path }) =>
      method === "PUT" && path.endsWith("/1000")
        ? { kind: "answer", status: 403, text: '{"errors":["Forbidden"]}' }
        : null;
    const changed = ids.map((id) => monitor(id, { message: "new" }));
    const applied = await applyPlan(await plan(changed), {
      target: targetOf(fake),
      inFlight: 1,
      signal: new AbortController().signal,
    });
    assert.deepEqual(
      applied.map(({ outcome }) => outcome),
      ["failed", ...Array(5).fill("done")],
    );
  });
});

describe("what is ours by its tags, and cannot be", () => {
  it("because it is another organisation's, stops plan, sync and prune with what to do", async (t) => {
    const { fake, monitors } = await desk(t);
    await monitors(`sync ${only}`);
    fake.monitors.edit(1001, (it) => Object.assign(it, { org_id: 8 }));
    const [writes, before] = [writesOf(fake), bodiesOf(fake)];
    for (const words of [`plan ${only}`, `sync ${only}`, "prune --yes"]) {
      const { code, stderr } = await monitors(words);
      assert.ok(code > 0 && code !== 5, words);
      assert.match(
        stderr,
        /resources with our tags belong to several organisations: 7, 8\n {2}→ use keys of the organ/,
      );
    }
    assert.deepEqual([writesOf(fake), bodiesOf(fake)], [writes, before]);
  });

  it("because two have one id, stops plan, sync and prune with what to do", async (t) => {
    const { fake, monitors } = await desk(t);
    await monitors(`sync ${only}`);
    fake.monitors.create({ ...fake.monitors.all()[0], name: "a copy" });
    const [writes, before] = [writesOf(fake), bodiesOf(fake)];
    for (const words of [`plan ${only}`, `sync ${only}`, "prune --yes"]) {
      const { code, stderr } = await monitors(words);
      assert.ok(code > 0 && code !== 5, words);
      assert.match(
        stderr,
        /two resources say that they are monitor disk-usage: 1000 and 1002\n {2}→ one is a copy: remove/,
      );
    }
    assert.deepEqual([writesOf(fake), bodiesOf(fake)], [writes, before]);
  });
});

describe("a rate limit that lasts for ten minutes", () => {
  for (const [what, reset] of [
    ["told at once", 600],
    ["told minute by minute", 60],
    ["told second by second", 1],
  ] as const) {
    it(`is waited for as long as a sync waits, and then everything that was not written is told: ${what}`, async (t) => {
      const { fake, plan } = await provisionStage(t);
      const planned = await plan(["a", "b", "c", "d", "e", "f"].map((id) => monitor(id)));
      let clock = 0;
      let waited = 0;
      const begin = fake.seen.length;
      fake.fault = () =>
        clock < 600_000 ? { kind: "answer", status: 429, headers: { "x-ratelimit-reset": String(reset) } } : null;
      const target = targetOf(fake, {
        now: () => clock,
        wait: async (milliseconds) => {
          waited += milliseconds;
          clock += milliseconds;
        },
      });
      const applied = await applyPlan(planned, { target, signal: new AbortController().signal });
      assert.equal(fake.monitors.all().length, 0);
      assert.ok(waited <= 300_000, `${waited} ms`);
      assert.ok(fake.seen.length - begin <= 300 / reset + 6, `${fake.seen.length - begin} calls`);
      for (const { outcome, failure } of applied) {
        assert.deepEqual([outcome, failure?.reason], ["failed", "throttled"]);
        assert.match(failure?.message ?? "", /asks to wait .*longer than a sync waits/);
        assert.match(failure?.details.advice ?? "", /sync again in \d+ min: what was written stays/);
      }
    });
  }
});

describe("no write goes unreported", () => {
  const defined = [composite("both", ["a", "b"]), ...["a", "b", "c", "d", "e", "f"].map((id) => monitor(id))];

  it("when the network goes away in the middle: what is there, what is not, and what nobody knows", async (t) => {
    const { fake, sync } = await provisionStage(t);
    let writes = 0;
    fake.fault = (request) => {
      if (isWrite(request)) writes += 1;
      return writes > 3 ? { kind: "hangUpAfter" } : null;
    };
    const applied = await sync(defined);
    assert.equal(applied.length, defined.length);
    const there = new Set(fake.monitors.all().map(({ tags }) => byTags.read({ tags: tags as string[] })?.id));
    for (const { step, outcome, failure } of applied) {
      if (outcome === "done") assert.ok(there.has(step.id));
      if (outcome === "blocked") assert.ok(!there.has(step.id));
      if (outcome === "failed" && there.has(step.id))
        assert.match(
          failure?.message ?? "",
          /creating monitor \w+: it may have been made or not: listing the monitors/,
        );
    }
    assert.ok(applied.some(({ outcome }) => outcome === "done") && applied.some(({ outcome }) => outcome === "failed"));
  });

  it("when it is asked to stop in the middle: what was on its way is said to be in doubt, the rest is not begun", async (t) => {
    const { fake, plan } = await provisionStage(t);
    const planned = await plan(defined);
    const stop = new AbortController();
    let writes = 0;
    fake.fault = (request) => {
      if (!isWrite(request)) return null;
      writes += 1;
      if (writes < 3) return null;
      setImmediate(() => stop.abort(new Error("stopped")));
      return { kind: "silenceAfter" };
    };
    const target = targetOf(fake, { signal: stop.signal });
    const applied = await applyPlan(planned, { target, inFlight: 2, signal: stop.signal });
    const told = applied.map(({ step, outcome, failure }) => [
      step.id,
      outcome,
      /it may be there or not/.test(failure?.message ?? ""),
    ]);
    const inDoubt = told.filter(([, , isInDoubt]) => isInDoubt);
    assert.deepEqual(told.filter(([, outcome]) => outcome === "done").length, 2);
    assert.ok(inDoubt.length >= 1 && inDoubt.length <= 2, JSON.stringify(told));
    assert.ok(told.every(([, outcome]) => outcome === "done" || outcome === "cancelled" || outcome === "blocked"));
    assert.ok(fake.monitors.all().length <= 2 + inDoubt.length, "everything else is not there");
  });
});

it("nothing is pruned when the listing is not complete", async (t) => {
  const { fake, monitors } = await desk(t);
  for (let n = 0; n < 1001; n += 1) {
    const id = `old-${n}`;
    fake.monitors.create(byTags.write(monitor(id).body, { stack: stackName, id, applied: null }));
  }
  const answers = [
    { status: 403, text: '{"errors":["Forbidden"]}' },
    { status: 400, text: '{"errors":["no"]}' },
    { status: 200, text: "<html>Sign in</html>" },
    { status: 200, text: '{"monitors":[]}' },
    { status: 200, text: JSON.stringify(fake.monitors.all().slice(0, 1)) },
  ];
  for (const { status, text } of answers) {
    fake.fault = ({ path, query }) =>
      path === "/api/v1/monitor" && query.includes("page=1&") ? { kind: "answer", status, text } : null;
    const { code, stderr } = await monitors("prune --yes --most 2000");
    assert.ok(code === 1 || code === 2, `${status} ${text}: ${stderr}`);
    assert.match(stderr, /listing the monitors|cannot be listed completely/, text);
  }
  assert.deepEqual([fake.monitors.all().length, writesOf(fake)], [1001, 0]);
});
