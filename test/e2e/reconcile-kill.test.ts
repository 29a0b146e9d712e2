import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { countLostRuns, lostRunCount, writeLostRuns } from "../support/lost-runs.ts";

/** More than are given their end in one transaction. */
const runs = 1200;
const points = join(import.meta.dirname, "../campaign/preload/points.ts");

function stage(t: TestContext) {
  const root = temporaryDirectory(t);
  const [full, state] = [join(root, "full.sqlite"), join(root, "state")];
  const [config, witness] = [join(root, "pantheros.yaml"), join(root, "witness")];
  const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
  writeFileSync(config, `host: here\nstate_directory: ${state}\njobs: { idle: ${job} }\n`);
  writeLostRuns(full, runs);
  const ledger = join(state, "ledger.sqlite");
  return {
    ledger,
    reset() {
      rmSync(state, { recursive: true, force: true });
      cpSync(full, ledger);
    },
    reconcile: () => runPantheros(t, config, ["reconcile"]),
    /** Kills itself at this point of its journal; -1: at none. @returns the points that it has passed, the last one of its life too */
    async killedAt(at: number) {
      rmSync(witness, { force: true });
      const environment = {
        NODE_OPTIONS: `--import=${points}`,
        PANTHEROS_CAMPAIGN: JSON.stringify({ witness, at, target: "self" }),
      };
      const ended = await runPantheros(t, config, ["reconcile"], { environment });
      const told = readFileSync(witness, "utf8").split("\n");
      return { ...ended, told: told.flatMap((line) => /^(?:point \d+|killed self) (.*)$/.exec(line)?.[1] ?? []) };
    },
  };
}

describe("reconciling many lost runs", () => {
  it("killed at any point of it leaves no run half done, and the next one does the rest, once", async (t) => {
    const { ledger, reset, reconcile, killedAt } = stage(t);
    reset();
    const { told } = await killedAt(-1);
    assert.deepEqual(countLostRuns(ledger), lostRunCount(runs, runs));
    const writes = told.filter((point) => point.startsWith("finishLostRuns"));
    assert.equal(writes.length, 6, `in two transactions: ${told.join(", ")}`);

    const seen = new Set<number>();
    for (const [at, point] of told.entries()) {
      if (!/^(?:finishLostRuns|markEmitted):/.test(point)) continue;
      reset();
      const killed = await killedAt(at);
      assert.deepEqual([killed.signal, killed.told], ["SIGKILL", [point]]);
      const between = countLostRuns(ledger);
      seen.add(between.lost);
      assert.deepEqual(between, lostRunCount(runs, between.lost), `killed at ${point}`);
      assert.equal((await reconcile()).code, 0);
      assert.deepEqual(countLostRuns(ledger), lostRunCount(runs, runs), `after it was killed at ${point}`);
    }
    assert.deepEqual([...seen], [0, 1000, runs], "before, between and after its transactions");
  });

  it("three at once give each run one end, and each end has one who tells it", async (t) => {
    const { ledger, reset, reconcile } = stage(t);
    reset();
    const ended = await Promise.all([reconcile(), reconcile(), reconcile()]);
    assert.deepEqual(
      ended.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ""],
        [0, ""],
        [0, ""],
      ],
    );
    assert.deepEqual(countLostRuns(ledger), lostRunCount(runs, runs));
    const told = ended.flatMap(({ stdout }) => stdout.match(/(?<=: run )run-\d+(?= failed)/g) ?? []);
    assert.deepEqual([told.length, new Set(told).size], [runs, runs]);
  });
});
