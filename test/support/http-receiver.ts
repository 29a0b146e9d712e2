import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { listenOnLoopback } from "./loopback.ts";

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface HttpReceiver {
  /** `http://127.0.0.1:PORT`, or `http://[::1]:PORT` */
  readonly endpoint: string;
  /** What has come so far, whole requests only. */
  requests(): readonly ReceivedRequest[];
}

/** Takes every request and remembers it. @param answer what it says; @default 200, OK */
export async function startReceiver(
  t: Pick<TestContext, "after">,
  answer: (request: ReceivedRequest, response: ServerResponse) => void = (_request, response) => response.end("OK"),
  address = "127.0.0.1",
): Promise<HttpReceiver> {
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const whole = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      received.push(whole);
      answer(whole, response);
    });
  });
  const port = await listenOnLoopback(t, server, address);
  return { endpoint: `http://${address.includes(":") ? `[${address}]` : address}:${port}`, requests: () => received };
}
