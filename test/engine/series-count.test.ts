import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { anomalies } from "../../src/collectors/anomalies.ts";
import { collectors } from "../../src/collectors/index.ts";
import { repositorySamples } from "../../src/collectors/repositories/samples.ts";
import { retention } from "../../src/collectors/retention.ts";
import { createAwakeMarker } from "../../src/engine/awake.ts";
import { collectOnce } from "../../src/engine/collect.ts";
import { readState } from "../../src/engine/state.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { MetricDefinition } from "../../src/model/metrics/definition.ts";
import { type MetricName, metrics } from "../../src/model/metrics.ts";
import { mostCountedReasons, mostSeriesOf } from "../../src/model/samples/bound.ts";
import type { Artifact, Observation, Sample, StateSnapshot } from "../../src/model/samples/sample.ts";
import { renderPrometheus } from "../../src/outputs/prometheus.ts";
import { familiesOf } from "../../src/outputs/series.ts";
import { readClock } from "../../src/tools/clock.ts";
import { fillLargeLedger, largeConfig, largeSizes } from "../support/large-host.ts";

/** 2026-11-21 12:00 UTC. */
const now = Date.UTC(2026, 10, 21, 12) / 1000;
const config = largeConfig();

/** More hosts, devices and snapshots than any host should have. */
function observeTooMuch(ledger: Ledger): void {
  const times = { observedAt: now, succeededAt: now, attemptedAt: now, durationSeconds: 1, error: null };
  const save = (collector: string, seen: Pick<Observation, "samples" | "artifacts">) =>
    ledger.saveObservation({ collector, ...times, ...seen });
  const days = Array.from({ length: 60 }, (_, day) => now - day * 86_400);
  const volumes = Object.keys(config.subvolumes);
  save("snapshots", {
    artifacts: volumes.flatMap((subject) =>
      days.map((at): Artifact => ({ subject, at, name: `/${subject}/${at}`, identity: `${subject} ${at}` })),
    ),
    samples: volumes.flatMap((subvol): Sample[] => [
      { metric: "snapshotCount", labels: { subvol, type: "all" }, value: days.length },
      { metric: "snapshotAge", labels: { subvol }, since: now },
      { metric: "snapshotNewest", labels: { subvol }, value: now },
    ]),
  });
  const hosts = Array.from({ length: 300 }, (_, index) => `host-${index}`);
  save("restic", {
    artifacts: [],
    samples: Object.keys(config.repositories).flatMap((subject) => {
      const snapshots = hosts.map((host) => ({ subject, host, name: host, group: `${host} /`, at: now, bytes: 1 }));
      return [...repositorySamples(subject, snapshots, { config, now })];
    }),
  });
  const devices = Array.from({ length: 40 }, (_, index) => `/dev/disk${index}`);
  save("btrfs", {
    artifacts: [],
    samples: devices.flatMap((device) => [
      { metric: "btrfsReadOnly", labels: { device }, value: 0 } satisfies Sample,
      ...Array.from({ length: 9 }, (_, devid): Sample => {
        return { metric: "btrfsDeviceErrors", labels: { device, devid: String(devid), kind: "write" }, value: 0 };
      }),
    ]),
  });
}

describe("a host with 100 jobs and 100 subvolumes that has seen everything", () => {
  let state: StateSnapshot;
  const ledger = openLedger(":memory:", { mode: "write" });

  before(async () => {
    fillLargeLedger(ledger, config, now, 17);
    observeTooMuch(ledger);
    createAwakeMarker(ledger, () => readClock(now * 1000))();
    const services = {
      ...{ config, ledger, environment: {}, now: () => now * 1000, signal: new AbortController().signal },
      readSecret: () => assert.fail("nobody is asked for a secret"),
    };
    for (const collector of [retention, anomalies]) await collectOnce(collector, services);
    state = readState(config, ledger, collectors, now);
  });

  const counts = () => new Map(familiesOf(state, now).map(({ name, series }) => [name, series.length]));

  it("has fewer than 10 000 series, in the state and on the page", async () => {
    const page = await renderPrometheus(state, "text", now);
    const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    assert.ok(lines < 10_000 && lines > 5000, `${lines} series`);
    const total = [...counts().values()].reduce((sum, count) => sum + count, 0);
    assert.equal(lines, total);
  });

  it("has of no metric more than its labels allow", () => {
    for (const [name, count] of counts()) {
      const isCounted = (metrics[name] as MetricDefinition).labels.includes("reason");
      const most = mostSeriesOf(name, largeSizes) + (isCounted ? mostCountedReasons : 0);
      assert.ok(count <= most, `${name} has ${count} series, and ${most} are allowed`);
    }
  });

  it("has all series of what it declares, which nothing has pushed out", () => {
    const expected: Partial<Record<MetricName, number>> = {
      ...{ jobRunning: 100, jobOverdue: 100, jobOutcome: 400, jobProof: 600, snapshotAge: 100, declared: 112 },
      ...{ retentionCompliant: 104, retentionMissing: 520, backupAnomaly: 400, checkLastSuccess: 10, drillRto: 10 },
    };
    const found = counts();
    assert.deepEqual(
      Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name as MetricName)])),
      expected,
    );
  });

  it("says how much it left out", () => {
    const leftOut = state.samples.find(({ metric }) => metric === "seriesLeftOut")?.value ?? 0;
    assert.ok(leftOut > 0);
  });

  it("counts every failed run, whatever it failed for", () => {
    const runs = state.samples.filter(
      ({ metric, labels }) => metric === "jobRuns" && labels["job" as never] === "job-99",
    );
    const sum = runs.reduce((total, { value = 0 }) => total + value, 0);
    assert.equal(sum, 4 * 20, "each of twenty reasons in each of four ways, success among them");
    assert.ok(runs.some(({ labels }) => labels["reason" as never] === "other"));
  });
});
