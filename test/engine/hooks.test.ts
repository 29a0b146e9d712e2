import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { HookEvent } from "../../src/config/requests.ts";
import { type Config, configuration } from "../../src/config/schema.ts";
import { emitRuns } from "../../src/engine/emit.ts";
import type { ToldRun } from "../../src/engine/hook-summary.ts";
import { sendHooks, uuidOf } from "../../src/engine/hooks.ts";
import { reconcile } from "../../src/engine/reconcile.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Step } from "../../src/model/run/run.ts";
import { Secret } from "../../src/model/secret.ts";
import { refusingEndpoint, startBlackHole } from "../support/hostile-server.ts";
import { startReceiver } from "../support/http-receiver.ts";

const noon = Date.UTC(2026, 10, 21, 12);
const check = "/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

function withHooks(...hooks: readonly object[]): Config {
  return configuration.parse({ host: "zephyrus", jobs: { home: { hooks, steps: [{ uses: "command" }] } } });
}

const step: Step = {
  runId: "r",
  position: 0,
  id: "copy",
  uses: "backup.restic",
  kind: "backup",
  target: "main",
  optional: false,
  startedAt: noon,
  finishedAt: noon + 90_000,
  outcome: "failed",
  reason: "network",
  message: "restic could not reach it",
  attempts: 1,
  exitCode: 1,
  signal: null,
  bytes: null,
  files: null,
  inputs: [],
  evidence: {},
  tail: "dial tcp: connection refused",
};
const started: ToldRun = {
  id: "20261121T120000Z-k3f9",
  job: "home",
  startedAt: noon,
  finishedAt: null,
  outcome: null,
  reason: null,
  message: null,
  journaled: true,
  steps: [],
};
const ended = (outcome: NonNullable<ToldRun["outcome"]>, more: Partial<ToldRun> = {}): ToldRun => ({
  ...started,
  finishedAt: noon + 90_000,
  outcome,
  ...more,
});
const failed = ended("failed", { reason: "network", message: "restic could not reach it", steps: [step] });

/** Calls the hooks; @returns what could not be delivered */
async function tell(config: Config, event: HookEvent, run: ToldRun, url = ""): Promise<readonly string[]> {
  const problems: string[] = [];
  await sendHooks(config, event, run, {
    readSecret: (reference) => {
      if (!("file" in reference) || reference.file !== "/ping") throw new StepError("auth", "there is no such file");
      return new Secret(url, "file /ping");
    },
    onProblem: (message) => problems.push(message),
    signal: new AbortController().signal,
  });
  return problems;
}

