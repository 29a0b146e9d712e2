import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type CommandOptions, startPantheros } from "../support/command.ts";
import { needs } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { listenUdp } from "../support/listener.ts";
import { killGroup, writtenPid } from "../support/process-group.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";
import { command } from "./jobs.ts";

const nobody = 65534;

/** `up` or `serve` on a free port. */
async function startServer(t: TestContext, host: TestHost, word: "up" | "serve", options?: CommandOptions) {
  const server = startPantheros(t, host.config, [word, "--listen", "127.0.0.1:0"], { seconds: 120, ...options });
  const gone = server.ended.then(() => true);
  const url = await eventually(`${word} to serve`, async () => {
    if (await Promise.race([gone, false])) throw new Error(server.stderr());
    return /serving (\S+)/.exec(server.stderr())?.[1];
  });
  const metrics = async () => (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
  return {
    ...server,
    url,
    metrics,
    sees: (what: RegExp) => eventually(`${what}`, async () => what.test(await metrics())),
  };
}

describe("pantheros up", { timeout: 120_000, concurrency: 2 }, () => {
  it("shows every declared job before it has run, a finished run within seconds, and ends on SIGTERM with 0", async (t) => {
    const host = createHost(t, {
      jobs: {
        test: jobOf([{ uses: "command", argv: ["true"] }], { schedule: "0 2 * * *" }),
        other: jobOf([{ uses: "command", argv: ["true"] }]),
      },
    });
    const up = await startServer(t, host, "up");
    const before = await up.metrics();
    for (const job of ["test", "other"]) {
      for (const line of [
        `pantheros_job_running{host="e2e",job="${job}"} 0`,
        `pantheros_job_last_outcome{host="e2e",job="${job}",outcome="never"} 1`,
        `pantheros_job_consecutive_failures{host="e2e",job="${job}"} 0`,
      ]) {
        assert.ok(before.split("\n").includes(line), `${line} is missing in\n${before}`);
      }
    }
    assert.match(before, /pantheros_job_overdue_seconds\{host="e2e",job="test"\} 0/);

    assert.equal((await host.run(["run", "test"])).code, 0);
    await up.sees(/pantheros_job_runs_total\{host="e2e",job="test",outcome="success",reason="none"\} 1/);
    await up.sees(/pantheros_job_last_outcome\{host="e2e",job="test",outcome="success"\} 1/);

    up.kill("SIGTERM");
    assert.equal((await up.ended).code, 0, up.stderr());
    assert.match(up.stderr(), /engine stopped/);
  });

  it("finds a run that is killed beside it, and ends what that left running", async (t) => {
    const host = createHost(t);
    host.configure(command(["sh", "-c", `echo $$ > '${host.root}/pid'; sleep 300 & wait`]));
    const run = startPantheros(t, host.config, ["run", "test"]);
    const group = await writtenPid(join(host.root, "pid"));
    t.after(() => killGroup(group));
    const up = await startServer(t, host, "up");
    run.kill("SIGKILL");
    await up.sees(/pantheros_job_lost_runs_total\{host="e2e",job="test",reason="killed"\} 1/);
    assert.match(up.stderr(), /test: run \S+ failed\/killed: process \d+ was killed/);
  });

  it("is alone: a second engine is refused, and takes over from one that was killed", async (t) => {
    const host = createHost(t, { jobs: { test: jobOf([{ uses: "command", argv: ["true"] }]) } });
    const engine = () => startPantheros(t, host.config, ["engine"], { seconds: 120 });
    const started = async ({ stderr }: ReturnType<typeof engine>) =>
      eventually("the engine to start", async () => /engine started/.test(stderr()));
    const first = engine();
    await started(first);
    const second = engine();
    assert.equal((await second.ended).code, 2);
    assert.match(second.stderr(), /another engine, process \d+, works on .*ledger\.sqlite already/);
    assert.match(second.stderr(), /→ to take its place, end it first: kill \d+/);
    first.kill("SIGKILL");
    await first.ended;
    const third = engine();
    await started(third);
    third.kill("SIGTERM");
    assert.equal((await third.ended).code, 0, third.stderr());
  });

  it("does not start on an address that is taken, and says what to do", async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await eventually("the address to be taken", () => taken.listening);
    const { port } = taken.address() as { port: number };
    const host = createHost(t, command(["true"]) as object);
    const { code, stderr } = await host.run(["up", "--listen", `127.0.0.1:${port}`]);
    assert.equal(code, 1);
    assert.match(stderr, /127\.0\.0\.1:\d+.*\n\s+→ \S/s);
    assert.doesNotMatch(stderr, /engine|collector/, "nothing was begun that had to end at once");
  });
});

