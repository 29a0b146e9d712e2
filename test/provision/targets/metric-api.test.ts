import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type MetricMetadata, metadataDifferences } from "../../../src/provision/datadog/metric-metadata.ts";
import type { Body } from "../../../src/provision/resource.ts";
import { readMetadata, writeMetadata } from "../../../src/provision/targets/metric-api.ts";
import { createTransport } from "../../../src/provision/targets/transport.ts";
import type { Json } from "../fake-datadog/monitors.ts";
import { type FakeDatadog, startFakeDatadog } from "../fake-datadog/server.ts";
import { transportTo } from "../stage.ts";

const age: MetricMetadata = {
  name: "pantheros.age",
  body: { type: "gauge", unit: "hour", short_name: "age", description: "How old." },
};
const runs: MetricMetadata = {
  name: "pantheros.runs",
  body: { type: "count", short_name: "runs", description: "So many." },
};
const catalogue = [age, runs];

/** What `pantheros metadata sync` does. @returns names of what was written */
async function sync(fake: FakeDatadog): Promise<readonly string[]> {
  const send = createTransport(transportTo(fake));
  const written: string[] = [];
  for (const metric of catalogue) {
    const found = await readMetadata(send, metric.name);
    const differences = found === null ? [] : metadataDifferences(metric, found);
    if (differences.length === 0) continue;
    await writeMetadata(
      send,
      metric.name,
      Object.fromEntries(differences.map(({ path, after }) => [path, after])) as Body,
    );
    written.push(metric.name);
  }
  return written;
}

/** What is there of a metric: as it was first reported, then edited by hand. */
const known = fc.record(
  {
    type: fc.constantFrom("gauge", "count", "rate", "distribution", null),
    unit: fc.constantFrom("hour", "byte", null),
    per_unit: fc.constantFrom("second", null),
    short_name: fc.constantFrom("age", "mine", null),
    description: fc.constantFrom("How old.", "mine", null),
    statsd_interval: fc.constantFrom(10, null),
  },
  { requiredKeys: [] },
);

describe("the metadata of metrics", () => {
  it("converges, whatever is there, and nobody's fields and nobody's metrics are touched", async (t) => {
    const runsOf = 150;
    const fake = await startFakeDatadog(t);
    await fc.assert(
      fc.asyncProperty(fc.option(known), fc.option(known), known, async (first, second, foreign) => {
        fake.metadata.all.clear();
        const given: readonly (readonly [MetricMetadata, Json | null])[] = [
          [age, first],
          [runs, second],
        ];
        for (const [{ name }, json] of given) if (json !== null) fake.metadata.all.set(name, json);
        fake.metadata.all.set("theirs", foreign);
        const before = JSON.stringify(foreign);
        await sync(fake);
        assert.deepEqual(await sync(fake), [], "a second sync has nothing to do");
        assert.equal(JSON.stringify(fake.metadata.all.get("theirs")), before);
        for (const [{ name, body }, json] of given) {
          const now = fake.metadata.all.get(name);
          assert.equal(now === undefined, json === null, "a metric is made by reporting it");
          if (now === undefined || json === null) continue;
          assert.deepEqual([now["short_name"], now["description"]], [body["short_name"], body["description"]]);
          const own = ({ per_unit: per = null, statsd_interval: interval = null }: Json) => [per, interval];
          assert.deepEqual(own(now), own(json), "what the catalogue says nothing about stays");
        }
      }),
      { numRuns: runsOf },
    );
    t.diagnostic(`${runsOf} sequences`);
  });

  it("of a metric that nobody reports any more cannot be written, which is told with when it can", async (t) => {
    const fake = await startFakeDatadog(t);
    const send = createTransport(transportTo(fake));
    const told = { message: /pantheros\.age: Datadog does not know this metric/, reason: "source" };
    await assert.rejects(writeMetadata(send, age.name, age.body), told);
    fake.metadata.all.set(age.name, {});
    fake.fault = ({ method }) => {
      if (method === "PUT") fake.metadata.all.clear();
      return null;
    };
    await assert.rejects(writeMetadata(send, age.name, age.body), told, "gone between reading and writing");
  });
});
