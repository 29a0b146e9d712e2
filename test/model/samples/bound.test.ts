import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricNames } from "../../../src/model/metrics.ts";
import { outcomes } from "../../../src/model/run/outcome.ts";
import { labelBoundsOf, mostCountedReasons, mostSeriesOf, withinBounds } from "../../../src/model/samples/bound.ts";
import type { Sample } from "../../../src/model/samples/sample.ts";
import { largeSizes } from "../../support/large-host.ts";

describe("the bound of every metric", () => {
  for (const name of metricNames) {
    it(`${name}: each of its labels has one`, () => {
      const { unbounded } = labelBoundsOf(name);
      assert.deepEqual(
        unbounded,
        [],
        `say in src/model/samples/bound.ts how many values ${unbounded.join(", ")} can have`,
      );
      assert.ok(mostSeriesOf(name, largeSizes) > 0);
    });
  }

  it("is the product of those of its labels, reasons left out", () => {
    const sizes = { ...largeSizes, jobs: 7, repositories: 3 };
    assert.equal(mostSeriesOf("jobRuns", sizes), 7 * outcomes.length);
    assert.equal(mostSeriesOf("repositoryNewest", sizes), 100);
    assert.equal(mostSeriesOf("jobRunning", sizes), 7);
  });

  it("keeps a host with 100 jobs and 100 subvolumes below 10 000 series, whatever happens there", () => {
    const worst = metricNames.map((name) => [name, mostSeriesOf(name, largeSizes)] as const);
    const total = worst.reduce((sum, [, count]) => sum + count, mostCountedReasons);
    const largest = worst.toSorted(([, a], [, b]) => b - a).slice(0, 30);
    const table = largest.map(([name, count]) => `${name} ${count}`).join("\n");
    assert.ok(total < 10_000, `${total} series, ${mostCountedReasons} of them for reasons of counters;\n${table}`);
  });
});

describe("what is found on the machine", () => {
  const host = (index: number): Sample => ({
    metric: "repositoryNewest",
    labels: { repository: "vault", snapshot_host: `host-${index}` },
    value: index,
  });
  const many = Array.from({ length: 500 }, (_, index) => host(index));

  it("is published up to its bound, and what is left out is counted", () => {
    const { kept, leftOut } = withinBounds(many);
    assert.deepEqual(kept, many.slice(0, 100));
    assert.equal(leftOut, 400);
  });

  it("is bounded in each metric by itself, and declared things are not", () => {
    const declared = Array.from(
      { length: 500 },
      (_, index): Sample => ({ metric: "jobRunning", labels: { job: `job-${index}` }, value: 0 }),
    );
    const { kept, leftOut } = withinBounds([...declared, ...many.slice(0, 100), host(3)]);
    assert.equal(kept.length, 601, "a value that is there already is no further one");
    assert.equal(leftOut, 0);
  });
});
