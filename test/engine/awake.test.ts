import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readAwakeJournal } from "../../src/collectors/awake.ts";
import { createJobs } from "../../src/collectors/jobs.ts";
import { createSelf } from "../../src/collectors/self.ts";
import { createAwakeMarker } from "../../src/engine/awake.ts";
import { jobStatuses } from "../../src/engine/status.ts";
import { LedgerError } from "../../src/ledger/ledger.ts";
import { configOf, emptyLedger, hour, noon, readable, record } from "../collectors/ledger.ts";
import { type FakedMachine, fakedMachine } from "../support/faked-machine.ts";

/** A laptop whose engine marks every 15 s while it is on. */
function laptop(startedAt = noon) {
  const ledger = emptyLedger();
  const machine = fakedMachine(startedAt);
  let mark = createAwakeMarker(ledger, machine.read);
  mark();
  return {
    ledger,
    machine,
    work(seconds: number) {
      for (let rest = seconds; rest > 0; rest -= 15) {
        machine.work(Math.min(15, rest));
        mark();
      }
    },
    mark: () => mark(),
    /** The engine ends, and another one begins: only the ledger knows what was. */
    newEngine: () => {
      mark = createAwakeMarker(ledger, machine.read);
    },
    awakeSince: (moment: number) => readAwakeJournal(ledger, machine.read())?.secondsSince(moment),
  };
}
const stretches = ({ ledger, machine }: { ledger: ReturnType<typeof emptyLedger>; machine: FakedMachine }) =>
  ledger.awake(0, machine.now() * 1000).length;

