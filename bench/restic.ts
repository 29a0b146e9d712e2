import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CollectorContext } from "../src/collectors/collector.ts";
import { restic as collector } from "../src/collectors/restic.ts";
import { configuration } from "../src/config/schema.ts";
import { Secret } from "../src/model/secret.ts";
import { createExecute } from "../src/tools/exec.ts";
import { resticPrograms } from "../test/support/components.ts";
import { byTurns, median } from "./measure.ts";
import { atMost, type Benchmark, milliseconds, plain, type Row, times } from "./row.ts";

const atLeast = 500;
const rounds = 10;
const password = "correct horse battery staple";

/** What it costs to observe a local repository of 500 snapshots of 10 hosts, beside the bare listing; with every restic that is here. */
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
    const count = buildRepository(directory, builder.program, repository);
    const rows: Row[] = [];
    for (const { version, program } of programs) {
      note(`${rounds} looks at it with restic ${version}`);
      rows.push(await measure(directory, repository, program, version, count));
    }
    return rows;
  },
};

/** One backup, and then every snapshot again under another host and time, until there are enough. @returns how many */
function buildRepository(base: string, program: string, repository: string): number {
  const env = environment(repository, join(base, "cache-builder"));
  const restic = (...args: string[]) => execFileSync(program, args, { env, stdio: "pipe", maxBuffer: 1 << 26 });
  mkdirSync(join(base, "source"));
  for (let n = 0; n < 50; n += 1) writeFileSync(join(base, "source", `file-${n}`), `content ${n}\n`.repeat(100));
  restic("init");
  restic(
    "backup",
    "--host=host-0",
    "--time=2026-01-01 00:00:00",
    "--tag=pantheros,job:nightly,path:/srv",
    join(base, "source"),
  );
  let count = 1;
  for (let doubling = 1; count < atLeast; doubling += 1) {
    const day = String(doubling + 1).padStart(2, "0");
    restic("rewrite", `--new-host=host-${doubling}`, `--new-time=2026-01-${day} 00:00:00`);
    count *= 2;
  }
  return count;
}

async function measure(
  base: string,
  repository: string,
  program: string,
  version: string,
  count: number,
): Promise<Row> {
  const env = environment(repository, join(base, `cache-${version}`));
  const list = () =>
    execFileSync(program, ["snapshots", "--json", "--no-lock"], { env, stdio: "pipe", maxBuffer: 1 << 26 });
  const config = configuration.parse({
    host: "bench",
    state_directory: join(base, `state-${version}`),
    repositories: { main: { repository, restic: program, password: { environment: "PASSWORD" } } },
  });
  const context = {
    config,
    execute: createExecute({ env: process.env }),
    signal: new AbortController().signal,
    now: Date.now() / 1000,
    readSecret: () => new Secret(password, "the benchmark"),
  } as unknown as CollectorContext;
  const observe = async () => {
    const { artifacts, problems } = await collector.collect(context);
    if (artifacts?.length !== count || problems?.length !== 0) throw new Error(`saw ${artifacts?.length}: ${problems}`);
  };
  const took = await byTurns(rounds, { list, observe }, 2);
  const [bare, ours] = [median(took.list), median(took.observe)];
  return atMost(
    `observe ${count} restic snapshots / restic ${version} snapshots --json --no-lock`,
    { value: ours / bare, limit: 1.5, write: times },
    {
      detail: `${milliseconds(ours)} / ${milliseconds(bare)}`,
      how: `Medians of ${rounds} of each, by turns, of one local repository with a warm cache: snapshots and locks, made to samples.`,
    },
  );
}

function environment(repository: string, cache: string): NodeJS.ProcessEnv {
  return { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: cache };
}
