import { randomBytes } from "node:crypto";
import { StepError } from "../../model/run/outcome.ts";
import { redirected } from "../process/redirect.ts";
import { type Postgres, quoteName } from "./postgres.ts";

/** By this a database is known to be ours and to be removable. */
export const temporaryPrefix = "pantheros_drill_";
const temporaryName = /^pantheros_drill_[0-9a-f]{16}$/;

/** A name that no database has. */
export function newTemporaryName(random: (size: number) => Buffer = randomBytes): string {
  return temporaryPrefix + random(8).toString("hex");
}

/** Encoding and locale of a database, as CREATE DATABASE takes them; empty: the server's own. */
export type DatabaseDefinition = string;

const clause =
  /\b(?:ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|LC_CTYPE|ICU_LOCALE|ICU_RULES|BUILTIN_LOCALE) = (?:'(?:[^']|'')*'|\w+)/g;

/**
 * What a dump says of the database that it is of. Text in another encoding or locale could be refused, or sorted in another way than in the
 * original. The tablespace is left out: the server of a drill has none of that name.
 * @throws StepError `verification` when the dump cannot be read
 */
export async function readDefinition(postgres: Postgres, file: string): Promise<DatabaseDefinition> {
  let definition = "";
  const command = postgres.command("pg_restore", ["--create", "--section=pre-data", "--file=-"]);
  await load(postgres, `read the dump ${file}`, redirectedFrom(file, command), {
    onStdoutLine: (line) => {
      if (definition === "") definition = parseDefinition(line);
    },
  });
  return definition;
}

/** @param line of a script that pg_restore --create writes; other lines than that of the database give nothing */
export function parseDefinition(line: string): DatabaseDefinition {
  if (!line.startsWith("CREATE DATABASE ")) return "";
  const settings = line.slice(line.lastIndexOf(" WITH TEMPLATE = "));
  return (settings.match(clause) ?? []).join(" ");
}

export interface TemporaryDatabase {
  readonly name: string;
  readonly definition: DatabaseDefinition;
  /** Connections that it lets in at the same time; superusers are not counted. */
  readonly connections: number;
}

/** An empty database that only its owner, who makes it, may connect to. */
export async function createTemporary(postgres: Postgres, wanted: TemporaryDatabase): Promise<void> {
  const name = quoteName(wanted.name);
  const settings = `TEMPLATE = template0 ${wanted.definition} CONNECTION LIMIT = ${wanted.connections}`;
  await postgres.query(
    `create the temporary database ${wanted.name}`,
    [`CREATE DATABASE ${name} WITH ${settings}`, `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`],
    { timeoutSeconds: 600 },
  );
}

/**
 * Removes a temporary database, whoever is connected to it; one that is not there is no failure. A client that was killed while it asked for the
 * database may have left its request behind, so whoever calls himself like the database is ended first.
 * @throws StepError `config` for any other database, and why it could not be removed
 */
export async function dropTemporary(postgres: Postgres, name: string): Promise<void> {
  if (!temporaryName.test(name)) {
    throw new StepError("config", `${JSON.stringify(name)} is no temporary database of ours and is left alone`, {
      advice: "remove it by hand if nobody needs it",
    });
  }
  await postgres.query(`remove the temporary database ${name}`, [
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '${name}' AND pid <> pg_backend_pid()`,
    `DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`,
  ]);
}

/**
 * Loads a dump, and fails at the first thing that cannot be loaded. Left out is what reaches outside of the database: a subscription would keep it
 * from being removed.
 * @param jobs how many parts are loaded at the same time
 * @throws StepError `verification` when the dump cannot be restored, and what is wrong with the server
 */
export async function loadDump(postgres: Postgres, file: string, database: string, jobs: number): Promise<void> {
  const outside = ["--no-owner", "--no-privileges", "--no-tablespaces", "--no-publications", "--no-subscriptions"];
  const args = [...outside, "--no-security-labels", "--exit-on-error", `--jobs=${jobs}`, `--dbname=${database}`];
  const command = postgres.command("pg_restore", [...args, "/dev/stdin"]);
  await load(postgres, `restore the dump into ${database}`, redirectedFrom(file, command), {});
}

type Command = ReturnType<Postgres["command"]>;

/** Opened by us: the folder of the file is closed to whom the program may run as. */
function redirectedFrom(file: string, { argv, environment }: Command): Command {
  return { argv: redirected("stdin", file, argv), environment };
}

function load(postgres: Postgres, task: string, command: Command, more: Parameters<Postgres["run"]>[2]) {
  return disproving(
    () => postgres.run(task, command, more),
    "the dump cannot be restored like this: look at the last lines, and make a new backup",
  );
}

/** What is wrong in a way that is not the server's: the backup is. Damaged lengths make pg_restore ask for more memory than there is. */
async function disproving<Result>(work: () => Promise<Result>, advice: string): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError) || (error.reason !== "unknown" && error.reason !== "oom")) throw error;
    throw new StepError("verification", error.message, { ...error.details, advice });
  }
}

/** What is in a database, as its statistics count it. */
export interface DatabaseContent {
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
}

export async function measureContent(postgres: Postgres, database: string): Promise<DatabaseContent> {
  const [row = []] = await postgres.query(
    `measure the database ${database}`,
    ["SELECT count(*), coalesce(sum(n_live_tup), 0), pg_database_size(current_database()) FROM pg_stat_user_tables"],
    { database },
  );
  const [tables = 0, rows = 0, bytes = 0] = row.map(Number);
  return { tables, rows, bytes };
}

/**
 * The one value of a query; null: no row. Nothing can be changed by it.
 * @throws StepError `verification` when it has more than one value, and what the server says
 */
export async function queryValue(
  postgres: Postgres,
  {
    sql,
    database,
    timeoutSeconds,
  }: { readonly sql: string; readonly database: string; readonly timeoutSeconds: number },
): Promise<string | null> {
  const task = `run the query ${sql}`;
  const limits = [
    `SET statement_timeout = ${Math.ceil(timeoutSeconds * 1000)}`,
    "SET default_transaction_read_only = on",
  ];
  const rows = await disproving(
    () => postgres.query(task, [...limits, sql], { database, timeoutSeconds: timeoutSeconds + 30 }),
    "correct the query, or see why what it asks for was not restored",
  );
  if (rows.length > 1 || (rows[0]?.length ?? 1) > 1) {
    throw new StepError("verification", `could not ${task}: it gives more than one value`, {
      advice: "write a query with one row and one column, e.g. SELECT count(*) FROM …",
    });
  }
  return rows[0]?.[0] ?? null;
}
