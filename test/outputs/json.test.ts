import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type JsonState, renderJson } from "../../src/outputs/json.ts";
import { everyMetric, moment } from "./state.ts";

describe("the state as JSON", () => {
  it("says each series with its metric, type, unit, labels and value", () => {
    const text = renderJson(
      {
        at: moment,
        host: "atlas",
        samples: [
          { metric: "diskUsage", labels: { device: "sda" }, value: 0.5 },
          { metric: "snapshotAge", labels: { subvol: "home" }, since: moment - 60 },
          { metric: "ledgerSize", labels: {}, value: Number.NaN },
        ],
        errors: [{ collector: "restic", message: "wrong password" }],
      },
      moment + 1,
    );
    assert.ok(text.endsWith("}\n"));
    assert.deepEqual(JSON.parse(text), {
      at: moment + 1,
      host: "atlas",
      samples: [
        {
          metric: "pantheros_snapshot_age_seconds",
          type: "gauge",
          unit: "seconds",
          labels: { host: "atlas", subvol: "home" },
          value: 61,
        },
        {
          metric: "pantheros_disk_usage_ratio",
          type: "gauge",
          unit: "ratio",
          labels: { host: "atlas", device: "sda" },
          value: 0.5,
        },
      ],
      errors: [{ collector: "restic", message: "wrong password" }],
    });
  });

  it("is the same text whatever the order of the samples", () => {
    const state = everyMetric();
    assert.equal(renderJson(state, moment), renderJson({ ...state, samples: [...state.samples].reverse() }, moment));
    assert.equal((JSON.parse(renderJson(state, moment)) as JsonState).samples.length, state.samples.length);
  });
});
