import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { unpack } from "../../src/ledger/packed.ts";
import type { World } from "./world.ts";

/** What has to hold for a world after every fault, once its runs were reconciled. Each says what it found broken; nothing: it holds. */
interface Invariant {
  readonly name: string;
  readonly broken: (world: World) => readonly string[];
}

interface RunRow {
  readonly number: number;
  readonly id: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly lost: number;
  readonly started_at: number;
  readonly finished_at: number | null;
}

interface StepRow {
  readonly run: number;
  readonly id: string;
  readonly uses: string;
  readonly evidence: Buffer | null;
}

const runsOf = ({ host }: World) =>
  host.query<RunRow>("SELECT number, id, outcome, reason, lost, started_at, finished_at FROM runs");

export const invariants: readonly Invariant[] = [
  {
    name: "the ledger opens and is whole",
    broken: ({ host }) => [
      ...host
        .query<{ integrity_check: string }>("PRAGMA integrity_check")
        .flatMap((row) => (row.integrity_check === "ok" ? [] : [row.integrity_check])),
      ...host.query("PRAGMA foreign_key_check").map((row) => JSON.stringify(row)),
    ],
  },
  {
    name: "every run that was told to have started is in the ledger",
    broken: (world) => {
      const journaled = new Set(runsOf(world).map(({ id }) => id));
      return [...world.told.keys()].filter((id) => !journaled.has(id)).map((id) => `${id} has vanished`);
    },
  },
  {
    name: "every run has one end, and it is the true one",
    broken: (world) =>
      runsOf(world).flatMap((run) => {
        const end = `${run.outcome}${run.reason === null ? "" : `/${run.reason}`}${run.lost ? " lost" : ""}`;
        const allowed = world.told.get(run.id);
        if (run.outcome === null || run.finished_at === null) return [`${run.id} has no end`];
        if (allowed === undefined) return [`${run.id} ended as ${end}, and nobody started it`];
        return allowed.includes(end) ? [] : [`${run.id} ended as ${end}, not ${allowed.join(" or ")}`];
      }),
  },
  {
    name: "no run and no step ends before it began",
    broken: ({ host }) =>
      host
        .query<{ id: string }>(
          `SELECT id FROM runs WHERE finished_at < started_at
           UNION SELECT 'step of run ' || run FROM steps WHERE finished_at < started_at`,
        )
        .map(({ id }) => id),
  },
  {
    name: "no step is left open",
    broken: ({ host }) =>
      host
        .query<{ run: number }>("SELECT run FROM steps WHERE started_at IS NOT NULL AND finished_at IS NULL")
        .map(({ run }) => `a step of run ${run}`),
  },
  {
    name: "no lock, no child and no leftover is left in the ledger",
    broken: ({ host }) =>
      ["locks", "children", "leftovers"].flatMap((table) =>
        host.query(`SELECT * FROM ${table}`).map((row) => `${table}: ${JSON.stringify(row)}`),
      ),
  },
  {
    name: "counters and journal say the same",
    broken: ({ host }) => {
      const counted = (metric: string) =>
        host
          .query<{ value: number }>(`SELECT value FROM totals WHERE metric = '${metric}'`)
          .reduce((sum, { value }) => sum + value, 0);
      const found = (sql: string) => host.query<{ count: number }>(`SELECT count(*) AS count FROM ${sql}`)[0]?.count;
      const succeeded = (kind: string) =>
        `steps JOIN plans ON plans.number = plan WHERE kind = '${kind}' AND outcome = 'success'`;
      const pairs: [string, string][] = [
        ["jobRuns", "runs WHERE outcome IS NOT NULL"],
        ["jobLost", "runs WHERE lost = 1"],
        ["backupCompleted", succeeded("backup")],
        ["snapshotCreated", succeeded("snapshot")],
      ];
      return pairs.flatMap(([metric, sql]) =>
        counted(metric) === found(sql) ? [] : [`${metric} is ${counted(metric)}, the journal knows ${found(sql)}`],
      );
    },
  },
  {
    name: "nothing but a step that succeeded counts as an artifact",
    broken: ({ host }) =>
      host
        .query<{ id: string }>(
          `SELECT last_steps.id FROM last_steps WHERE NOT EXISTS (
             SELECT 1 FROM steps JOIN runs ON runs.number = run JOIN plans ON plans.number = plan
             WHERE runs.job = last_steps.job AND plans.id = last_steps.id AND steps.outcome = 'success'
               AND steps.finished_at = last_steps.finished_at)`,
        )
        .map(({ id }) => `${id} counts, and no run has made it`),
  },
  { name: "every artifact that counts is whole", broken: artifactsThatAreNotWhole },
  { name: "no process is left", broken: processesLeft },
  {
    name: "no temporary file is left",
    broken: ({ host }) => [
      ...leftIn(host.state, /^(ledger\.sqlite(-wal|-shm)?|cache|scratch)$/),
      ...leftIn(join(host.state, "scratch"), /^$/),
    ],
  },
];

