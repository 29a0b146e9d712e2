import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

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
  server.listen(0, address);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://${address.includes(":") ? `[${address}]` : address}:${port}`, requests: () => received };
}
