import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import { applyPlan } from "../../../src/provision/apply.ts";
import { byTags } from "../../../src/provision/identity.ts";
import { makePlan } from "../../../src/provision/plan.ts";
import { type Fault, type SeenRequest, startFakeDatadog } from "../fake-datadog/server.ts";
import { composite, monitor, provisionStage, stackName, targetOf } from "../stage.ts";

const isPost = ({ method, path }: SeenRequest) => method === "POST" && path === "/api/v1/monitor";
/** The fault happens to the first such request only. */
const once = (fault: Fault, is: (request: SeenRequest) => boolean) => {
  let isOver = false;
  return (request: SeenRequest) => {
    if (isOver || !is(request)) return null;
    isOver = true;
    return fault;
  };
};

describe("a monitor whose creation has no usable answer", () => {
  const answers: Readonly<Record<string, Fault>> = {
    "a 500 after the work": { kind: "answerAfter", status: 500 },
    "a 502 with a page after the work": { kind: "answerAfter", status: 502, text: "<html>Bad gateway</html>" },
    "a page with 200 after the work": { kind: "answerAfter", status: 200, text: "<html>Sign in</html>" },
    "half an answer": { kind: "halfAfter" },
    "a connection that closes after the work": { kind: "hangUpAfter" },
    "a connection that closes before the work": { kind: "hangUp" },
    "a 503 without the work": { kind: "answer", status: 503 },
    "no answer at all": { kind: "silence" },
  };
  for (const [what, fault] of Object.entries(answers)) {
    it(`is there once: ${what}`, async (t) => {
      const { fake, plan } = await provisionStage(t);
      fake.fault = once(fault, isPost);
      const planned = await plan([monitor("a")]);
      const applied = await applyPlan(planned, {
        target: targetOf(fake, { timeout: 300 }),
        signal: new AbortController().signal,
      });
      assert.deepEqual(
        applied.map(({ outcome }) => outcome),
        ["done"],
      );
      assert.equal(fake.monitors.all().length, 1);
    });
  }

  it("is looked for before it is sent again", async (t) => {
    const { fake, sync } = await provisionStage(t);
    fake.fault = once({ kind: "hangUp" }, isPost);
    await sync([monitor("a")]);
    const after = fake.seen.slice(fake.seen.findIndex(isPost)).map(({ method }) => method);
    assert.deepEqual(after, ["POST", "GET", "POST"]);
  });

  it("is taken for ours when Datadog calls it a duplicate and it carries our marks", async (t) => {
    const { fake, sync, plan } = await provisionStage(t);
    await sync([monitor("a")]);
    const missed = makePlan({ stack: stackName, place: "fake", desired: [monitor("a")], remote: [] });
    const applied = await applyPlan(missed, { target: targetOf(fake), signal: new AbortController().signal });
    assert.equal(applied[0]?.outcome, "done");
    assert.equal((await plan([monitor("a")])).plan.steps[0]?.action, "unchanged");
  });

  it("is not taken for ours when it is somebody else's", async (t) => {
    const { fake, sync } = await provisionStage(t);
    fake.monitors.create({ ...monitor("a").body, tags: ["team:a"] });
    const [applied] = await sync([monitor("a")]);
    assert.match(String(applied?.failure?.message), /creating monitor a: 1000 does the same already and is not ours/);
    assert.match(
      String(applied?.failure?.details.advice),
      /give it back its tags managed_by:pantheros, pantheros_stack:hosts, pantheros_id:a; else rename or delete it/,
    );
    assert.deepEqual(fake.monitors.all()[0]?.["tags"], ["team:a"]);
  });
});

describe("a change whose answer is missing to the end", () => {
  it("is told as one that may have been made, and another sync finds out", async (t) => {
    const { fake, sync, plan } = await provisionStage(t);
    await sync([monitor("a")]);
    const changed = [monitor("a", { message: "new" })];
    fake.fault = ({ method }) => (method === "PUT" ? { kind: "answerAfter", status: 500 } : null);
    const [applied] = await sync(changed);
    assert.equal(applied?.outcome, "failed");
    assert.match(String(applied?.failure?.message), /Datadog answered 500; it may have been written all the same/);
    assert.match(String(applied?.failure?.details.advice), /run it again: it looks first/);
    fake.fault = ({ method }) => (method === "DELETE" ? { kind: "answerAfter", status: 500 } : null);
    assert.equal((await plan(changed)).plan.steps[0]?.action, "unchanged");
    await assert.rejects(targetOf(fake).remove("monitor", "1000"), /it may have been deleted all the same/);
  });
});

