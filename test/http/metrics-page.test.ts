import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { createMetricsPage } from "../../src/http/metrics-page.ts";
import type { StateSnapshot } from "../../src/model/samples/sample.ts";

/** A page over a state with one age, and how often that state was read. */
function page() {
  const world = { now: 1000.25, version: 1, reads: 0 };
  const readState = (): StateSnapshot => {
    world.reads += 1;
    return {
      at: world.now,
      host: "atlas",
      samples: [{ metric: "snapshotAge", labels: { subvol: "home" }, since: 900 }],
      errors: [],
    };
  };
  return {
    world,
    render: createMetricsPage(
      readState,
      () => world.version,
      () => world.now,
    ),
  };
}

describe("the metrics page", () => {
  it("is rendered once for all who ask within a second", async () => {
    const { world, render } = page();
    const bodies = await Promise.all(Array.from({ length: 16 }, () => render("text", "identity")));
    world.now = 1000.99;
    bodies.push(await render("text", "identity"));
    assert.equal(world.reads, 1);
    assert.equal(new Set(bodies.map(String)).size, 1);
  });

  it("is rendered anew in the next second, so that no age stands still", async () => {
    const { world, render } = page();
    assert.match(String(await render("text", "identity")), /\} 100\n$/);
    world.now = 1001;
    assert.match(String(await render("text", "identity")), /\} 101\n$/);
  });

  it("is rendered anew when the ledger was written", async () => {
    const { world, render } = page();
    await render("text", "identity");
    world.version = 2;
    await render("text", "identity");
    assert.equal(world.reads, 2);
  });

  it("is another page in the other format", async () => {
    const { render } = page();
    assert.match(String(await render("openmetrics", "identity")), /# EOF\n$/);
    assert.doesNotMatch(String(await render("text", "identity")), /# EOF/);
  });

  it("is the same page when it is compressed, from the same reading", async () => {
    const { world, render } = page();
    const [plain, compressed] = await Promise.all([render("text", "identity"), render("text", "gzip")]);
    assert.deepEqual(gunzipSync(compressed), plain);
    assert.equal(world.reads, 1);
  });

  it("fails as the reading fails, and works again in the next second", async () => {
    let broken = true;
    let now = 1000;
    const render = createMetricsPage(
      () => {
        if (broken) throw new Error("the ledger is gone");
        return { at: now, host: "atlas", samples: [], errors: [] };
      },
      () => 1,
      () => now,
    );
    await assert.rejects(render("text", "gzip"), /the ledger is gone/);
    broken = false;
    now += 1;
    assert.equal(String(await render("text", "identity")), "");
  });
});
