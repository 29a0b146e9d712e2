import assert from "node:assert/strict";

import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type Collected,
  type Collector,
  defineCollector,
  defineLiveCollector,
} from "../../src/collectors/collector.ts";
import { type Config, configuration } from "../../src/config/schema.ts";
import { collectOnce } from "../../src/engine/collect.ts";
import { readState } from "../../src/engine/state.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import { Secret } from "../../src/model/secret.ts";
import { eventually } from "../support/eventually.ts";

const count = (value: number): Sample => ({ metric: "snapshotCount", labels: { subvol: "home", type: "all" }, value });

function collectorOf(collect: Collector["collect"], name = "snapshots"): Collector {
  return defineCollector({ name, summary: "Sees what a test shows it.", every: 60, timeout: 30, collect });
}

const declared = {
  subvolumes: { home: { path: "/home", snapshots: "/snapshots" } },
  jobs: { home: { steps: [{ uses: "x", repository: "main" }] } },
  repositories: { main: { repository: "/r", password: { file: "/p" } } },
};

function host(settings: object = {}) {
  const ledger = openLedger(":memory:", { mode: "write" });
  const config: Config = configuration.parse({ host: "testhost", ...declared, ...settings });
  const { signal } = new AbortController();
  let clock = 1_000_000;
  const services = {
    config,
    ledger,
    environment: process.env,
    readSecret: () => new Secret("hunter2hunter2", "test"),
    now: () => clock,
    signal,
  };
  const look = (collector: Collector) => collectOnce(collector, services);
  return {
    services,
    ledger,
    config,
    signal,
    look,
    forward: (ms: number) => {
      clock += ms;
    },
  };
}

describe("one look of a collector", () => {
  it("is saved with what was seen and when", async () => {
    const { look, ledger } = host();
    await look(
      collectorOf(async () => ({ samples: [count(3)], artifacts: [{ subject: "home", name: "/s/1", at: 5 }] })),
    );
    const [saved] = ledger.observations();
    assert.deepEqual(
      [saved?.observedAt, saved?.error, saved?.samples, saved?.artifacts],
      [1000, null, [count(3)], [{ subject: "home", name: "/s/1", at: 5 }]],
    );
  });

  it("that fails keeps what was seen before, with the age of that", async () => {
    const { look, ledger, forward } = host();
    await look(collectorOf(async () => ({ samples: [count(3)] })));
    forward(60_000);
    await look(
      collectorOf(async () => {
        throw new StepError("auth", "not allowed", { advice: "run as root" });
      }),
    );
    const [saved] = ledger.observations();
    assert.deepEqual([saved?.observedAt, saved?.attemptedAt, saved?.error], [1000, 1060, "not allowed – run as root"]);
    assert.deepEqual(saved?.samples, [count(3)]);
  });

  it("that sees only a part is failed, and keeps the part", async () => {
    const { look } = host();
    const seen = await look(
      collectorOf(async () => ({ samples: [count(1)], problems: ["repository b: unreachable"] })),
    );
    assert.deepEqual([seen.observedAt, seen.error, seen.samples], [1000, "repository b: unreachable", [count(1)]]);
    assert.equal(seen.succeededAt, null, "what was seen is fresh, but the look was no success");
  });

  it("ends at its time limit, even when it ignores it", async () => {
    const { look } = host({ collectors: { snapshots: { timeout: "50ms" } } });
    const stuck = new AbortController();
    const seen = await look(collectorOf(() => delay(60_000, { samples: [] } as Collected, { signal: stuck.signal })));
    stuck.abort();
    assert.match(seen.error ?? "", /longer than 0\.1s – raise collectors\.snapshots\.timeout/);
  });

  it("that is stopped with its process is no look: a restart must not look like a failure of everything", async () => {
    const { look, ledger, forward, services } = host();
    await look(collectorOf(async () => ({ samples: [count(3)] })));
    const before = ledger.observations();
    forward(60_000);
    const stopping = new AbortController();
    const stopped = collectorOf(async ({ signal }) => {
      setImmediate(() => stopping.abort());
      await delay(60_000, undefined, { signal });
      return { samples: [] };
    });
    await collectOnce(stopped, { ...services, signal: stopping.signal });
    assert.deepEqual(ledger.observations(), before);
  });

  it("keeps secrets out of its error", async () => {
    const { look } = host();
    const seen = await look(
      collectorOf(async ({ readSecret }) => {
        throw new Error(`denied for ${readSecret({ environment: "X" }).reveal()}`);
      }),
    );
    assert.equal(seen.error, "denied for [redacted]");
  });
});

