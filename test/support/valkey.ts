import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { falkordbDirectory, valkeyServer } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";
import { type RunningProcess, startProcess } from "./process.ts";

export interface ValkeyServer extends Pick<RunningProcess, "pid" | "output" | "stop"> {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Path of its Unix socket. */
  readonly socket: string;
  /** Where it puts its dumps. */
  readonly directory: string;
  readonly client: string;
  readonly checker: string;
  /** One command as its operator, with the password where there is one. */
  call(...command: string[]): string;
}

export interface ValkeyOptions {
  readonly directory?: string;
  readonly password?: string;
  /** Further settings: `--appendonly`, `yes`. */
  readonly settings?: readonly string[];
}

/** A real Valkey for one test, in a private folder, on loopback; it saves only when it is told to. */
export function startValkey(t: Pick<TestContext, "after">, options: ValkeyOptions = {}): Promise<ValkeyServer> {
  const server = valkeyServer();
  const beside = (program: string) => join(dirname(server), program);
  return start(t, server, beside("valkey-cli"), beside("valkey-check-rdb"), options);
}

/** A real FalkorDB: a Redis with the module of graphs. */
export function startFalkordb(t: Pick<TestContext, "after">, options: ValkeyOptions = {}): Promise<ValkeyServer> {
  const at = (program: string) => join(falkordbDirectory(), program);
  const settings = ["--loadmodule", at("falkordb.so"), ...(options.settings ?? [])];
  return start(t, at("redis-server"), at("redis-cli"), at("redis-check-rdb"), { ...options, settings });
}

async function start(
  t: Pick<TestContext, "after">,
  program: string,
  client: string,
  checker: string,
  { directory = temporaryDirectory(t), password, settings = [] }: ValkeyOptions,
): Promise<ValkeyServer> {
  const private_ = temporaryDirectory(t);
  chmodSync(private_, 0o755);
  const socket = join(private_, "socket");
  const port = await freePort();
  const server = await startProcess(
    t,
    [
      program,
      ...["--bind", "127.0.0.1", "--port", String(port), "--unixsocket", socket],
      ...["--dir", directory, "--save", "", ...(password === undefined ? [] : ["--requirepass", password])],
      ...["--repl-diskless-sync-delay", "0", ...settings],
    ],
    { ready: /Ready to accept connections unix/ },
  );
  const environment = { ...process.env, ...(password === undefined ? {} : { REDISCLI_AUTH: password }) };
  return {
    pid: server.pid,
    output: server.output,
    stop: server.stop,
    address: `127.0.0.1:${port}`,
    socket,
    directory,
    client,
    checker,
    call: (...command) =>
      execFileSync(client, ["-s", socket, "-e", ...command], { encoding: "utf8", env: environment, timeout: 20_000 }),
  };
}
