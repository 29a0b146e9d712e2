import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDelivery } from "../../src/outputs/delivery.ts";

describe("packets on their way", () => {
  it("are sent one after the other, in order", async () => {
    const log: string[] = [];
    const send = async (packet: string) => {
      log.push(`${packet} begins`);
      await Promise.resolve();
      log.push(`${packet} ends`);
      return null;
    };
    const delivery = createDelivery("agent", send, assert.fail);
    delivery.enqueue(["a", "b"]);
    assert.deepEqual(await delivery.flush(1000), { sent: 2, dropped: 0, reason: null });
    assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends"]);
  });

  it("that fail are dropped with receiver and reason, and hold up no other", async () => {
    const drops: string[] = [];
    const send = async (packet: string) => (packet === "bad" ? "refused" : null);
    const delivery = createDelivery("agent", send, (reason) => drops.push(reason));
    delivery.enqueue(["a", "bad", "b"]);
    assert.deepEqual(await delivery.flush(1000), { sent: 2, dropped: 1, reason: "agent: refused" });
    assert.deepEqual(drops, ["agent: refused"]);
  });

  it("that are late are dropped once, whatever comes of them later; what waits behind them is never sent", async () => {
    const drops: string[] = [];
    const asked: string[] = [];
    const stuck = Promise.withResolvers<null>();
    const send = (packet: string) => {
      asked.push(packet);
      return packet === "stuck" ? stuck.promise : Promise.resolve(null);
    };
    const delivery = createDelivery("agent", send, (reason) => drops.push(reason));
    delivery.enqueue(["a", "stuck", "behind"]);
    const late = { sent: 1, dropped: 2, reason: "agent: not handed over within 1 ms" };
    assert.deepEqual(await delivery.flush(1), late);
    stuck.resolve(null);
    delivery.enqueue(["b"]);
    assert.deepEqual(await delivery.flush(1000), { ...late, sent: 2 });
    assert.deepEqual(asked, ["a", "stuck", "b"]);
    assert.equal(drops.length, 2);
  });
});
