import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { countLostRuns, lostRunCount, writeLostRuns } from "../test/support/lost-runs.ts";
import { duration, median } from "./measure.ts";
import { published, requirePublished, runProgram } from "./program.ts";
import { atMost, type Benchmark, milliseconds } from "./row.ts";

const rounds = 5;
const runCount = 10_000;

/** A ledger full of runs whose processes are gone: each needs its true end, its steps too, its counters, and to be told of. */
export const reconcile: Benchmark = {
  name: "reconcile",
  needs: [],
  async run({ directory, note }) {
    requirePublished();
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      note(`${runCount} open runs, round ${round + 1} of ${rounds}`);
      const state = join(directory, `state-${round}`);
      const config = join(directory, `pantheros-${round}.yaml`);
      const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
      writeFileSync(config, `host: bench\nstate_directory: ${state}\njobs: { nothing: ${job} }\n`);
      mkdirSync(state);
      const path = join(state, "ledger.sqlite");
      writeLostRuns(path, runCount);
      took.push(await duration(() => runProgram([process.execPath, published, "reconcile", "--config", config])));
      const left = countLostRuns(path);
      if (!isDeepStrictEqual(left, lostRunCount(runCount, runCount)))
        throw new Error(`not every run was given its end: ${JSON.stringify(left)}`);
    }
    return [
      atMost(
        "pantheros reconcile of 10 000 open runs",
        { value: median(took), limit: 1000, write: milliseconds },
        {
          detail: `fastest ${milliseconds(Math.min(...took))}`,
          how: `Median of ${rounds} calls of the command, its start included; durable; each run the open one of its job, with two steps, one of them begun, killed in this boot of the machine.`,
        },
      ),
    ];
  },
};