describe("limits", () => {
  it("keep four writes in flight and never more, within the announced calls", async (t) => {
    const { fake, sync } = await provisionStage(t);
    fake.limit = { calls: 8, seconds: 1 };
    fake.delay = 5;
    const target = targetOf(fake, {
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    });
    const planned = makePlan({
      stack: stackName,
      place: "fake",
      desired: Array.from({ length: 20 }, (_, n) => monitor(`m${n}`)),
      remote: [],
    });
    const applied = await applyPlan(planned, { target, signal: new AbortController().signal });
    assert.equal(applied.filter(({ outcome }) => outcome === "done").length, 20);
    assert.equal(fake.refused(), 0);
    assert.equal(fake.mostWrites(), 4);
    assert.ok(sync);
  });

  it("wait as long as a 429 says", async (t) => {
    const { fake } = await provisionStage(t);
    const pauses: number[] = [];
    fake.fault = once(
      {
        kind: "answer",
        status: 429,
        headers: { "x-ratelimit-reset": "7", "x-ratelimit-limit": "9", "x-ratelimit-remaining": "0" },
      },
      () => true,
    );
    let clock = 0;
    const target = targetOf(fake, {
      now: () => clock,
      wait: async (milliseconds) => {
        pauses.push(milliseconds);
        clock += milliseconds;
      },
    });
    await target.list("monitor", stackName);
    assert.ok(pauses.reduce((sum, pause) => sum + pause, 0) >= 7000, String(pauses));
  });

  it("of ten minutes end the sync with what to do, and without a further call", async (t) => {
    const { fake, sync } = await provisionStage(t);
    await sync([monitor("a")]);
    const count = fake.seen.length;
    fake.fault = () => ({ kind: "answer", status: 429, headers: { "x-ratelimit-reset": "600" } });
    const applied = await applyPlan(
      makePlan({ stack: stackName, place: "fake", desired: [monitor("b")], remote: [] }),
      { target: targetOf(fake), signal: new AbortController().signal },
    );
    assert.equal(applied[0]?.failure?.reason, "throttled");
    assert.match(String(applied[0]?.failure?.message), /asks to wait 601 s, longer than a sync waits/);
    assert.match(String(applied[0]?.failure?.details.advice), /sync again in 11 min/);
    assert.equal(fake.seen.length, count + 1);
  });
});

describe("a listing", () => {
  it("of 2 500 monitors takes three calls", async (t) => {
    const { fake, target } = await provisionStage(t);
    for (let n = 0; n < 2500; n += 1) {
      fake.monitors.create(
        byTags.write({ ...monitor(`m${n}`).body }, { stack: stackName, id: `m${n}`, applied: null }),
      );
    }
    assert.equal((await target.list("monitor", stackName)).length, 2500);
    assert.equal(fake.seen.length, 3);
  });

  const broken: readonly (readonly [what: string, fault: Fault, said: RegExp])[] = [
    [
      "a page with 200",
      { kind: "answer", status: 200, text: "<!doctype html><title>Sign in</title>" },
      /answered 200 with a web page/,
    ],
    [
      "where else to ask",
      { kind: "answer", status: 302, text: "", headers: { location: "https://example.org/" } },
      /answered 302 with another address/,
    ],
    ["a map", { kind: "answer", status: 200, text: "{}" }, /listing the monitors: what was answered is not understood/],
    ["a monitor without an id", { kind: "answer", status: 200, text: '[{"name":"x"}]' }, /is no monitor/],
    ["refused keys", { kind: "answer", status: 403, text: '{"errors":["Forbidden"]}' }, /does not accept the API key/],
    [
      "one monitor twice",
      {
        kind: "answer",
        status: 200,
        text: JSON.stringify(Array(2).fill({ id: 1, query: "a > 1", type: "query alert" })),
      },
      /they change while they are listed/,
    ],
  ];
  for (const [what, fault, said] of broken) {
    it(`that answers with ${what} is no listing`, async (t) => {
      const { fake, target } = await provisionStage(t);
      fake.fault = () => fault;
      await assert.rejects(target.list("monitor", stackName), (error) => {
        assert.ok(error instanceof StepError);
        assert.match(error.message, said);
        assert.ok(error.details.advice, "says what to do");
        return true;
      });
    });
  }

  it("is not asked for again, and no key is sent on, where something else answers in its place", async (t) => {
    const { fake, target } = await provisionStage(t);
    const elsewhere = await startFakeDatadog(t);
    for (const [status, text] of [
      [307, ""],
      [200, "<html>Sign in</html>"],
    ] as const) {
      fake.fault = () => ({ kind: "answer", status, text, headers: { location: elsewhere.url } });
      await assert.rejects(target.list("monitor", stackName), { reason: "network" });
    }
    assert.deepEqual([fake.seen.length, elsewhere.seen.length], [2, 0]);
  });

  for (const kind of ["monitor", "slo", "dashboard", "downtime"] as const) {
    for (const [status, text, said] of [
      [404, '{"errors":["Not found"]}', /listing the .*s: it answered 404: Not found$/],
      [400, "{}", /listing the .*s: it answered 400$/],
      [200, "{}", /listing the .*s: what was answered is not understood$/],
    ] as const) {
      it(`of each ${kind} that is answered by ${status} ${text} is a question of where was asked, not of the definitions`, async (t) => {
        const { fake, target } = await provisionStage(t);
        fake.fault = () => ({ kind: "answer", status, text });
        await assert.rejects(target.list(kind, stackName), (error) => {
          assert.ok(error instanceof StepError);
          assert.match(error.message, said);
          assert.match(error.details.advice ?? "", /is the site right/);
          return true;
        });
      });
    }
  }

  it("is asked for again when the connection fails, and given up in the end", async (t) => {
    const { fake, target } = await provisionStage(t);
    fake.fault = once({ kind: "halfAfter" }, () => true);
    assert.deepEqual(await target.list("monitor", stackName), []);
    fake.fault = () => ({ kind: "hangUp" });
    const before = fake.seen.length;
    await assert.rejects(target.list("monitor", stackName), /listing the monitors: http:\/\/127/);
    assert.equal(fake.seen.length - before, 5);
  });
});

