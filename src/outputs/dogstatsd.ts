import { getSystemErrorMap } from "node:util";
import { StatsD } from "hot-shots";
import { metrics } from "../model/metrics.ts";
import type { Sample } from "../model/samples/sample.ts";
import { type DatadogEvent, eventLine, longestDatagram, metricLine, packetsOf } from "./datagram.ts";
import { createDelivery, type Delivered } from "./delivery.ts";

export interface DogStatsDOptions {
  /** `udp://HOST:PORT` or `unix:///PATH` (a datagram socket). */
  readonly address: string;
  /** Value of the `host` tag; null: the Agent adds its own host. */
  readonly hostTag: string | null;
  /** Who brings state gauges to Datadog: `push`, we; `agent`, its check of `/metrics`, and `gauge` sends nothing. */
  readonly state: "push" | "agent";
  /** Called for every packet that could not be handed over, with one sentence that says where and why. */
  readonly onDrop: (reason: string) => void;
}

/** Hands metrics and events to a DogStatsD server. Nothing here ever throws or rejects: what fails is dropped and counted. */
export interface DogStatsD {
  /** Sends counters as increments: what happened since the last call, never totals. Gauges among the samples are left out. */
  count(increments: readonly Sample[]): void;
  /** Sends gauges; counters among the samples are totals and are left out. @param now seconds since the epoch */
  gauge(samples: readonly Sample[], now: number): void;
  event(event: DatadogEvent): void;
  /** Waits for what was sent so far. @param timeoutMs after it the rest is dropped. @default 1000 */
  flush(timeoutMs?: number): Promise<Delivered>;
  /** Flushes and gives the socket back; what is sent later is dropped. */
  close(timeoutMs?: number): Promise<Delivered>;
}

/** Datadog's advice for the payload of a UDP packet: it fits one Ethernet frame. */
const udpPacket = 1432;

export function createDogStatsD({ address, hostTag, state, onDrop }: DogStatsDOptions): DogStatsD {
  const carrier = createCarrier(address);
  const delivery = createDelivery(`DogStatsD at ${address}`, carrier.send, onDrop);
  const limit = address.startsWith("unix:") ? longestDatagram : udpPacket;
  const enqueue = (lines: readonly (string | null)[]) =>
    delivery.enqueue(
      packetsOf(
        lines.filter((line) => line !== null),
        limit,
      ),
    );
  const flush = (timeoutMs = 1000) => delivery.flush(timeoutMs);
  return {
    count: (increments) => enqueue(ofType("counter", increments).map((sample) => metricLine(sample, hostTag, 0))),
    gauge: (samples, now) => {
      if (state === "push") enqueue(ofType("gauge", samples).map((sample) => metricLine(sample, hostTag, now)));
    },
    event: (event) => enqueue([eventLine(event, hostTag)]),
    flush,
    close: async (timeoutMs) => {
      const delivered = await flush(timeoutMs);
      carrier.close();
      return delivered;
    },
  };
}

function ofType(type: "gauge" | "counter", samples: readonly Sample[]): readonly Sample[] {
  return samples.filter((sample) => metrics[sample.metric]?.type === type);
}

interface Carrier {
  /** @returns null, or why the packet could not be handed over */
  readonly send: (packet: string) => Promise<string | null>;
  readonly close: () => void;
}

/** Its types leave out `sendMessage`. */
type Client = StatsD & {
  sendMessage(packet: string, callback: (error?: Error | null) => void): void;
};

/**
 * hot-shots carries the packets: sockets of both kinds, and retries while the receiver is busy. Their lines are ours, because its events
 * count UTF-16 units where the protocol counts bytes, its buffer does not say which packet failed, and its numbers have exponents. A
 * client whose packet failed is thrown away, since hot-shots itself looks for a restarted receiver only once a second.
 */
function createCarrier(address: string): Carrier {
  const target = targetOf(address);
  let client: Client | null = null;
  let closed = false;

  function discard(own: Client): void {
    // Only once: the native Unix socket ends the process when it is closed twice.
    if (own !== client) return;
    client = null;
    // Not own.close(): it waits 50 ms for packets that are known to have ended, and prints to the console.
    own.socket.close();
  }

  async function attempt(packet: string, to: Target): Promise<string | null> {
    if (client === null) {
      const opened = open(to);
      if (opened instanceof Error) return describe(opened);
      client = opened;
    }
    const own = client;
    const failure = await sendMessage(own, packet);
    if (failure === null) return null;
    discard(own);
    return describe(failure);
  }

  return {
    send: async (packet) => {
      if (closed) return "already closed";
      if (target === null) return "write udp://HOST:PORT or unix:///PATH";
      if (Buffer.byteLength(packet) > longestDatagram) return "one line is longer than a packet may be";
      const reused = client !== null;
      const failure = await attempt(packet, target);
      // The receiver may have been restarted since the last packet: a new socket finds the new one.
      return failure !== null && reused && !closed ? attempt(packet, target) : failure;
    },
    close: () => {
      closed = true;
      if (client) discard(client);
    },
  };
}

function open(target: Target): Client | Error {
  let problem = new Error("the socket could not be opened");
  const client = new StatsD({
    ...target,
    errorHandler: (error) => {
      problem = error;
    },
    maxBufferSize: 0,
    // 20 + 40 + 80 ms for a Unix socket whose reader is behind: well within a flush.
    udsRetryOptions: { retries: 3, retryDelayMs: 20, maxRetryDelayMs: 80 },
    udsGracefulRestartRateLimit: Number.POSITIVE_INFINITY,
    // DD_* variables are for programs that the Agent observes; our host and tags come from the configuration alone.
    datadog: false,
    includeDatadogTelemetry: false,
    includeDataDogTags: false,
    originDetection: false,
  });
  // Without a socket it would drop its first packet in any case.
  return (client.socket as Client["socket"] | null) ? (client as Client) : problem;
}

function sendMessage(client: Client, packet: string): Promise<Error | null> {
  // A turn of the event loop later: the native Unix socket must not be closed within its own callback.
  return new Promise((resolve) => client.sendMessage(packet, (error) => setImmediate(resolve, error ?? null)));
}

type Target = { protocol: "uds"; path: string } | { protocol: "udp"; host: string; port: number };

function targetOf(address: string): Target | null {
  const path = /^unix:\/\/(\/.+)$/s.exec(address)?.[1];
  if (path !== undefined) return { protocol: "uds", path };
  const udp = /^udp:\/\/(?:\[([0-9a-f:.]+)\]|([^\s/:[\]]+)):(\d{1,5})$/i.exec(address);
  const host = udp?.[1] ?? udp?.[2];
  const port = Number(udp?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? { protocol: "udp", host, port } : null;
}

/** The native Unix socket says `connect -2`; hot-shots puts its own words around the rest. */
function describe(error: Error & { readonly code?: unknown }): string {
  const { code, message } = error;
  const known = typeof code === "number" ? getSystemErrorMap().get(code) : undefined;
  if (known) return `${known[0]} (${known[1]})`;
  if (message.includes("unix_dgram"))
    return "Unix sockets need the optional package unix-dgram, which is not here: use udp://";
  return message.replace(/^Error sending hot-shots message: (?:Error: )?/, "");
}
