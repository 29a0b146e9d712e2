import assert from "node:assert/strict";
import { it } from "node:test";
import { createMetricsPage } from "../../src/http/metrics-page.ts";
import { startServer } from "../../src/http/server.ts";
import type { Sample, StateSnapshot } from "../../src/model/samples/sample.ts";
import { Secret } from "../../src/model/secret.ts";
import { everyMetric } from "../outputs/state.ts";
import { needs } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { startPrometheus } from "../support/prometheus.ts";

/** Every character that a text format might trip over; half a surrogate pair comes out as U+FFFD. */
const awkward = 'a"b\\c\nd\r\u0000\u007f{},=# ü😀\u2028';

it("a real Prometheus scrapes every metric, with its labels and values", needs("prometheus"), async (t) => {
  const token = "correct-horse-battery-staple";
  const now = () => Date.now() / 1000;
  const readState = (): StateSnapshot => {
    const extra: Sample[] = [
      { metric: "snapshotAge", labels: { subvol: awkward }, since: now() - 3600 },
      { metric: "diskUsage", labels: { device: `${awkward}\ud800` }, value: 0.875 },
    ];
    const state = everyMetric();
    return { ...state, samples: [...state.samples, ...extra] };
  };
  const server = await startServer({
    listen: "127.0.0.1:0",
    open: false,
    token: new Secret(token, "test"),
    page: createMetricsPage(readState, () => 1, now),
    health: () => ({ version: "0", observedAt: null, problem: null }),
    now,
    log: assert.fail,
  });
  t.after(() => server.close());
  const query = await startPrometheus(t, [server.address], token);

  await eventually("up == 1", async () => (await query("up"))[0]?.value[1] === "1", { seconds: 30 });
  const samples = readState().samples.length;
  assert.equal((await query("scrape_samples_scraped"))[0]?.value[1], String(samples));
  const all = await query('{__name__=~"pantheros_.+"}');
  assert.equal(all.length, samples);
  assert.deepEqual(new Set(all.map((series) => series.metric["host"])), new Set(["atlas"]));

  const usage = all.find((series) => series.metric["device"] === `${awkward}\ufffd`);
  assert.equal(usage?.metric["__name__"], "pantheros_disk_usage_ratio");
  assert.equal(usage.value[1], "0.875");
  const created = await query('pantheros_snapshot_created_total{subvol="subvol-1"}');
  assert.deepEqual(
    created.map((series) => series.value[1]),
    ["0"],
  );
  const age = all.find((series) => series.metric["subvol"] === awkward);
  const seconds = Number(age?.value[1]);
  assert.ok(seconds >= 3598 && seconds < 3660, `an age of an hour is ${seconds} s`);
});