describe("hooks in the style of healthchecks", { timeout: 60_000 }, () => {
  for (const [event, run, path] of [
    ["start", started, `${check}/start`],
    ["success", ended("success"), check],
    ["failed", failed, `${check}/1`],
    ["failed", ended("failed", { reason: "timeout" }), `${check}/124`],
    ["partial", ended("partial", { reason: "source" }), `${check}/3`],
    ["skipped", ended("skipped", { reason: "locked" }), `${check}/log`],
  ] as const) {
    it(`tell ${event} by ${path.slice(check.length) || "the URL itself"}`, async (t) => {
      const { endpoint, requests } = await startReceiver(t);
      const url = `${endpoint}${check}?create=1`;
      assert.deepEqual(
        await tell(withHooks({ url: { file: "/ping" }, style: "healthchecks", on: [event] }), event, run, url),
        [],
      );
      assert.equal(requests().length, 1);
      const [got] = requests();
      assert.equal(got?.method, "POST");
      assert.equal(got?.url, `${path}?create=1&rid=${uuidOf(run.id)}`);
    });
  }

  it("bring how the run and its steps ended, and the last lines of what failed", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    await tell(withHooks({ url: endpoint + check, style: "healthchecks" }), "failed", failed);
    assert.equal(
      requests()[0]?.body,
      [
        "home on zephyrus: failed (network) in 1m 30s",
        "run 20261121T120000Z-k3f9, started 20261121T120000Z, ended 20261121T120130Z",
        "restic could not reach it",
        "  copy  backup.restic  failed (network)  restic could not reach it",
        "last lines of copy:",
        "dial tcp: connection refused",
        "",
      ].join("\n"),
    );
  });

  it("bring no more than servers keep, beginning and end", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const tail = `${"ä".repeat(40_000)}the cause`;
    await tell(withHooks({ url: endpoint, style: "healthchecks" }), "failed", {
      ...failed,
      steps: [{ ...step, tail }],
    });
    const body = requests()[0]?.body ?? "";
    assert.ok(Buffer.byteLength(body) <= 10_000);
    assert.match(body, /^home on zephyrus: failed[\s\S]*the cause\n$/);
  });

  it("are not taken for delivered when the server says in words that it knows no such check", async (t) => {
    const { endpoint } = await startReceiver(t, (_, response) => response.end("OK (not found)"));
    const problems = await tell(
      withHooks({ url: endpoint + check, style: "healthchecks" }),
      "success",
      ended("success"),
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^home: a hook for success was not delivered: \S+ answered "OK \(not found\)" – /);
  });

  it("show one run by one UUID, another run by another", () => {
    assert.match(uuidOf("a"), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // What servers know of the runs so far must stay true.
    assert.equal(uuidOf("20261121T120000Z-k3f9"), "58074949-0095-5054-9ad6-8547d8ea64ff");
    assert.notEqual(uuidOf("a"), uuidOf("b"));
  });
});

describe("plain hooks", { timeout: 60_000 }, () => {
  it("are sent as they are written, each value in the notation of its place", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const message = 'it said "no"\n& went ä';
    const config = withHooks(
      {
        url: `${endpoint}/push?status=\${run.outcome}&msg=\${run.message}`,
        headers: { Title: "${run.job}: ${run.message}" },
      },
      {
        url: endpoint,
        headers: { "Content-Type": "application/json" },
        body: '{"text":"${run.message}","code":${run.exit_code}}',
      },
      { url: endpoint, body: "${run.message} on ${host}" },
    );
    assert.deepEqual(await tell(config, "failed", { ...failed, message }), []);
    const [push, json, text] = ["GET", "application/json", "text/plain; charset=utf-8"].map((sign) =>
      requests().find(
        ({ method, headers }) => method === sign || (method === "POST" && headers["content-type"] === sign),
      ),
    );
    assert.equal(push?.url, `/push?status=failed&msg=${encodeURIComponent(message)}`);
    assert.equal(push?.headers["title"], 'home: it said "no" & went');
    assert.deepEqual(JSON.parse(json?.body ?? ""), { text: message, code: 1 });
    assert.equal(text?.body, `${message} on zephyrus`);
  });

  it("tell the code and the length of what has ended, and neither at the start", async (t) => {
    const { endpoint, requests } = await startReceiver(t, (_, response) => response.end("OK (whatever that means)"));
    const config = withHooks({
      url: `${endpoint}/\${run.event}?code=\${run.exit_code}&seconds=\${run.duration_seconds}`,
      on: ["start", "success"],
    });
    const runs = [started, ended("success"), ended("success", { journaled: false })];
    for (const run of runs) assert.deepEqual(await tell(config, run.outcome === null ? "start" : "success", run), []);
    assert.deepEqual(
      requests().map(({ url }) => url),
      ["/start?code=&seconds=", "/success?code=0&seconds=90", "/success?code=3&seconds=90"],
    );
  });

  it("are called for the events that they name, and for no others", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const config = withHooks({ url: `${endpoint}/bad`, on: ["failed"] }, { url: `${endpoint}/all` });
    await tell(config, "success", ended("success"));
    await tell(config, "skipped", ended("skipped"));
    assert.deepEqual(
      requests().map(({ url }) => url),
      ["/all"],
    );
  });

  it("do not keep each other from being called, and never throw; secrets stay secret", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const nobody = await refusingEndpoint(t);
    const config = withHooks(
      { url: { file: "/ping" }, attempts: 1 },
      { url: { file: "/none" } },
      { url: (await startBlackHole(t)).endpoint, attempts: 1, answer_within: "200ms" },
      { url: endpoint },
    );
    const problems = await tell(config, "failed", failed, nobody + check);
    assert.equal(problems.length, 3);
    for (const problem of problems) {
      assert.match(problem, /^home: a hook for failed was not delivered: /);
      assert.doesNotMatch(problem, /5bf66975/);
    }
    assert.equal(requests().length, 1);
  });
});

