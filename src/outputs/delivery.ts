import { setTimeout as delay } from "node:timers/promises";

/** How packets fared since the start. UDP tells of no receiver that is not there. */
export interface Delivered {
  readonly sent: number;
  readonly dropped: number;
  /** Why the last dropped packet was. */
  readonly reason: string | null;
}

/** Packets on their way, one after the other: their order is kept and a slow receiver is not flooded. */
export interface Delivery {
  enqueue(packets: readonly string[]): void;
  /** Waits until all packets so far were sent or dropped; drops what is left after the time limit. */
  flush(timeoutMs: number): Promise<Delivered>;
}

/**
 * @param receiver whom the reasons name
 * @param send gives null, or says why the packet could not be handed over; never rejects
 * @param onDrop called for every packet that was not handed over
 */
export function createDelivery(
  receiver: string,
  send: (packet: string) => Promise<string | null>,
  onDrop: (reason: string) => void,
): Delivery {
  const delivered = { sent: 0, dropped: 0, reason: null as string | null };
  let waiting = 0;
  let queue = Promise.resolve();
  /** Raised when the packets on their way are given up, whatever may still come of them. */
  let round = 0;

  function drop(why: string): void {
    const reason = `${receiver}: ${why}`;
    waiting -= 1;
    delivered.dropped += 1;
    delivered.reason = reason;
    onDrop(reason);
  }

  async function deliver(packet: string, own: number): Promise<void> {
    if (own !== round) return;
    const failure = await send(packet);
    if (own !== round) return;
    if (failure !== null) return drop(failure);
    waiting -= 1;
    delivered.sent += 1;
  }

  return {
    enqueue: (packets) => {
      for (const packet of packets) {
        const own = round;
        waiting += 1;
        queue = queue.then(() => deliver(packet, own));
      }
    },
    flush: async (timeoutMs) => {
      const timer = new AbortController();
      const limit = delay(timeoutMs, "late", { signal: timer.signal }).catch(() => "cancelled");
      const ended = await Promise.race([queue, limit]);
      timer.abort();
      if (ended === "late") {
        round += 1;
        queue = Promise.resolve();
        while (waiting > 0) drop(`not handed over within ${timeoutMs} ms`);
      }
      return { ...delivered };
    },
  };
}
