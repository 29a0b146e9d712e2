import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import { type Account, asAccount } from "../account.ts";
import type { Execute, ToolCall, ToolResult } from "../exec.ts";
import { type PostgresEnd, postgresFailure } from "./failure.ts";

/** How a PostgreSQL server is reached; what is left out is libpq's own default: the local socket, port 5432, the user's own name. */
export interface PostgresServer {
  /** A name, an address, or the folder of the socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: Secret;
  readonly sslmode?: string;
  /** Connected to where no other is meant. */
  readonly maintenanceDatabase: string;
  /** Folder of psql, pg_dump, pg_dumpall, pg_restore. @default PATH */
  readonly programs?: string;
  /** Whom the programs run as. @default ourselves */
  readonly account?: Account;
  /** How it shows in pg_stat_activity. @default pantheros */
  readonly application?: string;
}

/** A program with what it needs to reach the server; no secret is among its arguments. */
export type PostgresCommand = Required<Pick<ToolCall, "argv" | "environment">>;

/** A value as psql prints it; null: NULL cannot be told from empty text, both are empty. */
export type Row = readonly string[];

export interface Postgres {
  /** @param args all but the connection @param database @default the maintenance database */
  command(program: Program, args: readonly string[], database?: string): PostgresCommand;
  /** Runs a command to its good end. @throws StepError as `postgresFailure` says, or what `execute` throws */
  run(task: string, command: PostgresCommand, more?: Omit<Partial<ToolCall>, "argv">): Promise<ToolResult>;
  /** Its rows. Several statements run one after the other, each by itself. */
  query(task: string, statements: readonly string[], more?: QueryOptions): Promise<readonly Row[]>;
  failure(end: PostgresEnd): StepError;
  /** `15.18`, of one of its programs. @throws StepError `tool_missing` */
  version(program: Program): Promise<string>;
}
export type Program = "psql" | "pg_dump" | "pg_dumpall" | "pg_restore";

export interface QueryOptions {
  /** @default the maintenance database */
  readonly database?: string;
  /** How long it may take, the connection included. @default 60 */
  readonly timeoutSeconds?: number;
}

/** ASCII's own separator: text that people write holds bars and line ends, but not this. Records end with NUL, which no text can hold. */
const fieldSeparator = "\u001f";
/** So that what is printed can be read. For dumps the encoding is left alone: what is no UTF-8 in the database must not be refused. */
const psqlSettings = { PGCLIENTENCODING: "UTF8", PGTZ: "UTC", PGDATESTYLE: "ISO" };
/** Seconds; libpq alone would wait as long as the kernel does, which is minutes. */
const connectSeconds = "15";

/**
 * The password goes by environment, not by a PGPASSFILE: a file would have to be readable for whom the program runs as, would stay on the disk after
 * a kill until it is tidied up, and shows no less: on Linux only the same user and root can read a process's environment.
 */
export function createPostgres(server: PostgresServer, execute: Execute): Postgres {
  const environmentOf = (database: string): NonNullable<ToolCall["environment"]> => ({
    ...(server.host === undefined ? {} : { PGHOST: server.host }),
    ...(server.port === undefined ? {} : { PGPORT: String(server.port) }),
    ...(server.user === undefined ? {} : { PGUSER: server.user }),
    ...(server.password === undefined ? {} : { PGPASSWORD: server.password }),
    ...(server.sslmode === undefined ? {} : { PGSSLMODE: server.sslmode }),
    // As a variable it is taken as it is; as an argument a name like host=… would be read as a connection string.
    PGDATABASE: database,
    PGAPPNAME: server.application ?? "pantheros",
    PGCONNECT_TIMEOUT: connectSeconds,
  });
  const file = (program: Program) => (server.programs === undefined ? program : join(server.programs, program));

  const postgres: Postgres = {
    command(program, args, database = server.maintenanceDatabase) {
      const argv = [file(program), "--no-password", ...args] as const;
      return {
        argv: server.account === undefined ? argv : asAccount(server.account, argv),
        environment: environmentOf(database),
      };
    },

    async run(task, command, more = {}) {
      const result = await execute({ ...more, ...command });
      if (result.exitCode !== 0) throw postgresFailure({ task, ...result });
      return result;
    },

    async query(task, statements, { database, timeoutSeconds = 60 } = {}) {
      const format = ["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1"];
      const separators = [`--field-separator=${fieldSeparator}`, "--record-separator-zero"];
      const args = [...format, ...separators, ...statements.map((sql) => `--command=${sql}`)];
      const { argv, environment } = postgres.command("psql", args, database);
      const readable = { argv, environment: { ...environment, ...psqlSettings } };
      const { stdout } = await postgres.run(task, readable, { timeoutSeconds });
      return parseRows(stdout);
    },

    failure: postgresFailure,

    async version(program) {
      const { exitCode, stdout, stderr } = await execute({ argv: [file(program), "--version"], timeoutSeconds: 30 });
      const version = /\(PostgreSQL\) (\d+(?:\.\d+)*)/.exec(stdout)?.[1];
      if (exitCode === 0 && version !== undefined) return version;
      throw new StepError("tool_missing", `${file(program)} does not say which PostgreSQL it belongs to`, {
        advice: "apt-get install postgresql-client, or name the folder of its programs in server.programs",
        exitCode,
        tail: stdout.slice(0, 2000) + stderr,
      });
    },
  };
  return postgres;
}

export function parseRows(stdout: string): readonly Row[] {
  return stdout
    .split("\0")
    .slice(0, -1)
    .map((record) => record.split(fieldSeparator));
}

/** A name as SQL takes it, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
