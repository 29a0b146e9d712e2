import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createDashboards, type DashboardStore } from "./dashboards.ts";
import { createDowntimes, type DowntimeStore } from "./downtimes.ts";
import { createMetadata, type MetadataStore } from "./metric-metadata.ts";
import { asJson, createMonitors, type Json, type MonitorStore, type Reply } from "./monitors.ts";
import { checkShape } from "./shape.ts";
import { createSlos, type SloStore } from "./slos.ts";

/** What can go wrong with one request. `…After`: the work has been done all the same. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "answerAfter"; readonly status: number; readonly text?: string }
  | { readonly kind: "hangUp" }
  | { readonly kind: "hangUpAfter" }
  /** Headers and half of the body, then the connection is closed. */
  | { readonly kind: "halfAfter" }
  /** Never answered. */
  | { readonly kind: "silence" }
  | { readonly kind: "silenceAfter" };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

export interface RateLimit {
  /** Calls of each route in a period. */
  readonly calls: number;
  readonly seconds: number;
}

export interface FakeDatadog {
  readonly url: string;
  readonly monitors: MonitorStore;
  readonly downtimes: DowntimeStore;
  readonly slos: SloStore;
  readonly dashboards: DashboardStore;
  readonly metadata: MetadataStore;
  /** Every request, also those that failed. */
  readonly seen: SeenRequest[];
  /** Requests that write at the same time, at most so far. */
  readonly mostWrites: () => number;
  /** Calls that were refused since the limit had been reached. */
  readonly refused: () => number;
  /** Decides what happens to each request; null: it works. */
  fault: (request: SeenRequest, index: number) => Fault | null;
  limit: RateLimit | null;
  /** Milliseconds that each answer takes. */
  delay: number;
}

export interface FakeOptions {
  readonly apiKey?: string;
  readonly applicationKey?: string;
  readonly organization?: number;
  /** Whether the application key may only read: nothing but that, or what is below these paths. */
  readonly readOnly?: boolean | RegExp;
}

