import { plausibleHistory } from "../model/anomaly/plausibility.ts";
import { formatBytes } from "../model/quantity.ts";
import { explainFailure, type Reason, StepError, toStepError, withEvidence } from "../model/run/outcome.ts";
import {
  countTables,
  dumpCommand,
  globalsCommand,
  listDatabases,
  requireServer,
  verifyDump,
  verifyGlobals,
} from "../tools/postgres/dump.ts";
import { deniesRolePasswords } from "../tools/postgres/failure.ts";
import { dumpFile, globalsFile, locationOf } from "../tools/postgres/location.ts";
import { createPostgres, type Postgres, type PostgresServer } from "../tools/postgres/postgres.ts";
import { temporaryPrefix } from "../tools/postgres/restore.ts";
import { storesCommands } from "../tools/restic/command.ts";
import { repositoryExists } from "../tools/restic/repository.ts";
import { isOlder } from "../tools/restic/restic.ts";
import {
  creatingIfAbsent,
  type OpenedRepository,
  openForBackup,
  refuseToCreate,
  resticVersion,
} from "./open-repository.ts";
import { PostgresEvidence, PostgresOptions } from "./postgres/backup-options.ts";
import { openServer } from "./postgres/server.ts";
import { type Dump, type StoredDump, storeDump } from "./postgres/store.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";

/** What is wrong with one database and leaves the others as they are. */
const ofOneDatabase: ReadonlySet<Reason> = new Set([
  "source",
  "verification",
  "empty_artifact",
  "timeout",
  "killed",
  "unknown",
]);

export const backupPostgres = defineRunner({
  uses: "backup.postgres",
  summary: "Dumps PostgreSQL databases and their roles with pg_dump into restic, each as a proven snapshot.",
  risk: "creates",
  kind: "backup",
  options: PostgresOptions,
  produces: PostgresEvidence,
  target: (options) => options.repository,

  async check(options, context) {
    const opened = openForBackup(options.repository, context);
    await resticVersion(opened.repository, context);
    await createPostgres(await openServer(options.server, context), context.execute).version("pg_dump");
    if (!(await repositoryExists(opened.repository))) refuseToCreate(opened, context);
  },

  async reach(options, context) {
    await requireServer(createPostgres(await openServer(options.server, context), context.execute));
  },

  async run(options, context) {
    const opened = openForBackup(options.repository, context);
    const server = await openServer(options.server, context);
    const postgres = createPostgres(server, context.execute);
    const databases = await wanted(options, postgres);
    if (context.dryRun) return await planned(options, databases, postgres, context);
    const isStreamed = !isOlder(await resticVersion(opened.repository, context), storesCommands);
    const tools = { opened, server, postgres, isStreamed, folder: await context.scratch() };
    const work = createWork(options, tools, context);
    return await creatingIfAbsent(opened, context, async () => {
      await opened.restic.reach();
      return await backUp(databases, work, options, context);
    });
  },
});

/** A drill of ours on the same server comes and goes with its own data. */
async function wanted({ database, databases }: PostgresOptions, postgres: Postgres): Promise<readonly string[]> {
  if (databases === "all") return (await listDatabases(postgres)).filter((name) => !name.startsWith(temporaryPrefix));
  return [...new Set(databases ?? [database ?? ""])];
}

interface Tools {
  readonly opened: OpenedRepository;
  readonly server: PostgresServer;
  readonly postgres: Postgres;
  readonly isStreamed: boolean;
  readonly folder: string;
}

function createWork(options: PostgresOptions, { server, ...tools }: Tools, context: RunnerContext) {
  const { postgres } = tools;
  const settings = { ...tools, minimumRatio: options.minimum_ratio };
  const past = context.history(plausibleHistory).map(({ evidence }) => evidence);

  const store = (dump: Omit<Dump, "location">, database?: string): Promise<StoredDump> =>
    storeDump({ ...dump, location: locationOf(server, database) }, settings, context);

  return {
    async database(database: string) {
      const tables = await countTables(postgres, database);
      const what = `the database ${database}`;
      const lockSeconds = options.lock_timeout;
      const dump: Omit<Dump, "location"> = {
        what,
        command: dumpCommand(postgres, database, { compress: options.compress, lockSeconds }),
        file: dumpFile(database),
        earlier: past.flatMap((evidence) => sizeIn(evidence, database) ?? []),
      };
      const verify: Dump["verify"] = (source) => verifyDump(postgres, context.pipeline, source, `the dump of ${what}`);
      return { database, tables, ...(await store(options.verify ? { ...dump, verify } : dump, database)) };
    },

    async globals(passwords: "with passwords" | "without passwords"): Promise<StoredDump> {
      const what = "the globals";
      await requireServer(postgres);
      const dump = { what, command: globalsCommand(postgres, server, passwords), file: globalsFile, earlier: [] };
      const verify: Dump["verify"] = (source) => verifyGlobals(context.pipeline, source, `the dump of ${what}`);
      return await store(options.verify ? { ...dump, verify } : dump);
    },

    version: () => postgres.version("pg_dump"),
  };
}
type Work = ReturnType<typeof createWork>;

