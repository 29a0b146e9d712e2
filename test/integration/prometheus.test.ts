import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { createMetricsPage } from "../../src/http/metrics-page.ts";
import { startServer } from "../../src/http/server.ts";
import type { Sample, StateSnapshot } from "../../src/model/sample.ts";
import { Secret } from "../../src/model/secret.ts";
import { everyMetric } from "../outputs/state.ts";
import { needs, onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startProcess } from "../support/process.ts";

/** Every character that a text format might trip over; half a surrogate pair comes out as U+FFFD. */
const awkward = 'a"b\\c\nd\r\u0000\u007f{},=# ü😀\u2028';

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

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
  const query = await startPrometheus(t, server.address, token);

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

/** @returns how to ask it by PromQL */
async function startPrometheus(
  t: TestContext,
  target: string,
  token: string,
): Promise<(promql: string) => Promise<readonly Series[]>> {
  const directory = temporaryDirectory(t);
  const config = join(directory, "prometheus.yml");
  const job = {
    job_name: "pantheros",
    scrape_interval: "1s",
    honor_labels: true,
    authorization: { credentials: token },
    static_configs: [{ targets: [target] }],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const port = await freePort();
  await startProcess(
    t,
    [
      onPath("prometheus") ?? "prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { ready: /Server is ready to receive web requests/ },
  );
  return async (promql) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const { data } = (await response.json()) as { data: { result: readonly Series[] } };
    return data.result;
  };
}
