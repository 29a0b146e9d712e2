import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { JsonValue, Measurement } from "../../src/model/measurement.ts";
import { day, noon } from "../collectors/ledger.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const key = { access_key_id: { environment: "ID" }, secret_access_key: { environment: "KEY" } };
const endpoint = "https://s3.us-west-004.backblazeb2.com";
const monthStart = Date.UTC(2026, 10, 1) / 1000;

function stage(
  t: TestContext,
  { measured = [], note = null, more = {} }: { measured?: Measurement[]; note?: JsonValue; more?: object } = {},
) {
  const directory = temporaryDirectory(t);
  const config = {
    host: "zephyrus",
    state_directory: directory,
    destinations: { offsite: { type: "s3", endpoint, bucket: "vault", ...key } },
    jobs: { home: { steps: [{ uses: "backup.rclone", from: "/home", to: "offsite", prefix: "home" }] } },
    objectives: { laptop: { jobs: ["home"], budget_usd_per_month: 5 } },
    ...more,
  };
  writeFileSync(join(directory, "pantheros.yaml"), JSON.stringify(config));
  if (measured.length > 0 || note !== null) {
    const ledger = openLedger(join(directory, "ledger.sqlite"), { mode: "write" });
    ledger.recordMeasurements(measured);
    if (note !== null) ledger.remember("cost", "scan/vault", note);
    ledger.close();
  }
  return (...words: string[]) =>
    invoke(["cost", ...words], { directory, now: noon * 1000, environment: { LANG: "C.UTF-8" } });
}

const growing = (series: string, share: number): Measurement[] =>
  Array.from({ length: 21 }, (_, n) => ({
    ...{ series, at: monthStart + n * day },
    values: {
      live: share * (900e9 + n * 10e9),
      ...{ live_objects: 1000, hidden: share * 1e11, hidden_objects: 5, unfinished: 0, unfinished_uploads: 0 },
    },
  }));
const measured = [...growing("cost/vault", 1), ...growing("cost/vault/home/", 0.5)];

describe("pantheros cost", () => {
  it("before anything was measured says so, and how to look", async (t) => {
    const { code, stdout } = await stage(t)();
    assert.equal(code, 0);
    assert.match(stdout, /nothing was measured yet: .*pantheros collect cost/);
    assert.doesNotMatch(stdout, /vault +0 B/, "what is not known is not nothing");
  });

  it("without a bucket says that there is none", async (t) => {
    const { stdout } = await stage(t, { more: { destinations: {}, jobs: {}, objectives: {} } })();
    assert.match(stdout, /No bucket is configured/);
  });

  it("shows bytes, cost, forecast, prefixes, budget, rate and the course of the month", async (t) => {
    const { stdout } = await stage(t, { measured })();
    assert.match(stdout, /^Cost of 2026-11 so far/);
    assert.match(stdout, /vault +1\.0 TiB +93\.1 GiB +0 B +~\$5\.19 +~\$7\.91 +\+9\.3 GiB +12h ago/);
    assert.match(stdout, /▁.*█ +931 GiB → 1\.1 TiB/);
    assert.match(stdout, /rate of 2026-05-01: \$6\.95 per TB and 30 days, 10 GB of the account free/);
    assert.match(stdout, /vault\/home\/ +home +559 GiB +\$2\.\d\d/);
    assert.match(stdout, /laptop +\$5\.00 +\$2\.\d\d +█+░+ 5\d %/);
  });

  it("tells a scan that was cut short from one that is whole", async (t) => {
    const progress = {
      ...{ version: 1, startedAt: noon, scope: [""], parts: ["", "home/"], done: 3, entries: 5 },
      pending: [{ kind: "names", prefix: "", marker: { KeyMarker: "a" }, depth: 0 }],
      counts: [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
      ],
    };
    const note = { progress, why: "the 2000 requests of today are used up", at: noon };
    const { stdout } = await stage(t, { measured, note })();
    assert.match(stdout, /since then incomplete/);
    assert.match(stdout, /incomplete \(75 % of the listings done\): the 2000 requests of today are used up/);
    assert.match(stdout, /vault +1\.0 TiB/, "the last whole scan counts");
  });

  it("of an earlier month is that of the whole month", async (t) => {
    const { stdout } = await stage(t, {
      measured: growing("cost/vault", 1).map((one) => ({ ...one, at: one.at - 31 * day })),
    })("--month", "2026-10");
    assert.match(stdout, /^Cost of 2026-10 \(UTC/);
  });

  it("of a month before anything was measured says so, and speaks of no look", async (t) => {
    const { code, stdout } = await stage(t)("--month", "2020-01");
    assert.equal(code, 0);
    assert.match(stdout, /nothing was measured in this month/);
    assert.doesNotMatch(stdout, /incomplete|so far|whole month|pantheros collect/);
  });

  for (const [month, sentence] of [
    ["2026-13", /"2026-13" is no month/],
    ["october", /write it like 2026-10/],
    ["2027-01", /has not begun yet/],
  ] as const) {
    it(`refuses --month ${month}`, async (t) => {
      const { code, stderr } = await stage(t)("--month", month);
      assert.equal(code, 2);
      assert.match(stderr, sentence);
    });
  }

  it("--json prints one document with everything, and where it comes from", async (t) => {
    const { stdout } = await stage(t, { measured })("--json");
    const document = JSON.parse(stdout);
    const [bucket] = document.buckets;
    assert.equal(document.month, "2026-11");
    assert.equal(bucket.provenance, "estimated");
    assert.equal(bucket.stored.hidden_bytes, 1e11);
    assert.ok(bucket.forecast.low <= bucket.forecast.likely && bucket.forecast.likely <= bucket.forecast.high);
    assert.equal(bucket.rate.from, "2026-05-01");
    assert.equal(document.budgets[0].objective, "laptop");
  });
});
