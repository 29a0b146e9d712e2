import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { cost } from "../../src/collectors/cost.ts";
import { costFigures } from "../../src/collectors/costs/figures.ts";
import { costSamples } from "../../src/collectors/costs/samples.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Measurement } from "../../src/model/measurement.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { startFaultyS3 } from "../support/faulty-s3.ts";
import { startAnswering } from "../support/hostile-server.ts";
import { contentOf, startListingServer } from "../support/listing-server.ts";
import { configOf, day, emptyLedger, noon, readable } from "./ledger.ts";

const key = { access_key_id: { environment: "ID" }, secret_access_key: { environment: "KEY" } };
const monthStart = Date.UTC(2026, 10, 1) / 1000;
const b2 = "https://s3.us-west-004.backblazeb2.com";

function bucketConfig(endpoint: string, more: object = {}, destination: object = {}): Config {
  return configOf({
    destinations: { offsite: { type: "s3", endpoint, bucket: "vault", ...key, ...destination } },
    ...more,
  });
}

/** One look, saved as the engine would save it. */
async function look(
  config: Config,
  ledger: Ledger = emptyLedger(),
  now = noon,
  readSecret: CollectorContext["readSecret"] = () => new Secret("x", "a test"),
) {
  const context = {
    ...{ config, ledger, now, signal: new AbortController().signal },
    recall: (name: string) => ledger.recall("cost", name),
    remember: (name: string, value: never) => ledger.remember("cost", name, value),
    readSecret,
  } as unknown as CollectorContext;
  const { samples, measurements = [], problems = [] } = await cost.collect(context);
  ledger.recordMeasurements(measurements);
  return { series: readable(samples), problems, ledger, measurements };
}
const stored = (series: string, at: number, live: number, more: object = {}): Measurement => ({
  ...{ series, at },
  values: { live, live_objects: 1, hidden: 0, hidden_objects: 0, unfinished: 0, unfinished_uploads: 0, ...more },
});
const near = (a: number | undefined, b: number) =>
  assert.ok(Math.abs((a ?? Number.NaN) - b) < 1e-6 * Math.max(1, b), `${a}, not ${b}`);

