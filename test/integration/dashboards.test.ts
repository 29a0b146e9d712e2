import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dashboards } from "../../dashboards/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { collectors } from "../../src/collectors/index.ts";
import { retention } from "../../src/collectors/retention.ts";
import { collectOnce } from "../../src/engine/collect.ts";
import { readState } from "../../src/engine/state.ts";
import { createMetricsPage } from "../../src/http/metrics-page.ts";
import { startServer } from "../../src/http/server.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { metrics } from "../../src/model/metrics.ts";
import type { Sample, StateSnapshot } from "../../src/model/samples/sample.ts";
import { grafanaDashboard } from "../../src/provision/grafana/dashboards.ts";
import { needs } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { knownSamples } from "../support/known-host.ts";
import { fillLargeLedger, largeConfig } from "../support/large-host.ts";
import { type Ask, startPrometheus } from "../support/prometheus.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const seconds = () => Date.now() / 1000;

interface Question {
  readonly panel: string;
  readonly expr: string;
}

const questions: readonly Question[] = dashboards.flatMap((dashboard) =>
  (grafanaDashboard(dashboard, stack).panels ?? []).flatMap((panel) =>
    ("targets" in panel ? (panel.targets ?? []) : []).map((target) => ({
      panel: `${dashboard.id}: ${panel.title}`,
      expr: String((target as { expr?: string }).expr),
    })),
  ),
);

/** As Grafana asks when one host and everything else is chosen. */
const chosen = (expr: string, host: string) => expr.replaceAll("$host", host).replaceAll(/\$\w+/g, ".*");

describe("the Grafana dashboards on a real Prometheus", needs("prometheus"), () => {
  const clean: (() => unknown)[] = [];
  const t = { after: (fn?: unknown) => void clean.unshift(fn as () => unknown) };
  let ask: Ask = () => assert.fail("not started");
  const large = largeState(t);

  before(async () => {
    const known = (counted: number) => ({ host: "known", samples: knownSamples(seconds(), counted) });
    ask = await startPrometheus(t, [await serve(known), await serve(await large)]);
    // Some more than one, so that counters have grown and every target was seen.
    const enough = "min(count_over_time(pantheros_build_info[1m])) >= 4 and count(pantheros_build_info) == 2";
    await eventually("four scrapes of both hosts", async () => (await ask(enough)).length > 0, { seconds: 60 });
  });
  after(async () => {
    for (const fn of clean) await fn();
  });

  async function serve(samplesAt: (scrape: number) => Pick<StateSnapshot, "host" | "samples">): Promise<string> {
    let scrape = 0;
    const read = (): StateSnapshot => {
      scrape += 1;
      return { at: seconds(), errors: [], ...samplesAt(scrape) };
    };
    const server = await startServer({
      ...{ listen: "127.0.0.1:0", open: false, token: null, now: seconds, log: assert.fail },
      page: createMetricsPage(read, () => scrape, seconds),
      health: () => ({ version: "0", observedAt: null, problem: null }),
    });
    t.after(() => server.close());
    return server.address;
  }

  it("ask for something in every panel", () => {
    assert.ok(questions.length > 150, `${questions.length} questions`);
  });

  it("have an answer in every panel, of a host that has everything and knows all of it", async () => {
    const empty: string[] = [];
    for (const { panel, expr } of questions)
      if ((await ask(chosen(expr, "known"))).length === 0) empty.push(`${panel}: ${expr}`);
    assert.deepEqual(empty, []);
  });

  it("have an answer for all that the collectors publish of a host with 100 jobs", async () => {
    const names = new Set((await ask('{host="large"}')).map(({ metric }) => metric["__name__"]));
    const asked = questions.filter(({ expr }) => {
      const read = [...expr.matchAll(/pantheros_\w+/g)].map(([name]) => name);
      return read.every((name) => names.has(name)) && !read.some((name) => rarely.has(name));
    });
    assert.ok(asked.length > 50, `${asked.length} questions`);
    const empty: string[] = [];
    for (const { panel, expr } of asked)
      if ((await ask(chosen(expr, "large"))).length === 0) empty.push(`${panel}: ${expr}`);
    assert.deepEqual(empty, []);
  });

  it("offer the values of each label that can be chosen", async () => {
    for (const dashboard of dashboards) {
      for (const { type, definition = "" } of grafanaDashboard(dashboard, stack).templating?.list ?? []) {
        if (type !== "query") continue;
        const [, series = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
        const found = await ask(`count by (${label}) (${chosen(series, "known")})`);
        assert.ok(
          found.some(({ metric }) => metric[label]),
          `${dashboard.id}: ${definition}`,
        );
      }
    }
  });
});

/** What is published only while something is the matter. */
const rarely: ReadonlySet<string> = new Set([metrics.jobUnjournaled.prometheus, metrics.ledgerWriteErrors.prometheus]);

/** What pantheros publishes of a large host by reading its ledger; its counters grow with every scrape. */
async function largeState(t: { after: (fn?: unknown) => void }) {
  const config = largeConfig();
  const ledger = openLedger(":memory:", { mode: "write" });
  t.after(() => ledger.close());
  fillLargeLedger(ledger, config, seconds(), 17);
  await collectOnce(retention, {
    ...{ config, ledger, environment: {}, now: Date.now, signal: new AbortController().signal },
    readSecret: () => assert.fail("nobody is asked for a secret"),
  });
  const { samples } = readState(config, ledger, collectors, seconds());
  return (scrape: number) => ({
    host: "large",
    samples: samples.map(
      (sample): Sample =>
        metrics[sample.metric].type === "counter"
          ? ({ ...sample, value: (sample.value ?? 0) + scrape } as Sample)
          : sample,
    ),
  });
}
