import assert from "node:assert/strict";
import { type StdioOptions, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type CommandOptions, startPantheros } from "../support/command.ts";
import { needs, onPath } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { killGroup, livingInGroup, writtenPid } from "../support/process-group.ts";
import { startInTerminal } from "../support/terminal.ts";
import { createHost, type TestHost } from "./host.ts";
import { command, restic } from "./jobs.ts";

/** A run in the middle of its step, whose tool has said which process group it leads. */
async function startRun(t: TestContext, host: TestHost, options?: CommandOptions) {
  const run = startPantheros(t, host.config, ["run", "test", "--json"], options);
  const group = await writtenPid(join(host.root, "pid"));
  t.after(() => killGroup(group));
  await eventually("the ledger to know the tool", () => host.query("SELECT pid FROM children").length > 0);
  return {
    ...run,
    group,
    toolIsGone: () => eventually("the tool to be gone", () => livingInGroup(group).length === 0),
  };
}

/** A tool with a child of its own; the script tells its process id and then does what it is asked to. */
function toolOf(host: TestHost, script: string): readonly string[] {
  return ["sh", "-c", `echo $$ > '${host.root}/pid'; ${script}`];
}
const obedient = "exec sleep 300";
const family = "sleep 300 & wait";
const stubborn = "trap '' TERM; while :; do sleep 1; done";

/** The counters of killed runs, as Prometheus would see them. */
async function lostRuns(host: TestHost): Promise<readonly string[]> {
  const { stdout } = await host.run(["metrics"]);
  return stdout.split("\n").filter((line) => /^pantheros_job_(lost_runs_total|runs_total)\{.*killed/.test(line));
}

describe("a run that is asked to stop", { timeout: 120_000, concurrency: 2 }, () => {
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const) {
    it(`ends with ${code} on ${signal}, as failed/cancelled, and takes its tool with it`, async (t) => {
      const host = createHost(t);
      host.configure(command(toolOf(host, family)));
      const run = await startRun(t, host);
      run.kill(signal);
      const ended = await run.ended;
      assert.equal(ended.code, code, ended.stderr);
      const finished = ended.events.at(-1);
      assert.deepEqual([finished?.["outcome"], finished?.["reason"]], ["failed", "cancelled"]);
      assert.match(String(finished?.["message"]), new RegExp(signal));
      assert.deepEqual(livingInGroup(run.group), []);
      const [journaled] = await host.runs();
      assert.deepEqual([journaled?.outcome, journaled?.reason, journaled?.lost], ["failed", "cancelled", false]);
    });
  }

  it("ends as failed/cancelled when its terminal is closed, which it cannot write to any more", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, family)));
    const main = join(import.meta.dirname, "../../src/main.ts");
    const argv = [process.execPath, main, "run", "test", "--config", host.config];
    const terminal = startInTerminal(t, argv, { RUNTIME_DIRECTORY: join(host.root, "runtime") });
    const group = await writtenPid(join(host.root, "pid"));
    t.after(() => killGroup(group));
    await eventually("the ledger to know the tool", () => host.query("SELECT pid FROM children").length > 0);
    terminal.close();
    await eventually(
      "the run to end",
      () => host.query("SELECT outcome FROM runs WHERE outcome IS NOT NULL").length > 0,
    );
    const [journaled] = await host.runs();
    assert.deepEqual([journaled?.outcome, journaled?.reason, journaled?.lost], ["failed", "cancelled", false]);
    assert.match(journaled?.message ?? "", /SIGHUP/);
    assert.deepEqual(livingInGroup(group), []);
  });

  it("kills a tool that will not hear of it", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, stubborn)));
    const run = await startRun(t, host);
    run.kill("SIGTERM");
    assert.equal((await run.ended).code, 143);
    assert.deepEqual(livingInGroup(run.group), []);
  });

  it("does not take SIGTERM from two sides for impatience", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, family)));
    const run = await startRun(t, host);
    run.kill("SIGTERM");
    const again = setInterval(() => run.kill("SIGTERM"), 5);
    t.after(() => clearInterval(again));
    assert.equal((await run.ended).code, 143);
    clearInterval(again);
    assert.equal((await host.runs())[0]?.reason, "cancelled");
  });

  it("ends at once when it is asked twice; what it left running is ended by reconcile", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, stubborn)));
    const run = await startRun(t, host);
    // Its tool stays, and so does it, until a person asks again; two signals at the same moment would be one.
    const asking = setInterval(() => run.kill("SIGINT"), 200);
    t.after(() => clearInterval(asking));
    assert.equal((await run.ended).signal, "SIGKILL");
    clearInterval(asking);
    const { stdout } = await host.run(["reconcile"]);
    assert.match(stdout, new RegExp(`failed/killed: .*its child ${run.group} \\(sh .*\\) still ran and was killed`));
    assert.deepEqual(livingInGroup(run.group), []);
  });
});

