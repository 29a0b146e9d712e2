import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { resticPrograms } from "../test/support/components.ts";
import { startRefusingSome } from "../test/support/hostile-server.ts";
import { startRestServer } from "../test/support/rest-server.ts";
import { byTurns, duration, median } from "./measure.ts";
import { buildRepository, createObserver, resticEnvironment } from "./restic-repository.ts";
import { atMost, type Benchmark, milliseconds, plain, type Row, times } from "./row.ts";

const sizes = [500, 5000];
const rounds = 3;

/**
 * What ngosang/restic-exporter 2.1 runs at every refresh (its exporter/exporter.py, read 2026-11-21); below restic 0.17 also `stats` of the newest
 * snapshot of each host and path.
 */
const refresh = [
  ["--no-lock", "snapshots", "--json"],
  ["--no-lock", "snapshots", "--json", "--latest", "1"],
  ["--no-lock", "stats", "--json", "--mode", "raw-data"],
  ["--no-lock", "check"],
  ["--no-lock", "list", "locks"],
] as const;

/** Observing a repository on a REST hub, beside what restic-exporter does: wall time, and requests that a proxy in front of the hub counts. */
export const resticObservation: Benchmark = {
  name: "restic-observation",
  needs: ["restic", "rest-server"],
  async run({ directory, note }) {
    const newest = resticPrograms().at(-1);
    if (newest === undefined || newest.version.localeCompare("0.17", "en", { numeric: true }) < 0) {
      return [plain("observe a repository on a hub", "left out: it takes restic 0.17 to build one", "make components")];
    }
    const rows: Row[] = [];
    for (const size of sizes) rows.push(...(await measure(join(directory, `${size}`), size, newest, note)));
    return rows;
  },
};

async function measure(
  base: string,
  size: number,
  { program, version }: { readonly program: string; readonly version: string },
  note: (text: string) => void,
): Promise<readonly Row[]> {
  // What is started here ends with the benchmark, see `run.ts`.
  const never = { after: () => undefined };
  const server = await startRestServer(never, { folder: join(base, "hub"), appendOnly: false });
  note(`a repository of at least ${size} snapshots`);
  const count = buildRepository(base, program, join(base, "hub/bench"), size);
  const proxy = await startRefusingSome(never, server.location("").replace(/^rest:/, ""), () => null);
  const repository = `rest:${proxy.endpoint}/bench/`;
  const requestsOf = async (work: () => unknown) => {
    const before = proxy.attempts();
    const took = await duration(work);
    return { took, requests: proxy.attempts() - before };
  };

  const env = resticEnvironment(repository, join(base, "cache"));
  const exporter = async () => {
    for (const args of refresh) await run(program, args, env);
  };
  const look = createObserver({ repository, program, state: join(base, "state") });
  const observe = async () => {
    const { artifacts } = await look();
    if (artifacts?.length !== count + added) throw new Error(`saw ${artifacts?.length} of ${count + added}`);
  };
  let added = 0;
  note(`${rounds} refreshes and looks at it`);
  const [firstRefresh, firstLook] = [await requestsOf(exporter), await requestsOf(observe)];
  const [theirs, ours] = [await requestsOf(exporter), await requestsOf(observe)];
  const took = await byTurns(rounds, { exporter, observe }, 0);
  await run(program, ["backup", "--host=host-new", join(base, "source")], env);
  added = 1;
  const afterBackup = await requestsOf(observe);
  const wall = median(took.exporter);

  const of = `of ${count} snapshots on a hub`;
  const how = `restic ${version}, rest-server on loopback behind a counting proxy, warm caches; the exporter is the five commands that it runs at each refresh.`;
  const row = (what: string, seen: { readonly took: number; readonly requests: number }, alone = false) => [
    ratio(`${what} ${of} / restic-exporter's refresh, wall time`, seen.took, wall, milliseconds, how, alone),
    ratio(`the same, requests`, seen.requests, theirs.requests, String, how, alone),
  ];
  return [
    ...row("a look", { took: median(took.observe), requests: ours.requests }),
    ...row("a look after a backup", afterBackup, true),
    plain(
      `the first look ${of} / restic-exporter's first refresh`,
      `${times(firstLook.took / firstRefresh.took)} (${milliseconds(firstLook.took)} / ${milliseconds(firstRefresh.took)}), ${firstLook.requests} / ${firstRefresh.requests} requests`,
      `Both with what they do once: filling the cache, which the exporter came first to do, and the size of the data, which we measure daily and it at every refresh. ${how}`,
    ),
  ];
}

function ratio(
  what: string,
  ours: number,
  theirs: number,
  write: (n: number) => string,
  how: string,
  isPlain: boolean,
): Row {
  const detail = `${write(ours)} / ${write(theirs)}`;
  if (isPlain) return plain(what, `${times(ours / theirs)} (${detail})`, how);
  return atMost(what, { value: ours / theirs, limit: 0.1, write: times }, { detail, how });
}

/** Not synchronously: the proxy lives in this process. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [code] = await once(spawn(program, args, { env, stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`restic ${args.join(" ")} ended with ${code}`);
}
