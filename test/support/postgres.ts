import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { postgresDirectory } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";

const nobody = 65_534;

export interface PostgresServer {
  /** Folder of its socket. */
  readonly host: string;
  readonly port: number;
  /** A superuser; locally without a password, over 127.0.0.1 with `opensesame`. */
  readonly user: string;
  /** Folder of psql, pg_dump, … of the same version. */
  readonly programs: string;
  /** Runs SQL by hand and gives back what psql prints, without headers. */
  sql(text: string, database?: string): string;
  /** Names of all databases. */
  databases(): readonly string[];
  stop(mode?: "fast" | "immediate"): void;
  start(): void;
}

/** As the owner of a cluster, which must not be root. Who reads root's own files is root all the same. */
function asOwner(argv: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return argv;
  const identity = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  // The last one lets access(2), which initdb asks, see the capability too.
  const reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup"];
  return ["setpriv", ...identity, ...reading, ...argv];
}

/** A cluster of its own in a temporary folder, stopped with the test. @param programs folder of the programs; @default the oldest PostgreSQL */
export async function startPostgres(
  t: Pick<TestContext, "after">,
  programs: string = postgresDirectory(),
): Promise<PostgresServer> {
  // Its folder has to be there until it has ended.
  const last: (() => void)[] = [];
  const base = temporaryDirectory({ after: (clean) => void last.push(clean as () => void) });
  chmodSync(base, 0o755);
  const home = join(base, "server");
  mkdirSync(home);
  if (process.getuid?.() === 0) chownSync(home, nobody, nobody);
  const [host, cluster, port, user] = [home, join(home, "cluster"), await freePort(), "admin"];
  const run = (program: string, ...args: readonly string[]) => {
    const [file = "", ...argv] = asOwner([join(programs, program), ...args]);
    const { status, stderr } = spawnSync(file, argv, {
      encoding: "utf8",
      cwd: home,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  writeFileSync(join(base, "password"), "opensesame\n", { mode: 0o644 });
  const access = ["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${join(base, "password")}`];
  run(
    "initdb",
    `--pgdata=${cluster}`,
    `--username=${user}`,
    ...access,
    "--no-sync",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
  );
  appendFileSync(
    join(cluster, "postgresql.conf"),
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${host}'\nfsync = off\nmax_connections = 30\nshared_buffers = 16MB\n`,
  );
  const control = (...words: string[]) => run("pg_ctl", `--pgdata=${cluster}`, "--wait", ...words);
  const server: PostgresServer = {
    host,
    port,
    user,
    programs,
    sql: (text, database = "postgres") =>
      execFileSync(join(programs, "psql"), ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text], {
        encoding: "utf8",
        timeout: 60_000,
        env: {
          ...process.env,
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: user,
          PGDATABASE: database,
          PGCLIENTENCODING: "UTF8",
        },
        stdio: ["ignore", "pipe", "pipe"],
      }).trim(),
    databases: () => server.sql("SELECT datname FROM pg_database ORDER BY 1").split("\n"),
    stop: (mode = "fast") => control("stop", `--mode=${mode}`),
    start: () => control("start", `--log=${join(home, "log")}`),
  };
  t.after(() => {
    try {
      if (isRunning(cluster)) server.stop("immediate");
    } finally {
      for (const clean of last) clean();
    }
  });
  server.start();
  return server;
}

/** A server removes this file when it ends. */
function isRunning(cluster: string): boolean {
  return existsSync(join(cluster, "postmaster.pid"));
}