describe("many looks", () => {
  it("leave nothing behind: an engine that looks for months must not grow", async () => {
    const { look } = host();
    const signals: WeakRef<AbortSignal>[] = [];
    const works = collectorOf(async ({ signal }) => {
      signals.push(new WeakRef(signal));
      return { samples: [] };
    });
    for (let number = 0; number < 20; number += 1) await look(works);
    setFlagsFromString("--expose-gc");
    const collectGarbage: () => void = runInNewContext("gc");
    await eventually("the signals of all but the last looks to be freed", async () => {
      collectGarbage();
      return signals.filter((reference) => reference.deref() !== undefined).length <= 2;
    });
  });
});

describe("the state", () => {
  it("forgets jobs and subvolumes that are not declared any more: series are bounded by the configuration", async () => {
    const { look, ledger, config } = host({ jobs: {}, subvolumes: {} });
    const sees = collectorOf(async () => ({ samples: [count(3)] }));
    await look(sees);
    ledger.addToTotals([
      { metric: "jobRuns", labels: { job: "removed", outcome: "success", reason: "none" }, value: 1 },
    ]);
    const about = readState(config, ledger, [sees], 2000).samples.map(({ metric }) => metric);
    assert.deepEqual(about, [
      "collectorSuccess",
      "collectorDuration",
      "collectorOverdue",
      "collectorLastSuccess",
      "seriesLeftOut",
    ]);
  });

  it("tells when a collector should have looked again: after its interval and time limit, whatever came of its last look", async () => {
    const { look, ledger, config } = host();
    const broken = collectorOf(async () => {
      throw new Error("broken");
    });
    await look(broken);
    const overdue = readState(config, ledger, [broken], 2000).samples.find(
      ({ metric }) => metric === "collectorOverdue",
    );
    assert.equal(overdue?.since, 1000 + broken.every + broken.timeout);
  });

  it("holds what collectors saw, how they fare, counters, and what live collectors derive now", async () => {
    const { look, ledger, config } = host();
    const sees = collectorOf(async () => ({ samples: [count(3)] }));
    const live = defineLiveCollector({
      name: "live",
      summary: "Derives.",
      live: true,
      collect: ({ now }) => [{ metric: "ledgerSize", labels: {}, value: now }],
    });
    await look(sees);
    ledger.addToTotals([{ metric: "backupCompleted", labels: { job: "home", target: "main" }, value: 2 }]);
    const state = readState(config, ledger, [sees, live], 2000);
    const values = Object.fromEntries(state.samples.map((sample) => [sample.metric, sample.value]));
    assert.deepEqual(values, {
      jobRuns: 0,
      snapshotCreated: 0,
      backupCompleted: 2,
      snapshotCount: 3,
      collectorSuccess: 1,
      collectorDuration: 0,
      collectorOverdue: undefined,
      collectorLastSuccess: 1000,
      ledgerSize: 2000,
      seriesLeftOut: 0,
    });
    assert.deepEqual([state.host, state.at, state.errors], ["testhost", 2000, []]);
  });

  it("names the collectors that failed, and what they still know", async () => {
    const { look, ledger, config } = host();
    const broken = collectorOf(async () => {
      throw new Error("broken");
    }, "restic");
    const works = collectorOf(async () => ({ samples: [count(1)] }));
    await look(broken);
    await look(works);
    const state = readState(config, ledger, [broken, works], 2000);
    assert.deepEqual(state.errors, [{ collector: "restic", message: "broken" }]);
    assert.ok(state.samples.some((sample) => sample.metric === "snapshotCount"));
    assert.ok(
      !state.samples.some((sample) => sample.metric === "collectorLastSuccess" && sample.labels.collector === "restic"),
    );
  });

  it("leaves out collectors that are switched off, with everything they once saw", async () => {
    const { look, ledger, config } = host();
    const sees = collectorOf(async () => ({ samples: [count(3)] }));
    await look(sees);
    const off = { ...config, collectors: { snapshots: { enabled: false } } };
    const about = readState(off, ledger, [sees], 2000).samples.map(({ metric }) => metric);
    assert.deepEqual(about, ["jobRuns", "snapshotCreated", "seriesLeftOut"]);
  });
});