describe("the awake journal", () => {
  it("is one stretch while the machine stays awake", () => {
    const host = laptop();
    host.work(2 * hour);
    assert.equal(stretches(host), 1);
    assert.equal(host.awakeSince(noon), 2 * hour);
  });

  it("leaves out what was slept, also in many naps", () => {
    const host = laptop();
    for (let nap = 0; nap < 5; nap += 1) {
      host.work(hour);
      host.machine.sleep(8 * hour);
    }
    host.work(hour);
    assert.equal(host.awakeSince(noon), 6 * hour);
    assert.equal(stretches(host), 6);
  });

  it("does not take the sleep for waking in the seconds between waking up and the next mark", () => {
    const host = laptop();
    host.work(hour);
    host.machine.sleep(10 * hour);
    host.machine.work(5);
    assert.equal(host.awakeSince(noon), hour + 5);
  });

  it("knows how long the machine was awake while no engine ran", () => {
    const host = laptop();
    host.work(hour);
    host.machine.work(3 * hour);
    host.machine.sleep(20 * hour);
    host.machine.work(2 * hour);
    assert.equal(host.awakeSince(noon), 6 * hour, "somebody who reads it");
    host.newEngine();
    host.mark();
    assert.equal(host.awakeSince(noon), 6 * hour, "and the next engine");
  });

  it("takes the machine for off from the last mark to its next start", () => {
    const host = laptop();
    host.work(hour);
    host.machine.restart(12 * hour);
    host.machine.work(120);
    assert.equal(host.awakeSince(noon), hour + 120, "before the engine has started");
    host.newEngine();
    host.work(hour);
    assert.equal(host.awakeSince(noon), 2 * hour + 120);
  });

  it("counts by the clock when no engine has come back after a reboot", () => {
    const host = laptop();
    host.work(hour);
    host.machine.restart(12 * hour);
    host.machine.work(hour);
    assert.equal(host.awakeSince(noon), 14 * hour);
    assert.equal(readAwakeJournal(host.ledger, host.machine.read())?.stopped, true);
  });

  it("is not taken in by a clock that is set forward, or back", () => {
    const host = laptop();
    host.work(hour);
    host.machine.setClock(noon + 100 * hour);
    host.work(hour);
    assert.equal(host.awakeSince(noon), 2 * hour);
    host.machine.setClock(noon + 2 * hour);
    host.work(hour);
    assert.equal(host.awakeSince(noon), 2 * hour, "what lies ahead now is not counted");
    host.newEngine();
    host.work(hour);
    assert.equal(host.awakeSince(noon), 3 * hour);
  });

  it("counts an hour once that the clock shows twice", () => {
    const host = laptop();
    host.work(2 * hour);
    host.machine.setClock(noon + hour);
    host.work(hour);
    assert.equal(host.awakeSince(noon), 2 * hour);
  });

  it("counts what lies before its beginning whole: nobody knows", () => {
    const host = laptop();
    host.work(hour);
    assert.equal(host.awakeSince(noon - 10 * hour), 11 * hour);
  });

  it("goes on after a ledger that could not be written for a while, without a gap", () => {
    const { ledger } = laptop();
    const machine = fakedMachine(noon);
    let isFull = true;
    const mark = createAwakeMarker(
      {
        ...ledger,
        markAwake: (from, until) => {
          if (isFull) throw new LedgerError("full", "the disk is full", "make room");
          ledger.markAwake(from, until);
        },
      },
      machine.read,
    );
    machine.work(hour);
    assert.throws(mark, LedgerError);
    isFull = false;
    machine.work(hour);
    mark();
    assert.equal(readAwakeJournal(ledger, machine.read())?.secondsSince(noon), 2 * hour);
  });

  it("is no journal when its note is not one", () => {
    const host = laptop();
    for (const note of [{ since: "yesterday" }, [], "awake", 7]) {
      host.ledger.remember("engine", "awake", note);
      assert.equal(readAwakeJournal(host.ledger, host.machine.read()), null);
    }
  });

  it("is right to the second for whatever happens to a machine whose clock nobody sets", () => {
    const events = fc.array(
      fc.tuple(fc.constantFrom("work", "sleep", "unwatched", "engine" as const), fc.integer({ min: 1, max: 40_000 })),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(events, (given) => {
        const host = laptop();
        let awake = 0;
        for (const [event, seconds] of given) {
          if (event === "sleep") host.machine.sleep(seconds);
          else if (event === "engine") host.newEngine();
          else {
            host.machine.work(seconds);
            if (event === "work") host.mark();
            awake += seconds;
          }
          const seen = host.awakeSince(noon) ?? Number.NaN;
          assert.ok(Math.abs(seen - awake) <= given.length * 2, `${seen} instead of ${awake}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a job with staleness: awake", () => {
  const steps = [{ uses: "command", argv: ["true"] }];
  const daily = { schedule: "0 13 * * *", grace: "4h", staleness: "awake", steps };
  const config = configOf({ jobs: { home: daily, server: { ...daily, staleness: "schedule" } } });
  const overdue = (host: ReturnType<typeof laptop>, job = "home") => {
    const now = host.machine.now();
    const seen = readable(createJobs(host.machine.read).collect({ config, ledger: host.ledger, now }));
    return Math.max(0, now - (seen[`jobOverdue{job=${job}}`] ?? Number.NaN));
  };
  const statusOf = (host: ReturnType<typeof laptop>) => {
    const state = { at: host.machine.now(), host: "testhost", samples: [], errors: [] };
    return jobStatuses(config, host.ledger, state, host.machine.read).map(({ overdueBy }) => overdueBy);
  };
  /** It succeeded at noon, and owes the run of 13:00 with four hours for it. */
  function closedAtTwo() {
    const host = laptop();
    record(host.ledger, noon, { job: "home" });
    record(host.ledger, noon, { job: "server" });
    host.work(2 * hour);
    return host;
  }

  it("is not overdue because the laptop slept through its time and its grace", () => {
    const host = closedAtTwo();
    host.machine.sleep(18 * hour);
    assert.equal(overdue(host), 0);
    assert.equal(overdue(host, "server"), 15 * hour, "as it is by the clock");
    host.work(2.5 * hour);
    assert.equal(overdue(host), 0, "awake for three and a half hours since 13:00");
    host.work(hour);
    assert.equal(overdue(host), hour / 2);
    assert.deepEqual(statusOf(host), ["awake", "clock"]);
  });

  it("becomes overdue by the clock where no engine has ever run, and the status says so", () => {
    const host = closedAtTwo();
    host.ledger.remember("engine", "awake", null);
    host.machine.sleep(18 * hour);
    assert.equal(overdue(host), 15 * hour);
    assert.deepEqual(statusOf(host), ["unjournaled", "clock"]);
  });

  it("goes on by the clock where the engine has stopped", () => {
    const host = closedAtTwo();
    host.machine.restart(18 * hour);
    host.machine.work(hour);
    assert.equal(overdue(host), 16 * hour);
    assert.deepEqual(statusOf(host), ["unjournaled", "clock"]);
  });

  it("says how long the machine was awake in the last day, and nothing where nobody journals it", () => {
    const host = closedAtTwo();
    host.machine.sleep(18 * hour);
    const told = () => {
      const now = host.machine.now();
      return readable(createSelf(host.machine.read).collect({ config, ledger: host.ledger, now }))["awake{}"];
    };
    host.work(hour);
    assert.equal(told(), 3 * hour + 60, "the machine was started a minute before the journal began");
    host.machine.restart(hour);
    host.machine.work(hour);
    assert.equal(told(), undefined);
  });
});
