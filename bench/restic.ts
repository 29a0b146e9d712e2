import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CollectorContext } from "../src/collectors/collector.ts";
import { restic as collector } from "../src/collectors/restic.ts";
import { configuration } from "../src/config/schema.ts";
import { Secret } from "../src/model/secret.ts";
import { createExecute } from "../src/tools/exec.ts";
import { resticPrograms } from "../test/support/components.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean;
}

const atLeast = 500;
const rounds = 12;
const targetRatio = 1.5;
const password = "correct horse battery staple";

/** What it costs to observe a local repository of 500 snapshots of 10 hosts, beside the bare listing; with every restic that is here. */
export async function run(): Promise<readonly Row[]> {
  const programs = resticPrograms();
  const builder = programs.at(-1);
  if (builder === undefined || builder.version.localeCompare("0.17", "en", { numeric: true }) < 0) {
    return [
      {
        what: "observe a restic repository",
        value: "left out: it takes restic 0.17 to build one",
        target: "",
        met: true,
      },
    ];
  }
  const base = mkdtempSync(join(tmpdir(), "pantheros-bench-restic-"));
  try {
    const repository = join(base, "repository");
    const count = buildRepository(base, builder.program, repository);
    const rows: Row[] = [];
    for (const { version, program } of programs)
      rows.push(...(await measure(base, repository, program, version, count)));
    return rows;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

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
): Promise<Row[]> {
  const env = environment(repository, join(base, `cache-${version}`));
  const bareCall = () => {
    execFileSync(program, ["snapshots", "--json", "--no-lock"], { env, stdio: "pipe", maxBuffer: 1 << 26 });
  };
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
  // By turns, so that whatever else the machine does hurts both alike.
  const [bare, ours] = [[], []] as [number[], number[]];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await milliseconds(bareCall));
    ours.push(await milliseconds(observe));
  }
  const ratio = median(ours.slice(2)) / median(bare.slice(2));
  const shown = (times: readonly number[]) => `${median(times.slice(2)).toFixed(0)} ms`;
  return [
    {
      what: `restic ${version} snapshots --json --no-lock, ${count} snapshots`,
      value: shown(bare),
      target: "",
      met: true,
    },
    { what: `observe them with restic ${version}: snapshots and locks`, value: shown(ours), target: "", met: true },
    { what: "ratio", value: ratio.toFixed(2), target: `at most ${targetRatio}`, met: ratio <= targetRatio },
  ];
}

function environment(repository: string, cache: string): NodeJS.ProcessEnv {
  return { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: cache };
}

async function milliseconds(work: () => void | Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (import.meta.main) for (const row of await run()) process.stdout.write(`${row.what}: ${row.value} ${row.target}\n`);
