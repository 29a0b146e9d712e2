import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describeExpectation, meets } from "../model/expectation.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import { StepError, toStepError } from "../model/run/outcome.ts";
import { requireSpace } from "../tools/files/free-space.ts";
import { chooseDump, type DumpSnapshot, dumpFile } from "../tools/postgres/location.ts";
import { createPostgres, type Postgres } from "../tools/postgres/postgres.ts";
import {
  createTemporary,
  type DatabaseContent,
  dropTemporary,
  loadDump,
  measureContent,
  newTemporaryName,
  queryValue,
  readDefinition,
} from "../tools/postgres/restore.ts";
import { ownTag } from "../tools/restic/history.ts";
import { createRestic } from "../tools/restic/restic.ts";
import { listFiles, restoreSnapshot } from "../tools/restic/restore.ts";
import { repositoryOf, resticVersion } from "./open-repository.ts";
import { DrillEvidence, DrillOptions } from "./postgres/drill-options.ts";
import { openServer, postgresServer } from "./postgres/server.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";

export const drillResticPostgres = defineRunner({
  uses: "drill.restic-postgres",
  summary:
    "Restores a dump from restic into a temporary PostgreSQL database, queries it and measures how long that takes.",
  risk: "creates",
  kind: "drill",
  options: DrillOptions,
  produces: DrillEvidence,
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
    await createPostgres(await openServer(options.server, context), context.execute).version("pg_restore");
  },

  async run(options, context) {
    const clock = createPhases();
    const found = await clock.measure("fetch", () => choose(options, context));
    const { snapshot, database } = found;
    const about = {
      repository: options.repository,
      snapshot_id: snapshot.id,
      snapshot_age_seconds: Math.max(0, context.now() / 1000 - snapshot.at),
      database,
    };
    const whose = `the dump of ${database} in snapshot ${snapshot.id.slice(0, 8)} of ${options.repository}`;
    if (context.dryRun) return { evidence: { ...about, ...nothing }, message: `would restore ${whose}` };
    const dump = await clock.measure("fetch", () => fetch(found, options, context));

    const name = newTemporaryName();
    const leftover = context.leftover({ database: name, server: JSON.stringify(options.server) });
    const postgres = createPostgres(await openServer(options.server, context, name), context.execute);
    try {
      const content = await clock.measure("load", () => load(postgres, dump.file, name, options));
      const queries = await clock.measure("query", () => ask(postgres, name, options, context));
      const evidence = { ...about, ...clock.evidence(), ...describeContent(content), bytes: dump.bytes, queries };
      return judge(whose, evidence);
    } finally {
      await tidyUp(postgres, name, leftover, context);
    }
  },

  async removeLeftover({ database, server }, context) {
    const options = postgresServer().parse(JSON.parse(String(server)));
    await dropTemporary(createPostgres(await openServer(options, context), context.execute), String(database));
  },
});

type Phase = "fetch" | "load" | "query";

/** A clock that is not that of the day: when that is corrected in the middle, a recovery does not take longer. */
function createPhases() {
  const spent: Record<Phase, number> = { fetch: 0, load: 0, query: 0 };
  return {
    async measure<Result>(phase: Phase, work: () => Promise<Result>): Promise<Result> {
      const startedAt = performance.now();
      try {
        return await work();
      } finally {
        spent[phase] += (performance.now() - startedAt) / 1000;
      }
    },
    evidence: () => ({
      rto_seconds: spent.fetch + spent.load + spent.query,
      fetch_seconds: spent.fetch,
      load_seconds: spent.load,
      query_seconds: spent.query,
    }),
  };
}

async function choose(options: DrillOptions, context: RunnerContext): Promise<DumpSnapshot> {
  const { repository, backup_of, tags, snapshot, host, database } = options;
  const restic = createRestic(repositoryOf(repository, context), context.execute);
  await restic.reach();
  const listed = await restic.snapshots({
    tags: [ownTag, ...(backup_of === undefined ? [] : [`job:${backup_of}`]), ...tags],
    ...(snapshot === undefined ? { host: host ?? context.config.host } : {}),
  });
  const wish = { repository, now: context.now(), ...(database === undefined ? {} : { database }) };
  return chooseDump(snapshot === undefined ? listed : listed.filter(({ id }) => id.startsWith(snapshot)), wish);
}