describe("the end of a run", { timeout: 60_000 }, () => {
  /** A ledger with a run whose process is gone. */
  function ledgerWithLostRun(t: TestContext, ids: readonly string[] = ["20261121T120000Z-dead"]) {
    const ledger = openLedger(":memory:", { mode: "write" });
    t.after(() => ledger.close());
    for (const id of ids) {
      const holder = { bootId: "an earlier boot", pid: 1, startTicks: 1 };
      const start = {
        id,
        job: "home",
        trigger: "command",
        startedAt: noon,
        deadlineAt: null,
        holder,
        steps: [],
      } as const;
      ledger.startRun(start);
    }
    return ledger;
  }
  const services = (problems: string[], now = noon + 1000) => ({
    now: () => now,
    readSecret: () => {
      throw new StepError("auth", "there are no secrets here");
    },
    onProblem: (message: string) => void problems.push(message),
  });

  it("is told also of a run that was lost, once, by whoever finds it", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const config = withHooks({ url: endpoint + check, style: "healthchecks" });
    const ledger = ledgerWithLostRun(t);
    assert.equal((await reconcile(ledger, { now: () => noon + 500 })).length, 1);
    const problems: string[] = [];
    assert.equal(await emitRuns(ledger, config, services(problems)), 1);
    assert.equal(await emitRuns(ledger, config, services(problems)), 0);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      requests().map(({ url }) => url),
      [`${check}/1?rid=${uuidOf("20261121T120000Z-dead")}`],
    );
    assert.match(requests()[0]?.body ?? "", /home on zephyrus: failed \(reboot\)/);
  });

  /** Journals finished runs, in this order. */
  function finish(ledger: ReturnType<typeof openLedger>, count: number, outcome: "success" | "failed"): void {
    for (let number = 0; number < count; number += 1) {
      const startedAt = noon + number;
      const holder = { bootId: "b", pid: 1, startTicks: 1 };
      ledger.recordFinishedRun(
        { id: `run-${number}`, job: "home", trigger: "command", startedAt, deadlineAt: null, holder, steps: [] },
        { finishedAt: startedAt, outcome, reason: null, message: null, increments: [] },
      );
    }
  }

  it("is told in the order of the runs, and of the newest ones only after a long outage", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const ledger = ledgerWithLostRun(t, []);
    finish(ledger, 30, "failed");
    const problems: string[] = [];
    await emitRuns(ledger, withHooks({ url: `${endpoint}/\${run.id}` }), services(problems));
    assert.deepEqual(
      requests().map(({ url }) => url),
      Array.from({ length: 10 }, (_, index) => `/run-${20 + index}`),
    );
    assert.deepEqual(problems, ["home: hooks are called for the newest 10 of 30 runs only"]);
    assert.deepEqual(ledger.unemittedRuns(), []);
  });

  it("is not told as a success of now when it was one of hours ago", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const ledger = ledgerWithLostRun(t, []);
    finish(ledger, 1, "success");
    const problems: string[] = [];
    await emitRuns(ledger, withHooks({ url: endpoint }), services(problems, noon + 2 * 3600 * 1000));
    assert.equal(requests().length, 0);
    assert.match(problems[0] ?? "", /the success of run run-0 is older than 1h/);
  });
});
