import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { restServer } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";
import type { Namespace } from "./namespace.ts";
import { startProcess } from "./process.ts";

export interface RestServerOptions {
  /** Nothing but locks can be removed. @default true */
  readonly appendOnly?: boolean;
  /** Each user reaches nothing but the folder of its name. @default true */
  readonly privateRepos?: boolean;
  /** Passwords by user; @default {}: nobody has to log in */
  readonly users?: Readonly<Record<string, string>>;
  /** With a certificate of its own, see `certificate`. @default false */
  readonly tls?: boolean;
  /** @default a folder that goes with the test */
  readonly folder?: string;
  /** On a machine of its own; @default this one, on loopback */
  readonly namespace?: Namespace;
}

export interface RestServer {
  readonly pid: number;
  /** Where the repositories lie. */
  readonly folder: string;
  /** The certificate that a client has to trust; null without TLS. */
  readonly certificate: string | null;
  /** As restic's -r takes it: `rest:https://user:password@127.0.0.1:PORT/PATH`. @param path `alice/` of the private folder of alice */
  location(path: string, user?: string): string;
  stop(): Promise<unknown>;
}

/** restic's own server on loopback for one test. */
export async function startRestServer(
  t: Pick<TestContext, "after">,
  options: RestServerOptions = {},
): Promise<RestServer> {
  const { appendOnly = true, users = {}, tls = false } = options;
  const withUsers = Object.keys(users).length > 0;
  const base = temporaryDirectory(t);
  const folder = options.folder ?? join(base, "hub");
  mkdirSync(folder, { recursive: true });
  const address = options.namespace?.address ?? "127.0.0.1";
  const certificate = tls ? createCertificate(base, address) : null;
  const port = await freePort();
  const server = await startProcess(
    t,
    [
      ...((options.namespace?.enter ?? []) as []),
      restServer(),
      ...["--path", folder, "--listen", `${address}:${port}`],
      ...(appendOnly ? ["--append-only"] : []),
      ...(withUsers ? ["--htpasswd-file", writeUsers(base, users)] : ["--no-auth"]),
      ...(withUsers && (options.privateRepos ?? true) ? ["--private-repos"] : []),
      ...(tls ? ["--tls", "--tls-cert", join(base, "cert.pem"), "--tls-key", join(base, "key.pem")] : []),
    ],
    { ready: /start server on|listening on/i },
  );
  return {
    pid: server.pid,
    folder,
    certificate,
    location: (path, user) => {
      const login = user === undefined ? "" : `${user}:${users[user]}@`;
      return `rest:http${tls ? "s" : ""}://${login}${address}:${port}/${path}`;
    },
    stop: () => server.stop(),
  };
}

/** The format that Apache calls {SHA}; rest-server takes bcrypt as well. */
function writeUsers(base: string, users: Readonly<Record<string, string>>): string {
  const lines = Object.entries(users).map(
    ([user, password]) => `${user}:{SHA}${createHash("sha1").update(password).digest("base64")}\n`,
  );
  const file = join(base, "htpasswd");
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return file;
}

/** Valid for a day, signed by itself. */
function createCertificate(base: string, address: string): string {
  const file = join(base, "cert.pem");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
      ...["-keyout", join(base, "key.pem"), "-out", file, "-subj", `/CN=${address}`],
      ...["-addext", `subjectAltName=IP:${address}`],
    ],
    { stdio: "pipe", timeout: 30_000 },
  );
  return file;
}
