import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./directory.ts";
import { listenOnLoopback } from "./loopback.ts";

export interface HostileServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  /** How many connections (black hole) or requests (answering) have come. */
  attempts(): number;
}

/** Takes every connection and never says a word. */
export async function startBlackHole(t: Pick<TestContext, "after">): Promise<HostileServer> {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    // Read and forgotten; a client that gives up resets the connection, which is its good right.
    socket.on("error", () => socket.destroy()).resume();
  });
  return { ...(await listen(t, server)), attempts: () => attempts };
}

/** Answers every request with one status, as S3 words it: 403 is AccessDenied, 503 is SlowDown. */
export async function startAnswering(
  t: Pick<TestContext, "after">,
  status: number,
  code: string = codes[status] ?? "InternalError",
): Promise<HostileServer> {
  let attempts = 0;
  const server = createHttpServer((request, response) => {
    attempts += 1;
    refuse(request, response, { status, code });
  });
  return { ...(await listen(t, server)), attempts: () => attempts };
}
const codes: Readonly<Record<number, string>> = { 403: "AccessDenied", 404: "NoSuchBucket", 503: "SlowDown" };

/** What a server says instead of doing what it is asked, as S3 words it; without a code: nothing. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  /** @default the code */
  readonly message?: string;
}

function refuse(incoming: IncomingMessage, response: ServerResponse, { status, code, message }: Refusal): void {
  incoming.resume();
  response.writeHead(status, { "content-type": "application/xml" });
  const error = `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${message ?? code}</Message></Error>`;
  response.end(code === undefined ? undefined : error);
}

/** Hands everything on to another server, but what it refuses or leaves without an answer. @param upstream its endpoint */
export async function startRefusingSome(
  t: Pick<TestContext, "after">,
  upstream: string,
  refusalOf: (incoming: IncomingMessage) => Refusal | "silence" | null,
): Promise<HostileServer> {
  let attempts = 0;
  const server = createHttpServer((incoming, response) => {
    attempts += 1;
    const refusal = refusalOf(incoming);
    if (refusal === "silence") return void incoming.resume();
    if (refusal !== null) return refuse(incoming, response, refusal);
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? "/", upstream), { method: method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  return { ...(await listen(t, server)), attempts: () => attempts };
}

/** Speaks TLS, with a certificate that nobody trusts. The endpoint is `https://127.0.0.1:PORT`. */
export async function startUntrusted(t: Pick<TestContext, "after">): Promise<HostileServer> {
  const folder = temporaryDirectory(t);
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", cert], { stdio: "pipe" });
  let attempts = 0;
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => response.end());
  server.on("connection", () => {
    attempts += 1;
  });
  const { port } = await listen(t, server);
  return { endpoint: `https://127.0.0.1:${port}`, port, attempts: () => attempts };
}

/** Takes every connection, and resets it as soon as something is asked. */
export async function startResetting(t: Pick<TestContext, "after">): Promise<HostileServer> {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    socket.on("error", () => socket.destroy()).once("data", () => socket.resetAndDestroy());
  });
  return { ...(await listen(t, server)), attempts: () => attempts };
}

/** An address of loopback where nobody listens. */
export async function refusingEndpoint(t: Pick<TestContext, "after">): Promise<string> {
  const server = createServer();
  const { endpoint } = await listen(t, server);
  server.close();
  await once(server, "close");
  return endpoint;
}

async function listen(t: Pick<TestContext, "after">, server: Server): Promise<{ endpoint: string; port: number }> {
  const port = await listenOnLoopback(t, server);
  return { endpoint: `http://127.0.0.1:${port}`, port };
}
