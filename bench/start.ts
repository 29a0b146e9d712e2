import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { byTurns, median } from "./measure.ts";
import { peakMemory, published, requirePublished, runProgram } from "./program.ts";
import { atMost, type Benchmark, megabytes, milliseconds, times } from "./row.ts";

const rounds = 30;
const memoryRounds = 7;

/** What the wrapper itself costs: `pantheros run` of a job whose only step is `/bin/true`, beside a Node that does nothing. */
export const start: Benchmark = {
  name: "start",
  needs: [],
  async run({ directory, note }) {
    requirePublished();
    const config = join(directory, "pantheros.yaml");
    const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
    writeFileSync(config, `host: bench\nstate_directory: ${join(directory, "state")}\njobs: { nothing: ${job} }\n`);
    const bare = ["-e", "0"];
    const ours = [published, "run", "nothing", "--config", config];
    note(`${rounds} starts of each`);
    const wall = await byTurns(rounds, {
      bare: () => runProgram([process.execPath, ...bare]),
      ours: () => runProgram([process.execPath, ...ours]),
    });
    const [bareTime, ourTime] = [median(wall.bare), median(wall.ours)];
    const memory = { bare: [] as number[], ours: [] as number[] };
    for (let round = 0; round < memoryRounds; round += 1) {
      memory.bare.push(await peakMemory(bare, directory));
      memory.ours.push(await peakMemory(ours, directory));
    }
    const [bareMemory, ourMemory] = [median(memory.bare), median(memory.ours)];
    return [
      atMost(
        "pantheros run of /bin/true / node -e 0, wall time",
        { value: ourTime / bareTime, limit: 4, write: times },
        {
          detail: `${milliseconds(ourTime)} / ${milliseconds(bareTime)}`,
          how: `Medians of ${rounds} starts of each, by turns, of dist/ with a warm compile cache: configuration read and checked, lock and journal on disk, the program started, the end on disk.`,
          whenMissed:
            "of some 95 ms above a bare Node, zod takes 20 to load and to build the schemas, yaml 10, execa 13, the ledger 15, Node's own modules 8, collecting garbage 8, and the programs themselves (setpriv, true) 4",
        },
      ),
      atMost(
        "the same, peak RSS",
        { value: ourMemory / bareMemory, limit: 2, write: times },
        {
          detail: `${megabytes(ourMemory)} / ${megabytes(bareMemory)}`,
          how: `Medians of ${memoryRounds}: getrusage's maxrss at the exit of each process.`,
        },
      ),
    ];
  },
};