/** All that is broken in a world, each with the name of its promise. */
export function examine(world: World): readonly string[] {
  return invariants.flatMap(({ name, broken }) => {
    try {
      return broken(world).map((what) => `${name}: ${what}`);
    } catch (error) {
      return [`${name}: ${error instanceof Error ? error.message : error}`];
    }
  });
}

/** Looks only at what has come since the last time: what was whole once may have been pruned meanwhile. */
function artifactsThatAreNotWhole(world: World): string[] {
  const steps = world.host.query<StepRow>(
    `SELECT run, plans.id, uses, evidence FROM steps JOIN plans ON plans.number = plan
     WHERE outcome = 'success' AND run > ${world.seen}`,
  );
  world.seen = Math.max(world.seen, ...steps.map(({ run }) => run));
  return steps.flatMap(({ run, id, uses, evidence: packed }) => {
    const evidence = unpack<Readonly<Record<string, unknown>>>(packed, {});
    const problem = provers[uses]?.(evidence, world) ?? null;
    return problem === null ? [] : [`step ${id} of run ${run}: ${problem}`];
  });
}

type Prover = (evidence: Readonly<Record<string, unknown>>, world: World) => string | null;

/** Each looks with its own eyes at what a step says it has made. */
const provers: Readonly<Record<string, Prover>> = {
  "snapshot.btrfs": ({ path }, world) => sameTree(world.source, String(path)),
  // What is at a server is looked for by the kind that runs it.
  "backup.rclone": ({ destination, prefix }, world) =>
    destination === "shelf" ? sameTree(world.source, join(world.shelf, String(prefix))) : null,
  "backup.restic": ({ snapshot_id }, { repository }) => {
    const isHere = !existsSync(repository) || existsSync(join(repository, "snapshots", String(snapshot_id)));
    return isHere ? null : `there is no snapshot ${snapshot_id}`;
  },
};

function sameTree(expected: string, found: string): string | null {
  if (!existsSync(found)) return `${found} is not there`;
  const files = (folder: string) =>
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort();
  const [wanted, there] = [files(expected), files(found)];
  if (wanted.join() !== there.join()) return `${found} holds ${there.length} files instead of ${wanted.length}`;
  const other = wanted.find((name) => !readFileSync(join(expected, name)).equals(readFileSync(join(found, name))));
  return other === undefined ? null : `${other} in ${found} is another one`;
}

/** The repository as restic itself sees it; too slow for every try. */
export function examineRepository({ repository, host }: World): readonly string[] {
  if (!existsSync(join(repository, "config"))) return [];
  const restic = (...words: string[]) =>
    execFileSync("restic", ["--repo", repository, "--password-file", join(host.root, "password"), ...words], {
      encoding: "utf8",
      env: { ...process.env, RESTIC_CACHE_DIR: join(host.root, "cache-of-the-campaign") },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
    });
  restic("check", "--no-lock");
  const listed = new Set(
    (JSON.parse(restic("snapshots", "--json", "--no-lock")) as { id: string }[]).map(({ id }) => id),
  );
  return host
    .query<{ evidence: Buffer | null }>(
      "SELECT evidence FROM steps JOIN plans ON plans.number = plan WHERE outcome = 'success' AND uses = 'backup.restic'",
    )
    .map(({ evidence }) => String(unpack<Record<string, unknown>>(evidence, {})["snapshot_id"]))
    .filter((id) => !listed.has(id))
    .map((id) => `every artifact that counts is whole: restic does not list the snapshot ${id}`);
}

/** Every program of a run carries its id in the environment, and hands it on to what it starts. */
function processesLeft({ host }: World): string[] {
  const own = new Set(host.query<{ id: string }>("SELECT id FROM runs").map(({ id }) => id));
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const run = /(?:^|\0)PANTHEROS_RUN=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
      if (run === undefined || !own.has(run)) return [];
      // A zombie has no environment, so this one still executes something.
      return [`process ${pid} of run ${run}: ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`];
    } catch {
      // It ended while we looked, or belongs to somebody else.
      return [];
    }
  });
}

function leftIn(folder: string, allowed: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !allowed.test(name))
    .map((name) => join(folder, name));
}
