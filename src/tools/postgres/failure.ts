import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../exec.ts";

/** Names in quotes are blanked before, so that a database called "connection refused" is only a name. The first that matches decides. */
const messageReasons: readonly [RegExp, Reason, advice?: string][] = [
  [/no space left on device|disk quota exceeded|could not extend file/i, "space"],
  [/out of memory|cannot allocate memory/i, "oom"],
  [
    /server version mismatch/,
    "config",
    "install the postgresql-client of the server's version, or name the folder of its programs in server.programs",
  ],
  [
    /unsupported version \([\d.]+\) in file header/,
    "config",
    "the dump was made by a newer pg_dump: install that postgresql-client, or name the folder of its programs in server.programs",
  ],
  [/you must install at least one postgresql-client/i, "tool_missing", "apt-get install postgresql-client"],
  [/does not support SSL|invalid sslmode/, "config", "correct sslmode, or switch SSL on in the server"],
  [
    /invalid (?:LC_\w+ )?locale name|could not create locale/,
    "config",
    "install the locale of the dumped database where the server runs (dpkg-reconfigure locales) and restart it",
  ],
  [
    /permission denied to create database/,
    "auth",
    "let its role create databases: ALTER ROLE … CREATEDB, or use another",
  ],
  [
    /authentication failed|no password supplied|role "" does not exist|pg_hba\.conf|not permitted to log in|permission denied for database/i,
    "auth",
  ],
  [
    /permission denied for /,
    "source",
    "let its role read everything: GRANT pg_read_all_data TO …, or use the owner or a superuser",
  ],
  [/database "" does not exist/, "source", "correct the name of the database, and see that it is the right server"],
  [
    /invalid page in block|could not read block|(?:missing|unexpected) chunk number|cache lookup failed|data is corrupt/,
    "source",
    "the database itself is damaged: stop writing to it, keep the last good backup, look at the server's log",
  ],
  [
    /conflict with recovery/,
    "source",
    "the standby applies changes that the dump is still reading: raise max_standby_streaming_delay there",
  ],
  [/too many (?:clients|connections)|remaining connection slots/, "throttled"],
  [
    /canceling statement due to (?:lock|statement) timeout/,
    "timeout",
    "find out what holds the lock (pg_stat_activity, pg_locks), or wait longer",
  ],
  [/canceling statement due to user request/, "killed", "find out who cancelled it: pg_cancel_backend, or an operator"],
  [
    /connection refused|could not translate host name|Is the server running|closed the connection|terminating connection|starting up|shutting down|in recovery mode|not accepting connections|time(?:d out|out expired)|SSL (?:error|SYSCALL)|certificate|no route to host|unreachable|connection reset|broken pipe|could not receive data/i,
    "network",
  ],
];

const advices: Partial<Record<Reason, string>> & { readonly unknown: string } = {
  space: "make room: in scratch_directory for dumps and restores, in the server's data directory for what it writes",
  oom: "give the machine more memory, or run fewer jobs at once",
  auth: "check user, password and pg_hba.conf; with peer authentication name the system user: server: { run_as: postgres }",
  network: "see that the server runs and that host and port (or the folder of its socket) are right",
  throttled: "wait, or raise max_connections or the role's connection limit",
  killed: "find out who ended it: the kernel's log tells when memory ran out",
  unknown: "look at the last lines of its output",
};

export interface PostgresEnd extends Pick<ToolResult, "exitCode" | "signal" | "stderr"> {
  /** What was to be done, to what: `dump the database app`. */
  readonly task: string;
  /** What it is when its words say nothing that is known. @default unknown */
  readonly otherwise?: Reason;
}

/** The failure of a psql, pg_dump, pg_dumpall or pg_restore that did not end well. */
export function postgresFailure({ task, exitCode, signal, stderr, otherwise = "unknown" }: PostgresEnd): StepError {
  const message = decisiveLines(stderr);
  const words = message.replaceAll(/"[^"]*"/g, '""');
  const [, known, special] = messageReasons.find(([pattern]) => pattern.test(words)) ?? [];
  const reason = known ?? (signal === null && (exitCode ?? 0) <= 128 ? otherwise : "killed");
  const advice = special ?? advices[reason] ?? advices.unknown;
  const how = signal === null ? `exit code ${exitCode}` : `it was ended by ${signal}`;
  return new StepError(reason, `could not ${task}: ${sentence(message) || how}`, {
    exitCode,
    signal,
    tail: stderr,
    advice,
  });
}

/** The rights of the role do not reach to the passwords of all roles, which only a superuser reads. */
export function deniesRolePasswords(failure: StepError): boolean {
  return /permission denied for (?:table|relation|view) pg_authid/.test(failure.message);
}

/** Without warnings, and without the statement that failed: it may hold any words. */
function decisiveLines(stderr: string): string {
  const lines = stderr.split("\n");
  const statement = lines.findIndex((line) => /^(?:\w+: detail: )?(?:Command|Query) was: |^LINE \d+: /.test(line));
  return lines
    .slice(0, statement === -1 ? undefined : statement)
    .filter((line) => line.trim() !== "" && !/^(?:\w+: )?(?:warning|NOTICE|WARNING): /.test(line))
    .join("\n");
}

/** The first line for a person, and what the server or the program adds to it. */
function sentence(message: string): string {
  const [first = "", ...rest] = message.split("\n");
  const added = rest
    .find((line) => /: detail: /.test(line))
    ?.replace(/^.*: detail: (?:Error message from server: )?/, "");
  const said = clean(first).replace(/:? ?PQ\w+\(\) failed\.$/, "");
  return added === undefined ? said : `${said}: ${clean(added)}`;
}

const clean = (line: string) => line.replace(/^(?:\w+: error: )/, "").replace(/\b(?:ERROR|FATAL|PANIC): +/, "");
