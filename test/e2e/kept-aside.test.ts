import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { needs } from "../support/components.ts";
import { fillUp, mountTmpfs } from "../support/tmpfs.ts";
import { createHost, jobOf } from "./host.ts";

/** A host whose ledger knows one run, and whose disk has become full since. */
async function fullHost(t: TestContext) {
  const state = mountTmpfs(t, "4m");
  const jobs = {
    early: jobOf([{ uses: "command", argv: ["true"] }]),
    late: jobOf([{ uses: "command", argv: ["sh", "-c", "echo no such luck; exit 7"] }]),
  };
  const host = createHost(t, { state_directory: state, jobs });
  assert.equal((await host.run(["run", "early"])).code, 0);
  const makeRoom = fillUp(state);
  const failed = await host.run(["run", "late"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /not journaled: there is no space left/);
  return { host, makeRoom };
}

describe("a run that could not be journaled because the disk was full", { ...needs("root"), timeout: 60_000 }, () => {
  it("is in the journal as it is shown, beside those that could be", async (t) => {
    const { host, makeRoom } = await fullHost(t);
    const listed = await host.runs();
    assert.deepEqual(
      listed.map(({ job, outcome, journaled }) => [job, outcome, journaled]),
      [
        ["late", "failed", false],
        ["early", "success", true],
      ],
    );
    const [late] = listed;
    assert.match((await host.run(["runs"])).stderr, /run \S+ of late is not in the ledger yet.*pantheros reconcile/);
    assert.match((await host.run(["runs", "show", late?.id ?? ""])).stdout, /no such luck/);
    assert.match((await host.run(["explain", "--job", "late"])).stdout, /no such luck/);

    const status = await host.run(["status"]);
    assert.match(status.stdout, /run \S+ of late is not in the ledger yet/);
    assert.deepEqual(JSON.parse((await host.run(["status", "--json"])).stdout).kept_aside, [late?.id]);

    makeRoom();
    const taken = await host.run(["reconcile"]);
    assert.equal(taken.code, 0, taken.stderr);
    assert.match(taken.stdout, new RegExp(`^taken in from the fallback ledger: ${late?.id}, late: failed`));
    assert.doesNotMatch((await host.run(["status"])).stdout, /not in the ledger/);
    assert.deepEqual(
      (await host.runs()).map(({ job, journaled }) => [job, journaled]),
      [
        ["late", false],
        ["early", true],
      ],
    );
  });

  it("is not said to be well off while it cannot be taken in", async (t) => {
    const { host } = await fullHost(t);
    const { code, stdout } = await host.run(["reconcile"]);
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /every run has its end/);
  });
});

describe("a job that nobody knows", () => {
  it("is told from one without runs: a typing error must not look like an empty journal", async (t) => {
    const host = createHost(t, { jobs: { home: jobOf([{ uses: "command", argv: ["true"] }]) } });
    const known = await host.run(["runs", "home"]);
    assert.deepEqual([known.code, known.stdout], [0, "no runs\n"]);
    const unknown = await host.run(["runs", "hmoe"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /there is no job "hmoe", and no run of one: did you mean "home"\?/);
  });

  it("hides nothing of the ledger when what was kept aside is damaged, and says that runs may be missing", async (t) => {
    const { host } = await fullHost(t);
    const aside = execFileSync(
      "find",
      [host.root, "/run/pantheros", "-name", "ledger-*.sqlite", "-newer", host.config],
      { encoding: "utf8" },
    );
    const [file = ""] = aside.trim().split("\n");
    assert.notEqual(file, "");
    for (const size of [4096, 100]) {
      truncateSync(file, size);
      const { code, stdout, stderr } = await host.run(["runs"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /early/);
      assert.match(stderr, /runs may be missing here/);
      assert.match((await host.run(["status"])).stdout, /runs may be missing here/);
    }
  });
});