/** The dump as a file in a folder of our own. */
async function fetch({ snapshot, database }: DumpSnapshot, options: DrillOptions, context: RunnerContext) {
  const repository = repositoryOf(options.repository, context);
  const target = await context.scratch();
  const { bytes } = await listFiles(repository, context.execute, snapshot.id, () => undefined);
  await requireSpace(target, bytes);
  const request = { id: snapshot.id, target, include: [] };
  await restoreSnapshot(repository, context.execute, request, (done) =>
    context.progress({ ...done, note: "fetching the dump" }),
  );
  const file = join(target, dumpFile(database));
  // Whom pg_restore runs as opens it once more for each of its jobs; nobody else can enter the folder.
  await chmod(file, 0o644);
  return { file, bytes };
}

async function load(postgres: Postgres, file: string, name: string, { jobs }: DrillOptions): Promise<DatabaseContent> {
  const definition = await readDefinition(postgres, file);
  await createTemporary(postgres, { name, definition, connections: jobs + 1 });
  await loadDump(postgres, file, name, jobs);
  return await measureContent(postgres, name);
}

async function ask(postgres: Postgres, database: string, options: DrillOptions, context: RunnerContext) {
  const answers: DrillEvidence["queries"] = [];
  for (const { name, sql, expect } of options.queries) {
    context.progress({ note: `asking ${name ?? sql}` });
    const answer = await queryValue(postgres, { sql, database, timeoutSeconds: options.query_timeout });
    const met = meets(answer, expect, context.now());
    answers.push({ name: name ?? sql, value: answer, expectation: describeExpectation(expect), met });
  }
  return answers;
}

function judge(whose: string, evidence: DrillEvidence): StepResult<DrillEvidence> {
  const { queries, tables, rows, bytes } = evidence;
  const took = `in ${formatDuration(evidence.rto_seconds)}`;
  const phases = `fetch ${formatDuration(evidence.fetch_seconds)}, load ${formatDuration(evidence.load_seconds)}, queries ${formatDuration(evidence.query_seconds)}`;
  const missed = queries.filter(({ met }) => !met);
  const [first] = missed;
  if (first) {
    const answers = missed.map(
      ({ name, value, expectation }) => `${name} gives ${value ?? "nothing"}, not ${expectation}`,
    );
    throw new StepError("verification", `${whose} was restored, but ${answers.join("; ")}`, {
      advice: "see whether the data is missing in the original too; if not, do not rely on this backup",
      evidence,
    });
  }
  const proven = `${tables} tables, ${rows} rows, ${formatBytes(bytes)}`;
  const answers = queries.map(({ name, value }) => `${name}: ${value}`);
  const notes = [
    ...(tables === 0 ? ["there is no table in it: see whether that is right"] : []),
    ...(answers.length === 0 ? [] : [answers.join(", ")]),
  ];
  return { evidence, bytes, message: [`${whose} restored ${took} (${phases}): ${proven}`, ...notes].join("; ") };
}

const nothing = {
  ...{ rto_seconds: 0, fetch_seconds: 0, load_seconds: 0, query_seconds: 0 },
  ...{ bytes: 0, database_bytes: 0, tables: 0, rows: 0, queries: [] },
};

function describeContent({ tables, rows, bytes }: DatabaseContent) {
  return { tables, rows, database_bytes: bytes };
}

/** Whatever cannot be removed now stays journaled and is removed by the engine; the drill's own end is what counts. */
async function tidyUp(
  postgres: Postgres,
  name: string,
  leftover: ReturnType<RunnerContext["leftover"]>,
  context: RunnerContext,
): Promise<void> {
  if (context.signal.aborted) return;
  try {
    await dropTemporary(postgres, name);
    leftover.settled();
  } catch (error) {
    context.log(`${toStepError(error).message}; it will be tried again`);
  }
}
