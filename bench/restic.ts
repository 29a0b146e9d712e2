import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { resticPrograms } from "../test/support/components.ts";
import { byTurns, median } from "./measure.ts";
import { buildRepository, createObserver, resticEnvironment } from "./restic-repository.ts";
import { atMost, type Benchmark, milliseconds, plain, type Row, times } from "./row.ts";

const atLeast = 500;
const rounds = 10;

/** What it costs to open and observe a local repository of 500 snapshots of 10 hosts, beside the bare listing; with every restic that is here. */
export const restic: Benchmark = {
  name: "restic",
  needs: ["restic"],
  async run({ directory, note }) {
    const programs = resticPrograms();
    const builder = programs.at(-1);
    if (builder === undefined || builder.version.localeCompare("0.17", "en", { numeric: true }) < 0) {
      const how = "make components brings one.";
      return [plain("observe a restic repository", "left out: it takes restic 0.17 to build one", how)];
    }
    const repository = join(directory, "repository");
    note(`a repository of at least ${atLeast} snapshots`);
    const count = buildRepository(directory, builder.program, repository, atLeast);
    const rows: Row[] = [];
    for (const { version, program } of programs) {
      note(`${rounds} looks at it with restic ${version}`);
      rows.push(await measure(directory, repository, program, version, count));
    }
    return rows;
  },
};

async function measure(
  base: string,
  repository: string,
  program: string,
  version: string,
  count: number,
): Promise<Row> {
  const env = resticEnvironment(repository, join(base, `cache-${version}`));
  const list = () =>
    execFileSync(program, ["snapshots", "--json", "--no-lock"], { env, stdio: "pipe", maxBuffer: 1 << 26 });
  const state = join(base, `state-${version}`);
  // As in a look that has nothing to go by; the size of the data, which is measured once a day, is known.
  const look = createObserver({ repository, program, state }, (key) => key.startsWith("opened/"));
  const observe = async () => {
    const { artifacts } = await look();
    if (artifacts?.length !== count) throw new Error(`saw ${artifacts?.length}`);
  };
  const took = await byTurns(rounds, { list, observe }, 2);
  const [bare, ours] = [median(took.list), median(took.observe)];
  return atMost(
    `open and observe ${count} restic snapshots / restic ${version} snapshots --json --no-lock`,
    { value: ours / bare, limit: 1.5, write: times },
    {
      detail: `${milliseconds(ours)} / ${milliseconds(bare)}`,
      how: `Medians of ${rounds} of each, by turns, of one local repository with a warm cache: snapshots and locks, made to samples; every look opens the repository, as one in six hours does.`,
    },
  );
}