describe("pantheros serve", { timeout: 120_000, concurrency: 2 }, () => {
  it("reads, as another user of the ledger's group, the state while a run is written", needs("root"), async (t) => {
    const host = createHost(t);
    const go = join(host.root, "go");
    host.configure(command(["sh", "-c", `while [ ! -e '${go}' ]; do sleep 0.02; done`]));
    mkdirSync(host.state);
    chownSync(host.state, 0, nobody);
    chmodSync(host.state, 0o2750);
    const serve = await startServer(t, host, "serve", { uid: nobody });
    assert.match(await serve.metrics(), /pantheros_job_running\{host="e2e",job="test"\} 0/, "before there is a ledger");

    const run = startPantheros(t, host.config, ["run", "test"]);
    await serve.sees(/pantheros_job_running\{host="e2e",job="test"\} 1/);
    writeFileSync(go, "");
    assert.equal((await run.ended).code, 0);
    await serve.sees(/pantheros_job_running\{host="e2e",job="test"\} 0/);
    await serve.sees(/pantheros_job_last_outcome\{host="e2e",job="test",outcome="success"\} 1/);
    const denied = await host.run(["run", "test"], { uid: nobody });
    assert.equal(denied.code, 3, "it may not write: the run is kept aside");
    serve.kill("SIGINT");
    assert.equal((await serve.ended).code, 0);
  });

  it("refuses an address that others can reach without a token", async (t) => {
    const host = createHost(t, command(["true"]));
    const { code, stderr } = await host.run(["serve", "--listen", "0.0.0.0:0"]);
    assert.equal(code, 1);
    assert.match(stderr, /without a token/);
    assert.match(stderr, /→ set outputs\.prometheus\.token/);
    assert.ok(!existsSync(host.ledger));
  });
});

describe("DogStatsD", { timeout: 60_000 }, () => {
  it("receives the counts of a run, and of a killed one exactly once, from reconcile", async (t) => {
    const listener = await listenUdp(t);
    const host = createHost(t);
    const outputs = { dogstatsd: { address: listener.address } };
    const counts = () => listener.lines().filter((line) => line.startsWith("pantheros.job."));
    const said = (start: string) => counts().filter((line) => line.startsWith(start)).length;

    host.configure({ ...command(["true"]), outputs });
    assert.equal((await host.run(["run", "test"])).code, 0);
    await eventually("the count of the run", () => said("pantheros.job.runs:1|c") === 1);
    assert.deepEqual(counts(), ["pantheros.job.runs:1|c|#host:e2e,job:test,outcome:success,reason:none"]);

    host.configure({ ...command(["sh", "-c", `echo $$ > '${host.root}/pid'; exec sleep 300`]), outputs });
    const run = startPantheros(t, host.config, ["run", "test"]);
    const group = await writtenPid(join(host.root, "pid"));
    t.after(() => killGroup(group));
    run.kill("SIGKILL");
    await run.ended;
    for (let time = 1; time <= 3; time += 1) assert.equal((await host.run(["reconcile"])).code, 0);
    assert.equal((await host.run(["run", "test", "--dry-run"])).code, 0);
    await eventually("the counts of the killed run", () => counts().length >= 3);
    assert.deepEqual(
      counts()
        .slice(1)
        .map((line) => line.replace("#host:e2e,job:test,", "")),
      ["pantheros.job.runs:1|c|outcome:failed,reason:killed", "pantheros.job.lost_runs:1|c|reason:killed"],
    );
    const [event] = listener.lines().filter((line) => line.startsWith("_e{"));
    assert.match(event ?? "", /Backup job test: failed \(killed\)\|process \d+ was killed/);
  });
});