/** Starts a Datadog that has nothing; it is stopped with the test. */
export async function startFakeDatadog(t: Pick<TestContext, "after">, options: FakeOptions = {}): Promise<FakeDatadog> {
  const { apiKey = "api", applicationKey = "app", organization = 7, readOnly = false } = options;
  const monitors = createMonitors(1000, organization);
  const downtimes = createDowntimes(organization);
  const slos = createSlos((id) => monitors.get(id).status === 200);
  const dashboards = createDashboards();
  const metadata = createMetadata();
  const seen: SeenRequest[] = [];
  const periods = new Map<string, { ends: number; calls: number }>();
  const counts = { writes: 0, mostWrites: 0, refused: 0 };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // Who waits for an answer shall not wait for ever to see the test fail.
      request.socket.destroy();
      throw error;
    });
  });
  // What is never answered is ended by the client, or with the server.
  server.requestTimeout = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    const method = request.method ?? "GET";
    const current: SeenRequest = { method, path: pathname, query: String(searchParams) };
    const index = seen.push(current) - 1;
    const body = await bodyOf(request);
    const isWrite = method !== "GET" && !pathname.endsWith("/validate");
    counts.writes += isWrite ? 1 : 0;
    counts.mostWrites = Math.max(counts.mostWrites, counts.writes);
    // A client that hangs up ends its request.
    response.once("close", () => {
      counts.writes -= isWrite ? 1 : 0;
    });
    if (fake.delay > 0) await new Promise((resolve) => setTimeout(resolve, fake.delay));
    const fault = fake.fault(current, index);
    if (fault?.kind === "silence") return;
    if (fault?.kind === "hangUp") return void request.socket.destroy();
    if (fault?.kind === "answer")
      return write(response, fault.status, fault.text ?? '{"errors":["it broke"]}', fault.headers);
    const headers = announce(`${method} ${pathname.replaceAll(/\d{2,}/g, "*")}`);
    if (headers === null) {
      counts.refused += 1;
      return write(response, 429, '{"errors":["Too many requests"]}', announcedHeaders(0, 1));
    }
    const reply = refusal(request, pathname, isWrite) ?? route(method, pathname, searchParams, body);
    checkShape(method, pathname, body, reply);
    const text = reply.json === null ? "" : withFloats(reply.json);
    if (fault === null) return write(response, reply.status, text, headers);
    if (fault.kind === "silenceAfter") return;
    if (fault.kind === "answerAfter")
      return write(response, fault.status, fault.text ?? '{"errors":["it broke"]}', headers);
    if (fault.kind === "halfAfter") {
      response.writeHead(reply.status, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      });
      response.write(text.slice(0, Math.floor(text.length / 2)), () => request.socket.end());
      return;
    }
    request.socket.destroy();
  }

  const mayOnlyRead = (path: string) => (readOnly instanceof RegExp ? readOnly.test(path) : readOnly);

  function refusal({ headers }: IncomingMessage, path: string, isWrite: boolean): Reply | null {
    const isOfOrganization = headers["dd-api-key"] === apiKey;
    // "Check if the API key (not the APP key) is valid", says the description of the API.
    const isKnown =
      isOfOrganization && (path === "/api/v1/validate" || headers["dd-application-key"] === applicationKey);
    if (!isKnown) return { status: 403, json: { errors: ["Forbidden"] } };
    const isForbidden = isWrite && mayOnlyRead(path);
    return isForbidden ? { status: 403, json: { errors: ["Failed permission authorization checks"] } } : null;
  }

  function route(method: string, path: string, query: URLSearchParams, body: Json): Reply {
    const [, rest = null] = /^\/api\/v1\/monitor(?:\/(.+))?$/.exec(path) ?? [];
    if (path === "/api/v1/validate") return { status: 200, json: { valid: true } };
    if (path.startsWith("/api/v1/downtime"))
      return downtimes.route(method, path.slice("/api/v1/downtime/".length), body);
    if (path.startsWith("/api/v1/slo")) return slos.route(method, path.slice("/api/v1/slo/".length), query, body);
    if (path.startsWith("/api/v1/dashboard"))
      return dashboards.route(method, path.slice("/api/v1/dashboard/".length), query, body);
    if (path.startsWith("/api/v1/metrics/")) return metadata.route(method, path.slice("/api/v1/metrics/".length), body);
    if (!path.startsWith("/api/v1/monitor")) return { status: 404, json: { errors: ["Not found"] } };
    if (rest === null) return method === "POST" ? monitors.create(body) : monitors.list(query);
    if (rest === "can_delete") return monitors.canDelete((query.get("monitor_ids") ?? "").split(",").map(Number));
    if (/^(\d+\/)?validate$/.test(rest)) return monitors.validate(body);
    const id = Number(rest);
    if (method === "PUT") return monitors.update(id, body);
    if (method === "DELETE") return monitors.remove(id, query.get("force") === "true");
    return monitors.get(id);
  }

  /** Counts a call. @returns null: there were too many */
  function announce(name: string): Record<string, string> | null {
    const { limit } = fake;
    if (limit === null) return {};
    const now = Date.now();
    const known = periods.get(name);
    const period = known !== undefined && known.ends > now ? known : { ends: now + limit.seconds * 1000, calls: 0 };
    periods.set(name, period);
    if (period.calls >= limit.calls) return null;
    period.calls += 1;
    return announcedHeaders(limit.calls - period.calls, Math.ceil((period.ends - now) / 1000));
  }

  function announcedHeaders(remaining: number, reset: number): Record<string, string> {
    const { calls = 1, seconds = 1 } = fake.limit ?? {};
    return Object.fromEntries(
      Object.entries({ limit: calls, period: seconds, remaining, reset }).map(([name, value]) => [
        `x-ratelimit-${name}`,
        String(value),
      ]),
    );
  }

  const fake: FakeDatadog = {
    url: await listen(server),
    monitors,
    downtimes,
    slos,
    dashboards,
    metadata,
    seen,
    mostWrites: () => counts.mostWrites,
    refused: () => counts.refused,
    fault: () => null,
    limit: null,
    delay: 0,
  };
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return fake;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : asJson(JSON.parse(text));
}

function write(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": text.startsWith("<") ? "text/html" : "application/json", ...headers });
  response.end(text);
}

/** Thresholds come back as 2.0. */
function withFloats(json: unknown): string {
  return JSON.stringify(json).replaceAll(
    /"(critical|warning|critical_recovery|warning_recovery)":(-?\d+)(?=[,}])/g,
    '"$1":$2.0',
  );
}