describe("the collector cost", () => {
  it("says what a bucket stores, how often it asked, and that it saw everything", async (t) => {
    const server = await startListingServer(t, 5000);
    const { series, problems } = await look(bucketConfig(server.endpoint));
    const content = contentOf(5000);
    assert.deepEqual(problems, []);
    assert.equal(series["bucketBytes{bucket=vault,state=live}"], content.liveBytes);
    assert.equal(series["bucketBytes{bucket=vault,state=hidden}"], content.hiddenBytes);
    assert.equal(series["bucketBytes{bucket=vault,state=unfinished}"], 0);
    assert.equal(series["bucketObjects{bucket=vault,state=hidden}"], content.hiddenObjects);
    assert.equal(series["bucketScanComplete{bucket=vault}"], 1);
    assert.equal(series["bucketCalls{bucket=vault,class=c}"], server.requests.length);
  });

  it("knows no cost where it knows no rate card: unknown is absent", async (t) => {
    const server = await startListingServer(t, 10);
    const { series } = await look(bucketConfig(server.endpoint));
    assert.deepEqual(
      Object.keys(series).filter((name) => /cost|forecast|b2/i.test(name)),
      [],
    );
  });

  it("looks once at a bucket that several name", async (t) => {
    const server = await startListingServer(t, 10);
    const repository = { repository: `s3:${server.endpoint}/vault/restic`, password: { environment: "PW" } };
    const config = bucketConfig(server.endpoint, { repositories: { main: repository } });
    const { problems } = await look(config);
    assert.deepEqual(problems, []);
    assert.equal(server.requests.length, 2);
  });

  it("that has used up the day's requests is incomplete, and goes on the next day", async (t) => {
    const server = await startListingServer(t, 8000);
    const config = bucketConfig(server.endpoint, { cost: { calls_per_day: 4 } });
    const ledger = emptyLedger();
    const first = await look(config, ledger);
    assert.equal(first.series["bucketScanComplete{bucket=vault}"], 0);
    assert.equal(first.series["bucketBytes{bucket=vault,state=live}"], undefined);
    assert.match(first.problems.join(), /the 4 requests of today are used up/);
    const again = await look(config, ledger, noon + 3600);
    assert.equal(server.requests.length, 4, "not one more on the same day");
    assert.equal(again.series["bucketCalls{bucket=vault,class=c}"], 4);
    let now = noon;
    let last = again;
    for (let looks = 0; last.series["bucketScanComplete{bucket=vault}"] === 0; looks += 1) {
      assert.ok(looks < 5);
      now += day;
      last = await look(config, ledger, now);
    }
    assert.equal(last.series["bucketBytes{bucket=vault,state=live}"], contentOf(8000).liveBytes);
    assert.ok(server.requests.length <= 14, `${server.requests.length}`);
  });

  it("keeps the figures of the last whole scan, with their age, while the next one is cut short", async (t) => {
    const server = await startListingServer(t, 3000);
    const ledger = emptyLedger();
    await look(bucketConfig(server.endpoint), ledger);
    const { series } = await look(bucketConfig(server.endpoint, { cost: { calls_per_day: 2 } }), ledger, noon + day);
    assert.equal(series["bucketScanComplete{bucket=vault}"], 0);
    assert.equal(series["bucketBytes{bucket=vault,state=live}"], contentOf(3000).liveBytes);
    assert.ok((series["bucketScanned{bucket=vault}"] ?? 0) < noon + 60, "the moment of the whole scan");
  });

  it("asks a provider who charges for listings no more than 0.10 USD a month would pay", async (t) => {
    const server = await startListingServer(t, 10);
    const accounts = { main: { card: "aws-s3" } };
    const config = bucketConfig(server.endpoint, { accounts }, { account: "main" });
    const { ledger } = await look(config);
    ledger.remember("cost", "calls", { day: "2026-11-21", used: 666, totals: {} });
    const { problems } = await look(config, ledger);
    assert.match(problems.join(), /the 666 requests of today/);
  });

  for (const [what, status, reason] of [
    ["503 SlowDown", 503, /503 SlowDown/],
    ["403 for everything", 403, /403 AccessDenied/],
    ["500", 500, /500/],
  ] as const) {
    it(`answered with ${what} is incomplete, with that reason, and stores nothing`, async (t) => {
      const server = await startAnswering(t, status);
      const { series, problems, measurements } = await look(bucketConfig(server.endpoint));
      assert.match(problems.join(), reason);
      assert.equal(series["bucketScanComplete{bucket=vault}"], 0);
      assert.equal(series["bucketBytes{bucket=vault,state=live}"], undefined);
      assert.ok(!measurements.some(({ series: name }) => name === "cost/vault"));
    });
  }

  it("answered with half a page is incomplete, and goes on there", async (t) => {
    const server = await startListingServer(t, 4000);
    let versions = 0;
    const faulty = await startFaultyS3(t, server.endpoint, (_, __, query) => {
      if (query.has("versions")) versions += 1;
      return versions === 6 ? { instead: "<ListVersionsResult><Version><Key>data/00/1</Key>" } : "pass";
    });
    const ledger = emptyLedger();
    const config = bucketConfig(faulty.endpoint);
    const first = await look(config, ledger);
    assert.match(first.problems.join(), /cut off/);
    const asked = server.requests.length;
    const second = await look(config, ledger);
    assert.equal(second.series["bucketBytes{bucket=vault,state=live}"], contentOf(4000).liveBytes);
    assert.ok(server.requests.length - asked < 4, "what was counted is not asked again");
  });

  it("that may not list versions says so, and knows neither hidden bytes nor a cost", async (t) => {
    const faulty = await startFaultyS3(t, "http://127.0.0.1:9", (_, __, query) =>
      query.has("versions") || query.has("uploads")
        ? 403
        : { instead: "<ListBucketResult><Contents><Key>a</Key><Size>7</Size></Contents></ListBucketResult>" },
    );
    const config = bucketConfig(faulty.endpoint, { accounts: { main: { card: "b2" } } }, { account: "main" });
    const { series, problems } = await look(config);
    assert.match(problems.join(), /old versions and unfinished uploads may not be listed/);
    assert.equal(series["bucketBytes{bucket=vault,state=live}"], 7);
    assert.equal(series["bucketBytes{bucket=vault,state=hidden}"], undefined);
    assert.equal(series["bucketCost{bucket=vault}"], undefined);
    assert.equal(series["bucketScanComplete{bucket=vault}"], 0);
  });

  it("that has no key for a bucket says which variables it needs", async () => {
    const config = configOf({
      repositories: { main: { repository: "s3:https://host/vault", password: { environment: "PW" } } },
    });
    const { problems } = await look(config);
    assert.match(problems.join(), /vault: no key – set AWS_ACCESS_KEY_ID/);
  });

  it("whose secret cannot be read any more is incomplete, also after a whole scan", async (t) => {
    const server = await startListingServer(t, 10);
    const ledger = emptyLedger();
    const config = bucketConfig(server.endpoint);
    await look(config, ledger);
    const { series, problems } = await look(config, ledger, noon + 3600, () => {
      throw new StepError("auth", "the file is gone");
    });
    assert.match(problems.join(), /vault: the file is gone/);
    assert.equal(series["bucketScanComplete{bucket=vault}"], 0);
    assert.equal(series["bucketBytes{bucket=vault,state=live}"], contentOf(10).liveBytes);
  });

  it("does not believe notes that it cannot read", async (t) => {
    const server = await startListingServer(t, 10);
    const ledger = emptyLedger();
    ledger.remember("cost", "scan/vault", { progress: { version: 1, pending: "x" }, at: "y", why: 7 });
    ledger.remember("cost", "calls", { day: "2026-11-21", used: -5, totals: { vault: { c: "many" } } });
    const { series, problems } = await look(bucketConfig(server.endpoint), ledger);
    assert.deepEqual(problems, []);
    assert.equal(series["bucketCalls{bucket=vault,class=c}"], 2);
  });

  it("does nothing where there is no bucket", async () => {
    assert.deepEqual((await look(configOf({}))).series, {});
  });
});

