import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { metricNames, metrics } from "../../src/model/metrics.ts";
import type { Sample, StateSnapshot } from "../../src/model/samples/sample.ts";
import { renderPrometheus } from "../../src/outputs/prometheus.ts";
import { assertGolden } from "../golden/golden.ts";
import { needs } from "../support/components.ts";
import { everyMetric, moment, sampleOf } from "./state.ts";

const state = (samples: readonly Sample[], host = "atlas"): StateSnapshot => ({
  at: moment,
  host,
  samples,
  errors: [],
});
const linesOf = (page: string): string[] => page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("the page in Prometheus' text format", () => {
  it("is the golden file, for a state that uses every metric", async () => {
    assertGolden("metrics.prom", await renderPrometheus(everyMetric(), "text", moment));
  });

  it("has help and type of every metric of the catalogue, in its order", async () => {
    const page = await renderPrometheus(everyMetric(), "text", moment);
    assert.deepEqual(
      [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`),
      metricNames.map((name) => `${metrics[name].prometheus} ${metrics[name].type}`),
    );
    for (const { prometheus, help } of Object.values(metrics))
      assert.ok(page.includes(`# HELP ${prometheus} ${help}\n`));
  });

  it("is accepted by promtool without a word", needs("promtool"), async () => {
    const page = await renderPrometheus(everyMetric(), "text", moment);
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: page, encoding: "utf8" });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
  });

  it("is empty when nothing is known", async () => {
    assert.equal(await renderPrometheus(state([]), "text", moment), "");
  });
});

describe("the page in OpenMetrics", () => {
  it("is the golden file, for a state that uses every metric", async () => {
    assertGolden("metrics.openmetrics", await renderPrometheus(everyMetric(), "openmetrics", moment));
  });

  it("names a counter's family without _total and its samples with it", async () => {
    const samples: Sample[] = [{ metric: "snapshotCreated", labels: { subvol: "home" }, value: 3 }];
    assert.equal(
      await renderPrometheus(state(samples), "openmetrics", moment),
      [
        "# HELP pantheros_snapshot_created Snapshots that jobs created and proved.",
        "# TYPE pantheros_snapshot_created counter",
        'pantheros_snapshot_created_total{host="atlas",subvol="home"} 3',
        "# EOF",
        "",
      ].join("\n"),
    );
  });

  it("has only its end when nothing is known, and never an empty line", async () => {
    assert.equal(await renderPrometheus(state([]), "openmetrics", moment), "# EOF\n");
    assert.doesNotMatch(await renderPrometheus(everyMetric(), "openmetrics", moment), /\n\n/);
  });

  it("can carry every help text as it is: none needs escaping", () => {
    for (const { help } of Object.values(metrics)) assert.doesNotMatch(help, /["\\\n]/);
  });
});

describe("a value on the page", () => {
  it("that is an age counts up to the moment of rendering", async () => {
    const samples: Sample[] = [{ metric: "snapshotAge", labels: { subvol: "home" }, since: moment - 90 }];
    const at = async (now: number) => linesOf(await renderPrometheus(state(samples), "text", now));
    assert.deepEqual(await at(moment), ['pantheros_snapshot_age_seconds{host="atlas",subvol="home"} 90']);
    assert.deepEqual(await at(moment + 10), ['pantheros_snapshot_age_seconds{host="atlas",subvol="home"} 100']);
  });

  it("that is an age is never negative, when the clock was set back", async () => {
    const samples: Sample[] = [{ metric: "snapshotAge", labels: { subvol: "home" }, since: moment }];
    const page = await renderPrometheus(state(samples), "text", moment - 3600);
    assert.deepEqual(linesOf(page), ['pantheros_snapshot_age_seconds{host="atlas",subvol="home"} 0']);
  });

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`that is ${value} is absent, and its family with it`, async () => {
      assert.equal(await renderPrometheus(state([{ metric: "ledgerSize", labels: {}, value }]), "text", moment), "");
    });
  }

  it("given twice for one series is published once: the last", async () => {
    const samples: Sample[] = [1, 2].map((value) => ({ metric: "diskSize", labels: { device: "sda" }, value }));
    const page = await renderPrometheus(state(samples), "text", moment);
    assert.deepEqual(linesOf(page), ['pantheros_disk_size_bytes{host="atlas",device="sda"} 2']);
  });

  it("of a metric that this version does not know is left out", async () => {
    const page = await renderPrometheus(state([sampleOf("ofTomorrow", {}, { value: 1 })]), "text", moment);
    assert.equal(page, "");
  });
});

describe("labels on the page", () => {
  it("tell series apart that prom-client's own keys would make one", async () => {
    const samples: Sample[] = [
      { metric: "backupSize", labels: { job: "x,target:y", target: "z" }, value: 1 },
      { metric: "backupSize", labels: { job: "x", target: "y,target:z" }, value: 2 },
    ];
    assert.equal(linesOf(await renderPrometheus(state(samples), "text", moment)).length, 2);
  });

  it("escape backslash, quote and newline, and replace half a surrogate pair", async () => {
    const samples: Sample[] = [{ metric: "diskSize", labels: { device: 'a\\b"c\nd\ud800e' }, value: 1 }];
    const page = await renderPrometheus(state(samples), "text", moment);
    assert.deepEqual(linesOf(page), ['pantheros_disk_size_bytes{host="atlas",device="a\\\\b\\"c\\nd\ufffde"} 1']);
  });

  it("of any characters come back as they were, one line per series, whatever the order of the samples", async () => {
    const text = fc.string({ unit: "binary", maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(text, text), { maxLength: 8, selector: (pair) => JSON.stringify(pair) }),
        async (pairs) => {
          const samples: Sample[] = pairs.map(([job, target]) => ({
            metric: "backupSize",
            labels: { job, target },
            value: 1,
          }));
          const page = await renderPrometheus(state(samples), "text", moment);
          assert.equal(page, await renderPrometheus(state([...samples].reverse()), "text", moment));
          const found = linesOf(page).map((line) => {
            const match =
              /^pantheros_backup_size_bytes\{host="atlas",job="((?:[^"\\]|\\.)*)",target="((?:[^"\\]|\\.)*)"\} 1$/su.exec(
                line,
              );
            assert.ok(match, line);
            return JSON.stringify([unescapeLabel(match[1]), unescapeLabel(match[2])]);
          });
          assert.deepEqual(new Set(found), new Set(pairs.map((pair) => JSON.stringify(pair))));
        },
      ),
    );
  });
});

function unescapeLabel(text = ""): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}