async function backUp(
  databases: readonly string[],
  work: Work,
  options: PostgresOptions,
  context: RunnerContext,
): Promise<StepResult<PostgresEvidence>> {
  const failures: StepError[] = [];
  const dumps: Awaited<ReturnType<Work["database"]>>[] = [];
  const globals = options.globals ? await storeGlobals(work) : null;
  const version = await work.version();
  const evidenceNow = () => evidenceOf(options, context, { dumps, globals, version });
  for (const database of databases) {
    try {
      dumps.push(await work.database(database));
    } catch (error) {
      const failure = toStepError(error);
      if (context.signal.aborted || !ofOneDatabase.has(failure.reason)) throw withEvidence(failure, evidenceNow());
      failures.push(failure);
    }
  }
  const [failure] = failures;
  const evidence = evidenceNow();
  if (failure !== undefined && dumps.length === 0) throw withEvidence(failure, evidence);
  const result = { evidence, bytes: evidence.bytes, files: evidence.files, tail: tailOf(dumps) };
  const message = describe(options, evidence);
  if (failure === undefined) return { ...result, message };
  const missed = failures.map(explainFailure).join("; ");
  return { ...result, outcome: "partial", reason: failure.reason, message: `${message}, but ${missed}` };
}

/** Only a superuser reads the passwords of roles; all else everybody may read. */
async function storeGlobals(work: Work) {
  try {
    return { passwords: "with passwords", ...(await work.globals("with passwords")) } as const;
  } catch (error) {
    if (!(error instanceof StepError) || !deniesRolePasswords(error)) throw error;
  }
  return { passwords: "without passwords", ...(await work.globals("without passwords")) } as const;
}

function evidenceOf(
  { repository, verify }: PostgresOptions,
  { config }: RunnerContext,
  made: {
    readonly dumps: readonly Awaited<ReturnType<Work["database"]>>[];
    readonly globals: Awaited<ReturnType<typeof storeGlobals>> | null;
    readonly version: string;
  },
): PostgresEvidence {
  const { dumps, globals, version } = made;
  const all = [...(globals === null ? [] : [globals]), ...dumps];
  return {
    snapshot_id: all.at(-1)?.snapshotId ?? "",
    snapshot_ids: all.map(({ snapshotId }) => snapshotId),
    repository,
    host: config.host,
    dumps: dumps.map(({ database, snapshotId, bytes, tables }) => ({
      database,
      snapshot_id: snapshotId,
      bytes,
      tables,
    })),
    globals: globals?.passwords ?? "none",
    files: all.length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    bytes_added: all.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0),
    verified: verify,
    pg_dump_version: version,
  };
}

function describe({ repository }: PostgresOptions, { dumps, globals, bytes, snapshot_id }: PostgresEvidence): string {
  const [only] = dumps;
  const what = dumps.length === 1 && only ? only.database : `${dumps.length} databases`;
  const roles = { "with passwords": " and the globals", "without passwords": " and the globals", none: "" }[globals];
  const empty = dumps.filter(({ tables }) => tables === 0).map(({ database }) => database);
  const notes = [
    ...(globals === "without passwords" ? ["the roles without their passwords, which only a superuser may read"] : []),
    ...(empty.length === 0 ? [] : [`${empty.join(", ")} without a single table: see whether that is right`]),
  ];
  const where = `in ${repository} as snapshot ${snapshot_id.slice(0, 8)}`;
  return [`${what}${roles}, ${formatBytes(bytes)}, ${where}`, ...notes].join("; ");
}

async function planned(
  options: PostgresOptions,
  databases: readonly string[],
  postgres: Postgres,
  context: RunnerContext,
): Promise<StepResult<PostgresEvidence>> {
  for (const database of databases) await countTables(postgres, database);
  const version = await postgres.version("pg_dump");
  const evidence = evidenceOf(options, context, { dumps: [], globals: null, version });
  const what = `${databases.join(", ")}${options.globals ? " and the globals" : ""}`;
  return { evidence, message: `would dump ${what} into ${options.repository}` };
}

/** The size that an earlier run gave for the dump of a database; its evidence may be of an older version. */
function sizeIn(evidence: Readonly<Record<string, unknown>>, database: string): number | undefined {
  const dumps = PostgresEvidence().shape.dumps.safeParse(evidence["dumps"]);
  return dumps.data?.find((dump) => dump.database === database)?.bytes;
}

function tailOf(dumps: readonly StoredDump[]): string {
  return dumps
    .map(({ tail }) => tail)
    .filter(Boolean)
    .join("\n");
}