describe("the figures of a month", () => {
  const figures = (config: Config, measured: readonly Measurement[], now = noon, at = now) => {
    const ledger = emptyLedger();
    ledger.recordMeasurements(measured);
    return costFigures(config, ledger, now, at);
  };
  const terabyte = 1.01e12;

  it("are the byte-hours between whole scans, by the rate of the provider", () => {
    const { buckets } = figures(
      bucketConfig(b2),
      [stored("cost/vault", monthStart - day, terabyte)],
      monthStart + 15 * day,
    );
    near(buckets[0]?.cost?.total, 6.95 / 2);
    near(buckets[0]?.forecast?.likely, 6.95);
    assert.deepEqual([buckets[0]?.provenance, buckets[0]?.covered], ["estimated", 1]);
  });

  it("say for which share of the time they hold, where measuring began in the month", () => {
    const { buckets } = figures(
      bucketConfig(b2),
      [stored("cost/vault", monthStart + 10 * day, terabyte)],
      monthStart + 20 * day,
    );
    near(buckets[0]?.cost?.total, 6.95 / 3);
    near(buckets[0]?.covered, 0.5);
  });

  it("give the free tier to several buckets of one account once", () => {
    const config = configOf({
      destinations: {
        one: { type: "s3", endpoint: b2, bucket: "one", ...key },
        two: { type: "s3", endpoint: b2, bucket: "two", ...key },
      },
    });
    const measured = ["one", "two"].map((name) => stored(`cost/${name}`, monthStart - 1, 505e9));
    const { buckets } = figures(config, measured, monthStart + 30 * day, monthStart);
    near(
      buckets.reduce((sum, { cost: own }) => sum + (own?.total ?? 0), 0),
      6.95,
    );
  });

  it("leave the free tier to another host, when told so", () => {
    const config = bucketConfig(b2, { accounts: { main: { free_tier: false } } }, { account: "main" });
    const { buckets } = figures(
      config,
      [stored("cost/vault", monthStart - 1, 1e12)],
      monthStart + 30 * day,
      monthStart,
    );
    near(buckets[0]?.cost?.total, 6.95);
  });

  it("take the rates of the configuration, from their day on", () => {
    const card = [
      { from: "2020-01-01", source: "the contract of 2020", usd_per_tb_month: 3, month_days: 30 },
      { from: "2026-11-16", source: "its amendment", usd_per_tb_month: 6, month_days: 30 },
    ];
    const more = { accounts: { main: { card: "mine" } }, cost: { cards: { mine: card } } };
    const config = bucketConfig("https://s3.example.org", more, { account: "main" });
    const { buckets } = figures(
      config,
      [stored("cost/vault", monthStart - 1, 1e12)],
      monthStart + 30 * day,
      monthStart,
    );
    near(buckets[0]?.cost?.total, 4.5);
    assert.equal(buckets[0]?.rate?.source, "its amendment");
  });

  it("name a rate card that is not there", () => {
    const { problems, buckets } = figures(
      bucketConfig(b2, { accounts: { main: { card: "mine" } } }, { account: "main" }),
      [],
    );
    assert.match(problems.join(), /no rate card mine/);
    assert.equal(buckets[0]?.cost, null);
  });

  it("do not count what was measured while the clock was ahead, and say so", () => {
    const measured = [stored("cost/vault", monthStart, 1e12), stored("cost/vault", noon + 10 * day, 9e15)];
    const { buckets } = figures(bucketConfig(b2), measured);
    assert.equal(buckets[0]?.ahead, 1);
    assert.equal(buckets[0]?.stored?.liveBytes, 1e12);
  });

  it("do not believe what another version wrote", () => {
    const { buckets } = figures(bucketConfig(b2), [
      { series: "cost/vault", at: monthStart, values: { bytes: 1, live: -3 } },
    ]);
    assert.equal(buckets[0]?.stored, null);
    assert.equal(buckets[0]?.cost, null);
  });

  it("prefer what the provider reports, day by day", () => {
    const reported = [0, 1].map((n) => ({
      ...{ series: "cost/vault?reported", at: monthStart + n * day },
      values: { byte_hours: 24 * 2.01e12, downloaded: 0 },
    }));
    const measured = [stored("cost/vault", monthStart - 1, terabyte), ...reported];
    const { buckets } = figures(bucketConfig(b2), measured, monthStart + 3 * day);
    near(buckets[0]?.cost?.total, (6.95 * (2 + 2 + 1)) / 30);
    assert.equal(buckets[0]?.reportedUntil, monthStart + 2 * day);
    assert.equal(buckets[0]?.provenance, "reported");
  });

  it("of a month that is over end with it", () => {
    const october = Date.UTC(2026, 9, 15) / 1000;
    const measured = [stored("cost/vault", Date.UTC(2026, 8, 30) / 1000, terabyte), stored("cost/vault", noon, 9e15)];
    const all = figures(bucketConfig(b2), measured, noon, october);
    assert.equal(all.month, "2026-10");
    near(all.buckets[0]?.cost?.total, (6.95 * 31) / 30);
    near(all.buckets[0]?.forecast?.likely, (6.95 * 31) / 30);
  });

  it("name times without a scan", () => {
    const measured = [monthStart - 1, monthStart + day, monthStart + 9 * day].map((at) =>
      stored("cost/vault", at, 1e12),
    );
    const { buckets } = figures(bucketConfig(b2), measured, monthStart + 9.5 * day);
    assert.deepEqual(buckets[0]?.gaps, [{ from: monthStart + day, until: monthStart + 9 * day }]);
  });

  it("hold budgets against the prefixes that an objective's jobs write to", () => {
    const step = (prefix: string) => ({ uses: "backup.rclone", from: "/srv", to: "offsite", prefix });
    const more = {
      jobs: { db: { steps: [step("db-${run.timestamp}")] }, home: { steps: [step("home")] } },
      objectives: {
        database: { jobs: ["db"], budget_usd_per_month: 10 },
        both: { jobs: ["db", "home"], budget_usd_per_month: 10 },
        elsewhere: { jobs: [], budget_usd_per_month: 10 },
      },
    };
    const config = bucketConfig(b2, more, { prefix: "zephyrus" });
    const at = monthStart - 1;
    const measured = [
      stored("cost/vault", at, terabyte),
      stored("cost/vault/zephyrus/", at, 0),
      stored("cost/vault/zephyrus/db-", at, terabyte / 4),
      stored("cost/vault/zephyrus/home/", at, terabyte / 2),
    ];
    const { buckets, budgets } = figures(config, measured, monthStart + 30 * day, monthStart);
    assert.deepEqual(
      buckets[0]?.parts.map(({ prefix, jobs }) => [prefix, ...jobs]),
      [["zephyrus/"], ["zephyrus/db-", "db"], ["zephyrus/home/", "home"]],
    );
    const used = Object.fromEntries(budgets.map(({ objective, used: usd }) => [objective, usd]));
    near(used["database"] ?? 0, 6.95 / 4);
    near(used["both"] ?? 0, (6.95 * 3) / 4);
    assert.equal(used["elsewhere"], null);

    // In the middle of the month half of it is spent, and all of it is ahead.
    const middle = figures(config, measured, monthStart + 15 * day).budgets;
    const database = middle.find(({ objective }) => objective === "database");
    near(database?.used ?? 0, 6.95 / 8);
    near(database?.forecast ?? 0, 6.95 / 4);
    assert.equal(middle.find(({ objective }) => objective === "elsewhere")?.forecast, null);
    const samples = readable(costSamples(figures(config, measured, monthStart + 15 * day)));
    near(samples["objectiveBudgetUsed{objective=database}"], 0.695 / 8);
    near(samples["objectiveBudgetForecast{objective=database}"], 0.695 / 4);
    assert.equal(samples["objectiveBudgetForecast{objective=elsewhere}"], undefined);
  });
});