describe("a run that is killed", { timeout: 120_000, concurrency: 2 }, () => {
  it("leaves no tool behind; the next run gives it its true end and succeeds", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, obedient)));
    const run = await startRun(t, host);
    run.kill("SIGKILL");
    await run.ended;
    await run.toolIsGone();

    host.configure(command(["true"]));
    assert.equal((await host.run(["run", "test"])).code, 0);
    const [next, killed] = await host.runs();
    assert.equal(next?.outcome, "success");
    assert.deepEqual([killed?.outcome, killed?.reason, killed?.lost], ["failed", "killed", true]);
    assert.match(killed?.message ?? "", new RegExp(`process ${run.pid} was killed \\(last seen `));
    assert.deepEqual(
      (await lostRuns(host)).map((line) => line.replace(/\{.*\}/, "")),
      ["pantheros_job_runs_total 1", "pantheros_job_lost_runs_total 1"],
    );
  });

  it("may leave its tool's own children, which the next run ends", async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, family)));
    const run = await startRun(t, host);
    run.kill("SIGKILL");
    await run.ended;
    host.configure(command(["true"]));
    assert.equal((await host.run(["run", "test"])).code, 0);
    assert.deepEqual(livingInGroup(run.group), []);
  });

  it("where there is no setpriv its tool lives on, until reconcile ends it", needs("root"), async (t) => {
    const host = createHost(t);
    host.configure(command(toolOf(host, obedient)));
    const run = await startRun(t, host, { without: [onPath("setpriv") ?? "/usr/bin/setpriv"] });
    run.kill("SIGKILL");
    await run.ended;
    assert.notDeepEqual(livingInGroup(run.group), [], "nobody told it");

    const { stdout, code } = await host.run(["reconcile", "--json"]);
    assert.equal(code, 0);
    assert.match(
      JSON.parse(stdout)[0].message,
      new RegExp(`its child ${run.group} \\(sh .*\\) still ran and was ended`),
    );
    assert.deepEqual(livingInGroup(run.group), []);
    assert.equal((await host.run(["reconcile"])).stdout, "every run has its end or its process\n");
  });

  it(
    "in the middle of a real backup leaves no restic, and a repository that can be used",
    needs("restic"),
    async (t) => {
      const host = createHost(t);
      const slow = `echo $$ > '${host.root}/pid'; exec restic --limit-upload=100 "$@"`;
      const sections = restic(host, {
        restic: host.program("slow-restic", `[ "$1" = backup ] || exec restic "$@"; ${slow}`),
      });
      writeFileSync(join(host.root, "letters", "noise"), randomBytes(16 * 1024 * 1024));
      host.configure(sections);
      const run = await startRun(t, host);
      await eventually("restic to tell its progress", () => /"progress".*bytes_?[dD]one":[1-9]/.test(run.stdout()));
      run.kill("SIGKILL");
      await run.ended;
      await run.toolIsGone();

      host.configure(restic(host));
      const next = await host.run(["run", "test", "--json"]);
      assert.equal(next.code, 0, next.stdout);
      assert.deepEqual(
        (await host.runs()).map(({ outcome, reason }) => [outcome, reason]),
        [
          ["success", null],
          ["failed", "killed"],
        ],
      );
    },
  );
});

describe("a run whose words nobody takes", { timeout: 60_000 }, () => {
  const full = "/dev/full";
  for (const [what, stdout, stderr] of [
    ["log cannot be written", "ignore", full],
    ["output cannot be written", full, full],
  ] as const) {
    it(`does its work and is journaled although its ${what}`, (t) => {
      const host = createHost(t);
      host.configure({
        jobs: {
          test: {
            steps: [
              { uses: "command", argv: ["true"] },
              { uses: "command", argv: ["touch", join(host.root, "done")] },
            ],
          },
        },
      });
      const open = (target: string) => (target === full ? openSync(full, "w") : "ignore");
      const main = join(import.meta.dirname, "../../src/main.ts");
      const { status } = spawnSync(process.execPath, [main, "run", "test", "--config", host.config], {
        stdio: ["ignore", open(stdout), open(stderr)],
        env: { ...process.env, RUNTIME_DIRECTORY: join(host.root, "runtime") },
        timeout: 30_000,
      });
      assert.equal(status, 0);
      assert.ok(existsSync(join(host.root, "done")));
      assert.deepEqual(host.query("SELECT outcome FROM runs"), [{ outcome: "success" }]);
    });
  }

  it("is told apart from a page that could not be written", (t) => {
    const host = createHost(t);
    host.configure({});
    const main = join(import.meta.dirname, "../../src/main.ts");
    const stdio: StdioOptions = ["ignore", openSync(full, "w"), "ignore"];
    const { status } = spawnSync(process.execPath, [main, "metrics", "--config", host.config], {
      stdio,
      timeout: 30_000,
    });
    assert.equal(status, 1);
  });
});
