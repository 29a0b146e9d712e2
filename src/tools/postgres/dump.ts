import { StepError } from "../../model/run/outcome.ts";
import type { Pipeline } from "../exec.ts";
import type { Postgres, PostgresCommand, PostgresServer } from "./postgres.ts";

export interface DumpSettings {
  /** pg_dump's own compression, 0 to 9. */
  readonly compress: number;
  /** How long it may wait for a lock on a table. */
  readonly lockSeconds: number;
}

/** Every database that holds somebody's data: no templates, none whose removal was interrupted (datconnlimit -2). */
const allDatabases =
  "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2 ORDER BY datname";

const ownTables =
  "SELECT count(*) FROM pg_class JOIN pg_namespace AS schema ON schema.oid = relnamespace WHERE relkind IN ('r', 'p', 'f')" +
  " AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'";

/** pg_dumpall keeps to itself why it could not connect; psql tells it. */
export async function requireServer(postgres: Postgres): Promise<void> {
  await postgres.query("reach the server", ["SELECT 1"]);
}

export async function listDatabases(postgres: Postgres): Promise<readonly string[]> {
  const rows = await postgres.query("list the databases", [allDatabases]);
  return rows.flatMap(([name]) => (name === undefined ? [] : [name]));
}

/** Tables that are somebody's own: none may be right, and is worth a word. */
export async function countTables(postgres: Postgres, database: string): Promise<number> {
  const [row] = await postgres.query(`look at the database ${database}`, [ownTables], { database });
  return Number(row?.[0] ?? 0);
}

/** A whole database on standard output, fit to be restored by anybody into a database of any name. */
export function dumpCommand(postgres: Postgres, database: string, settings: DumpSettings): PostgresCommand {
  const lock = `--lock-wait-timeout=${Math.ceil(settings.lockSeconds * 1000)}`;
  const args = ["--format=custom", "--no-owner", "--no-privileges", `--compress=${settings.compress}`, lock];
  return postgres.command("pg_dump", args, database);
}

/** Roles and tablespaces, which belong to no database, on standard output. */
export function globalsCommand(
  postgres: Postgres,
  { maintenanceDatabase }: Pick<PostgresServer, "maintenanceDatabase">,
  passwords: "with passwords" | "without passwords",
): PostgresCommand {
  const without = passwords === "without passwords" ? ["--no-role-passwords"] : [];
  return postgres.command("pg_dumpall", ["--globals-only", ...without, `--database=${maintenanceDatabase}`]);
}

/** What pg_dumpall writes last. */
const lastLine = "-- PostgreSQL database cluster dump complete";

/**
 * Reads a dump from its beginning to its end, as a restore would: a listing of its contents would not notice that the end is missing.
 * @param source what writes the dump to its standard output
 * @throws StepError `verification` when it is damaged or cut off, and what reading it throws
 */
export async function verifyDump(
  postgres: Postgres,
  pipeline: Pipeline,
  source: Parameters<Pipeline>[0]["programs"][0],
  name: string,
): Promise<void> {
  const check = postgres.command("pg_restore", ["--file=/dev/null"]);
  await pipeline({
    programs: [source, { ...check, failure: (end) => unreadable(postgres.failure({ task: `read ${name}`, ...end })) }],
  });
}

/** @throws StepError `verification` when its end is missing, and what reading it throws */
export async function verifyGlobals(
  pipeline: Pipeline,
  source: Parameters<Pipeline>[0]["programs"][0],
  name: string,
): Promise<void> {
  const { programs } = await pipeline({ programs: [source, { argv: ["tail", "-n", "20"] }] });
  if (programs.at(-1)?.stdout.includes(lastLine)) return;
  throw new StepError("verification", `${name} is cut off: its last line is missing`, { advice: "dump it again" });
}

/** Damaged lengths make pg_restore ask for more memory than there is. */
function unreadable({ reason, message, details }: StepError): StepError {
  if (reason === "config" || reason === "killed") return new StepError(reason, message, details);
  return new StepError("verification", message, {
    ...details,
    advice: "dump it again; if it happens again, look at the disks and the memory of this machine",
  });
}
