import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Scope } from "./scope.ts";

/** What a server can do wrong, from the point of view of its client. */
export type Misbehaviour =
  | "none"
  /** Answers after a moment; everything works. */
  | "slow"
  /** So slow that nothing is ever finished. */
  | "crawling"
  /** Promises more than it sends, then closes. */
  | "truncating"
  /** Closes the connection instead of an answer. */
  | "closing"
  /** Takes the request and never answers. */
  | "half-open"
  /** 200, and garbage. */
  | "lying"
  /** 200 to what is sent to it, which it throws away. */
  | "swallowing"
  | 429
  | 500
  | 503;

export interface FaultyProxy {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** From now on, or once so many further requests were answered well. */
  misbehave(how: Misbehaviour, after?: number): void;
  requests(): number;
}

const xml = (code: string) => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const words: Readonly<Record<number, string>> = { 429: "TooManyRequests", 500: "InternalError", 503: "SlowDown" };

/** Stands before a real HTTP server on loopback and spoils what passes. */
export async function startFaultyProxy(scope: Scope, target: string): Promise<FaultyProxy> {
  let how: Misbehaviour = "none";
  let good = 0;
  let requests = 0;
  const { hostname, port: targetPort } = new URL(target);
  const open = new Set<Socket>();

  const server = createServer((incoming, outgoing) => {
    requests += 1;
    const now = good > 0 ? "none" : how;
    if (good > 0) good -= 1;
    incoming.on("error", () => outgoing.destroy());
    void answer(now, incoming, outgoing);
  });

  async function answer(now: Misbehaviour, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    switch (now) {
      case "half-open":
        incoming.resume();
        return;
      case "closing":
        incoming.socket.destroy();
        return;
      case "lying":
        incoming.resume();
        outgoing.end("\0\x01garbage".repeat(100));
        return;
      case "swallowing":
        if (incoming.method !== "PUT" && incoming.method !== "POST") break;
        outgoing.setHeader("etag", `"${await md5(incoming)}"`);
        outgoing.end();
        return;
      case 429:
      case 500:
      case 503:
        incoming.resume();
        outgoing.writeHead(now, { "content-type": "application/xml" }).end(xml(words[now] ?? ""));
        return;
      case "slow":
        await delay(30);
        break;
      case "crawling":
        await delay(20_000);
        break;
    }
    forward(now, incoming, outgoing);
  }

  function forward(now: Misbehaviour, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port: targetPort, method, path, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      if (now !== "truncating") {
        response.pipe(outgoing);
        return;
      }
      // A client knows by the length, or by the missing end, that this was not all.
      response.once("data", (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => incoming.socket.destroy());
      });
      response.once("end", () => incoming.socket.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    misbehave(next, after = 0) {
      how = next;
      good = after;
    },
    requests: () => requests,
  };
}

async function md5(incoming: IncomingMessage): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of incoming) hash.update(chunk);
  return hash.digest("hex");
}
