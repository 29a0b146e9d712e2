import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type * as z from "zod";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { hookHttp } from "../../src/runners/hook-http.ts";
import { openRequest } from "../../src/runners/http-call.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { configOf, runnerOf, runTestJob } from "../engine/job.ts";
import { refusingEndpoint, startBlackHole } from "../support/hostile-server.ts";
import { startReceiver } from "../support/http-receiver.ts";
import { contextOf } from "../support/runner-context.ts";

function call(options: z.input<typeof hookHttp.options>, context: Partial<RunnerContext> = {}) {
  return hookHttp.run(hookHttp.options.parse({ attempts: 1, ...options }), contextOf({}, context));
}

const secrets: Readonly<Record<string, string>> = { "/ping": "URL", "/bearer": "Bearer hunter2", "/none": "" };
const readSecret =
  (url: string): RunnerContext["readSecret"] =>
  (reference) => {
    const name = "file" in reference ? reference.file : "";
    if (secrets[name] === "" || secrets[name] === undefined)
      throw new StepError("auth", `there is no file ${name}`, { advice: "make it" });
    return new Secret(secrets[name].replace("URL", url), `file ${name}`);
  };

describe("hook.http", { timeout: 60_000 }, () => {
  it("sends what is written, with secrets from their files", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const result = await call(
      { url: { file: "/ping" }, headers: { Authorization: { file: "/bearer" }, "X-Job": "home" }, body: "done" },
      { readSecret: readSecret(`${endpoint}/5bf66975\n`) },
    );
    const [got] = requests();
    assert.deepEqual([got?.method, got?.url, got?.body], ["POST", "/5bf66975", "done"]);
    assert.deepEqual([got?.headers["authorization"], got?.headers["x-job"]], ["Bearer hunter2", "home"]);
    assert.deepEqual(result, { evidence: { status: 200 }, message: `POST ${endpoint}: answered 200` });
  });

  it("is a GET without a body, and what is said otherwise", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    await call({ url: endpoint });
    await call({ url: endpoint, method: "HEAD" });
    await call({ url: endpoint, method: "POST" });
    assert.deepEqual(
      requests().map(({ method }) => method),
      ["GET", "HEAD", "POST"],
    );
  });

  it("sends nothing in a dry run", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const { message } = await call({ url: `${endpoint}/5bf66975` }, { dryRun: true });
    assert.equal(message, `would send GET ${endpoint}`);
    assert.equal(requests().length, 0);
  });

  for (const [what, options, reason] of [
    ["nobody listens", async (t: TestContext) => ({ url: await refusingEndpoint(t) }), "network"],
    [
      "there is no answer",
      async (t: TestContext) => ({ url: (await startBlackHole(t)).endpoint, answer_within: "200ms" }),
      "network",
    ],
    [
      "it is refused",
      async (t: TestContext) => ({ url: (await startReceiver(t, (_, r) => r.writeHead(403).end())).endpoint }),
      "auth",
    ],
    ["its secret is missing", async () => ({ url: { file: "/none" } }), "auth"],
    ["its secret is no URL", async () => ({ url: { file: "/bearer" } }), "config"],
  ] as const) {
    it(`is skipped, with the reason, when ${what}`, async (t) => {
      const result = await call(await options(t), { readSecret: readSecret("") });
      assert.deepEqual([result.outcome, result.reason, result.evidence], ["skipped", reason, { status: null }]);
      assert.match(result.message ?? "", /^not delivered: .+ – /s);
      assert.doesNotMatch(result.message ?? "", /hunter2/);
    });
  }

  it("says which setting is no URL, and not what it holds", async () => {
    const { message } = await call({ url: { file: "/bearer" } }, { readSecret: readSecret("") });
    assert.match(message ?? "", /what file \/bearer holds is no URL that begins with/);
    const read = readSecret("");
    assert.throws(() => openRequest({ url: "ftp://hunter2", headers: {} }, read), {
      reason: "config",
      message: "what is written as url is no URL that begins with http:// or https://",
    });
  });

  it("is ended by who cancels the run, not by a time limit", async (t) => {
    const { endpoint } = await startBlackHole(t);
    for (const [reason, outcome] of [
      ["cancelled", "failed"],
      ["timeout", "skipped"],
    ] as const) {
      const signal = AbortSignal.abort(new StepError(reason, "it is over"));
      const ended = await call({ url: endpoint }, { signal }).then(
        (result) => result.outcome,
        () => "failed",
      );
      assert.equal(ended, outcome);
    }
  });

  it("never changes how its run ends, before or after the other steps", async (t) => {
    const url = await refusingEndpoint(t);
    const works = runnerOf("works", async () => ({}));
    const steps = [
      { uses: "hook.http", url, attempts: 1 },
      { uses: "test.works" },
      { uses: "hook.http", url, attempts: 1 },
    ];
    const { run, steps: ended } = await runTestJob(configOf(steps), [works, hookHttp]);
    assert.deepEqual([run.outcome, run.reason], ["success", null]);
    assert.deepEqual(
      ended.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["skipped", "network"],
        ["success", null],
        ["skipped", "network"],
      ],
    );
  });
});
