import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";

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
    request.resume();
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  });
  return { ...(await listen(t, server)), attempts: () => attempts };
}
const codes: Readonly<Record<number, string>> = { 403: "AccessDenied", 404: "NoSuchBucket", 503: "SlowDown" };

/** An address of loopback where nobody listens. */
export async function refusingEndpoint(t: Pick<TestContext, "after">): Promise<string> {
  const server = createServer();
  const { endpoint } = await listen(t, server);
  server.close();
  await once(server, "close");
  return endpoint;
}

async function listen(t: Pick<TestContext, "after">, server: Server): Promise<{ endpoint: string; port: number }> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, port };
}
