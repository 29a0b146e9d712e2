import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./directory.ts";
import { eventually } from "./eventually.ts";
import { startProcess } from "./process.ts";

export interface DatagramListener {
  /** `udp://127.0.0.1:PORT` or `unix:///PATH`, as the configuration writes it. */
  readonly address: string;
  /** What has come so far, one text per datagram. */
  datagrams(): readonly string[];
  /** All lines of all datagrams so far. */
  lines(): readonly string[];
  /** Waits, at most 20 s, until as many lines have come. @throws Error with what did come */
  waitForLines(count: number): Promise<readonly string[]>;
}

/** Hears what is sent by UDP to a port of loopback. */
export async function listenUdp(t: Pick<TestContext, "after">): Promise<DatagramListener & { readonly port: number }> {
  const socket = createSocket("udp4");
  const received: string[] = [];
  socket.on("message", (message) => received.push(message.toString("utf8")));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.after(() => socket.close());
  const { port } = socket.address();
  return { ...listener(`udp://127.0.0.1:${port}`, () => received), port };
}

/**
 * Hears what is sent to a Unix datagram socket. Node cannot do this by itself, and the package that can is what is being tested:
 * so Python listens, in a process of its own, and writes one JSON text per datagram.
 */
export async function listenUnix(t: Pick<TestContext, "after">): Promise<DatagramListener & { readonly path: string }> {
  const path = join(temporaryDirectory(t), "dsd.socket");
  const server = await startProcess(t, ["python3", "-u", "-c", python, path], { ready: /^listening\n/ });
  const datagrams = () =>
    server
      .output()
      .split("\n")
      .slice(1, -1)
      .map((line) => String(JSON.parse(line)));
  return { ...listener(`unix://${path}`, datagrams), path };
}

const python = `
import json, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("listening")
while True:
    print(json.dumps(server.recv(65536).decode("utf-8", "backslashreplace")))
`;

function listener(address: string, datagrams: () => readonly string[]): DatagramListener {
  const lines = () =>
    datagrams()
      .flatMap((text) => text.split("\n"))
      .filter((line) => line !== "");
  return {
    address,
    datagrams,
    lines,
    waitForLines: (count) =>
      eventually(`${count} lines at ${address}`, () => (lines().length >= count ? lines() : false)).catch((cause) => {
        throw new Error(`expected ${count} lines at ${address}, got ${lines().length}:\n${lines().join("\n")}`, {
          cause,
        });
      }),
  };
}
