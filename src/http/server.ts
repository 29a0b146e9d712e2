import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { StepError } from "../model/run/outcome.ts";
import { formatAddress, type ListenAddress, parseListen } from "./address.ts";
import { type ApplicationOptions, createApplication } from "./application.ts";

export interface ServerOptions extends ApplicationOptions {
  /** `ADDRESS:PORT`; port 0 is any that is free. */
  readonly listen: string;
  /** Allows another address than this machine's own without a token. */
  readonly open: boolean;
}

export interface RunningServer {
  /** `127.0.0.1:9471` */
  readonly address: string;
  /** `http://127.0.0.1:9471/` */
  readonly url: string;
  /** Takes no more requests, lets those under way end (2 s at most), and ends. */
  readonly close: () => Promise<void>;
}

/** Far more than scrapers need, few enough that a flood cannot eat the memory. */
const mostConnections = 256;
const closingGraceMs = 2000;

/**
 * Serves until it is closed.
 * @throws StepError `config`: the address cannot be listened on, or would be open to others without a token
 */
export async function startServer({ listen, open, ...application }: ServerOptions): Promise<RunningServer> {
  const wanted = await parseListen(listen);
  if (!wanted.loopback && application.token === null && !open) {
    throw new StepError("config", `refusing to listen on ${listen} without a token: others could read the metrics`, {
      advice: "set outputs.prometheus.token, listen on 127.0.0.1, or say outputs.prometheus.open: true",
    });
  }
  // A client has 5 s for its headers, 10 s for its request and 30 s without a byte; the check for it runs every 2 s.
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 2000, maxHeaderSize: 16_384 },
    createApplication(application),
  );
  server.setTimeout(30_000);
  // Longer than the usual time between two scrapes, so that a scraper keeps its connection.
  server.keepAliveTimeout = 75_000;
  server.maxConnections = mostConnections;
  await startListening(server, wanted, listen);
  // An error of the listening socket later on (out of file descriptors) must not end the process.
  server.on("error", (error) => application.log(`HTTP server: ${error.message}`));
  const { address: host, port } = server.address() as AddressInfo;
  const address = formatAddress(host, port);
  let closed: Promise<void> | undefined;
  return {
    address,
    url: `http://${address}/`,
    close: () => {
      closed ??= close(server);
      return closed;
    },
  };
}

async function startListening(server: Server, { host, port }: ListenAddress, listen: string): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const [why, advice] = refusals[code]?.(port) ?? [String(cause), "choose another ADDRESS:PORT"];
    throw new StepError("config", `cannot listen on ${listen}: ${why}`, { advice, cause });
  }
}

const refusals: Readonly<Record<string, (port: number) => readonly [why: string, advice: string]>> = {
  EADDRINUSE: (port) => [
    `port ${port} is in use by another program`,
    `see which with "ss -ltnp 'sport = :${port}'", end it, or choose another port`,
  ],
  EACCES: (port) => [`port ${port} needs a privilege that this process does not have`, "choose a port above 1023"],
  EADDRNOTAVAIL: () => ["this machine has no such address", 'see its addresses with "ip -brief address"'],
};

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), closingGraceMs);
  await closed;
  clearTimeout(timer);
}
