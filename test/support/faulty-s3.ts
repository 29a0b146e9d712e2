import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { listenOnLoopback } from "./loopback.ts";

/**
 * What becomes of one request: handed on; answered with a status, or a body of the test's own; handed on, and the answer cut off after some
 * bytes; or never answered.
 */
export type Fault = "pass" | number | { readonly cutAfter: number } | { readonly instead: string } | "silence";

export interface FaultyS3 {
  readonly endpoint: string;
  /** `GET /bucket/key?list-type=2` of every request so far. */
  readonly requests: readonly string[];
}

/**
 * Stands before an S3 server and spoils what it is told to.
 * @param fault asked for each request
 */
export async function startFaultyS3(
  t: Pick<TestContext, "after">,
  upstream: string,
  fault: (method: string, path: string, query: URLSearchParams) => Fault,
): Promise<FaultyS3> {
  const requests: string[] = [];
  const server = createServer((incoming, answer) => {
    incoming.on("error", () => answer.destroy());
    const { method = "GET", url = "/" } = incoming;
    requests.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, upstream);
    const decided = fault(method, decodeURIComponent(pathname), searchParams);
    if (decided === "silence") return void incoming.resume();
    if (typeof decided === "number") return refuse(incoming, answer, decided);
    if (typeof decided === "object" && "instead" in decided) return lie(incoming, answer, decided.instead);
    forward(upstream, incoming, answer, decided);
  });
  return { endpoint: `http://127.0.0.1:${await listenOnLoopback(t, server)}`, requests };
}

const codes: Readonly<Record<number, string>> = { 403: "AccessDenied", 503: "SlowDown" };

function refuse(incoming: IncomingMessage, answer: ServerResponse, status: number): void {
  const code = codes[status] ?? "InternalError";
  incoming.resume().on("end", () => {
    answer.writeHead(status, { "content-type": "application/xml" });
    answer.end(`<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  });
}

function lie(incoming: IncomingMessage, answer: ServerResponse, body: string): void {
  incoming.resume().on("end", () => answer.writeHead(200, { "content-type": "application/xml" }).end(body));
}

function forward(
  upstream: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: "pass" | { readonly cutAfter: number },
) {
  const { method, url = "/", headers } = incoming;
  const outgoing = httpRequest(new URL(url, upstream), { method, headers }, async (response) => {
    const { statusCode = 502, headers: answered } = response;
    answer.writeHead(statusCode, answered);
    if (fault === "pass") return void response.pipe(answer);
    let left = fault.cutAfter;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      answer.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
    // What was written is on its way before the connection ends in the middle of the answer.
    setImmediate(() => answer.destroy());
  });
  outgoing.on("error", () => answer.destroy());
  incoming.pipe(outgoing);
}
