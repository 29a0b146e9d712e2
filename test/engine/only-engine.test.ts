import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimEngine, hasEngine, releaseEngine } from "../../src/engine/only-engine.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";

const now = Date.UTC(2026, 10, 22, 8);
const minute = 60_000;
/** This very process: alive. */
const alive = ownIdentity();
/** The number is ours, but it has begun at another moment. */
const gone = { ...alive, startTicks: alive.startTicks + 1 };
const [boot] = alive.bootId.split(" ");
/** In a container: what goes on in its PID namespace is not known here. */
const hidden = { ...alive, bootId: `${boot} pid:[1]` };
const another = { ...alive, bootId: `${boot} pid:[2]` };

const ledgerWith = (lastMark: number | null = null): Ledger => {
  const ledger = openLedger(":memory:", { mode: "write" });
  if (lastMark !== null) ledger.markAwake(lastMark - minute, lastMark);
  return ledger;
};

describe("the engine of a ledger", () => {
  it("is the first that comes, until it ends", () => {
    const ledger = ledgerWith();
    assert.equal(hasEngine(ledger, now), false);
    assert.equal(claimEngine(ledger, alive, now), null);
    assert.deepEqual(claimEngine(ledger, another, now), alive);
    assert.equal(hasEngine(ledger, now), true);
    releaseEngine(ledger, alive);
    assert.equal(hasEngine(ledger, now), false);
    assert.equal(claimEngine(ledger, another, now), null);
  });

  it("may say again that it is", () => {
    const ledger = ledgerWith();
    assert.deepEqual([claimEngine(ledger, alive, now), claimEngine(ledger, alive, now)], [null, null]);
  });

  it("is not one that was killed, however short ago", () => {
    const ledger = ledgerWith(now);
    claimEngine(ledger, gone, now);
    assert.equal(hasEngine(ledger, now), false);
    assert.equal(claimEngine(ledger, alive, now), null);
    assert.equal(hasEngine(ledger, now), true);
  });

  it("is in another container as long as it journals that the machine is awake", () => {
    for (const [lastMark, isThere, keepsItsPlace] of [
      [now - minute / 2, true, true],
      // One that is slow is there, but nobody has to wait for it.
      [now - 2 * minute, true, false],
      [now - 4 * minute, false, false],
      [null, false, false],
    ] as const) {
      const ledger = ledgerWith(lastMark);
      ledger.remember("engine", "holder", { ...hidden });
      assert.equal(hasEngine(ledger, now), isThere, `${lastMark}`);
      assert.deepEqual(claimEngine(ledger, alive, now), keepsItsPlace ? hidden : null, `${lastMark}`);
    }
  });

  it("is known by its journal alone where it is of a version that says nothing else", () => {
    assert.equal(hasEngine(ledgerWith(now - minute), now), true);
    assert.equal(hasEngine(ledgerWith(now - 4 * minute), now), false);
  });

  it("leaves another one its place", () => {
    const ledger = ledgerWith();
    claimEngine(ledger, alive, now);
    releaseEngine(ledger, another);
    assert.equal(hasEngine(ledger, now), true);
  });

  it("is nobody where what is noted is no process", () => {
    for (const note of [17, "engine", [], { pid: 1 }, { bootId: 1, pid: 1, startTicks: 1 }]) {
      const ledger = ledgerWith(now);
      ledger.remember("engine", "holder", note);
      assert.equal(hasEngine(ledger, now), false, JSON.stringify(note));
      assert.equal(claimEngine(ledger, alive, now), null, JSON.stringify(note));
    }
  });
});