describe("keys", () => {
  it("that are wrong are told before anything is written, and never shown", async (t) => {
    const { fake } = await provisionStage(t);
    const target = targetOf(fake, { apiKey: new Secret("sesame-key", "environment variable DD_API_KEY") });
    await assert.rejects(target.check(), (error) => {
      assert.ok(error instanceof StepError);
      assert.match(error.message, /does not accept the API key from environment variable DD_API_KEY/);
      assert.doesNotMatch(JSON.stringify([error.message, error.details]), /sesame/);
      return true;
    });
  });

  it("that may only read stop at the first write: nothing is written, and everything is reported", async (t) => {
    const { fake, sync } = await provisionStage(t, { readOnly: true });
    const applied = await sync(Array.from({ length: 12 }, (_, n) => monitor(`m${n}`)));
    assert.equal(fake.monitors.all().length, 0);
    assert.equal(applied.length, 12);
    assert.ok(
      applied.every(
        ({ outcome, failure }) => outcome !== "done" && failure?.details.advice?.includes("monitors_write"),
      ),
    );
    assert.ok(fake.seen.filter(isPost).length <= 4);
  });
});

describe("one failure", () => {
  it("blocks only what needs it", async (t) => {
    const { fake, sync } = await provisionStage(t);
    fake.fault = ({ method }, index) =>
      method === "POST" && index === 1 ? { kind: "answer", status: 400, text: '{"errors":["no such metric"]}' } : null;
    const applied = await sync([monitor("a"), monitor("b"), composite("both", ["a", "b"]), monitor("c")]);
    assert.deepEqual(
      applied.map(({ step, outcome }) => [step.id, outcome]),
      [
        ["a", "failed"],
        ["b", "done"],
        ["both", "blocked"],
        ["c", "done"],
      ],
    );
    assert.match(String(applied[0]?.failure?.message), /creating monitor a: no such metric/);
    assert.match(String(applied[2]?.failure?.message), /monitor a, which it needs, was not written/);
  });

  it("is a monitor that somebody has deleted since the plan: the next sync makes it anew", async (t) => {
    const { fake, sync, plan, target } = await provisionStage(t);
    await sync([monitor("a")]);
    const planned = await plan([monitor("a", { message: "new" })]);
    fake.monitors.remove(fake.monitors.all()[0]?.["id"] as number, true);
    const [applied] = await applyPlan(planned, { target, signal: new AbortController().signal });
    assert.match(String(applied?.failure?.message), /it is not there any more/);
    assert.match(String(applied?.failure?.details.advice), /sync again, which makes it anew/);
    assert.deepEqual(
      (await sync([monitor("a")])).map(({ outcome }) => outcome),
      ["done"],
    );
  });
});
