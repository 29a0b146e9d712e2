import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stretchesOf } from "../../../src/model/cost/byte-hours.ts";
import {
  monthAround,
  type Rate,
  type RateCard,
  rateAt,
  ratePeriods,
  withRates,
} from "../../../src/model/cost/rate-card.ts";
import { cardOfHost, rateCards } from "../../../src/model/cost/rate-cards.ts";
import { type AccountUsage, accountCost, type BucketUsage } from "../../../src/model/cost/storage-cost.ts";

const b2 = rateCards["b2"] as RateCard;
const aws = rateCards["aws-s3"] as RateCard;
const november = monthAround(Date.UTC(2026, 10, 21) / 1000);
const day = 86_400;

function rateOf(card: RateCard): Rate {
  return rateAt(card, november.from) ?? assert.fail(`${card.name} has no rate`);
}
function bucket(name: string, bytes: number, more: Partial<BucketUsage> = {}): BucketUsage {
  const stored = stretchesOf([{ at: 0, bytes }], november.from, november.until);
  return { bucket: name, stored, downloads: [], calls: [], ...more };
}
function costOf(buckets: readonly BucketUsage[], more: Partial<AccountUsage> = {}) {
  const { from, until } = november;
  return accountCost({ card: b2, from, until, freeTier: true, buckets, ...more });
}
const totalOf = (...call: Parameters<typeof costOf>) =>
  [...costOf(...call).values()].reduce((sum, { total }) => sum + total, 0);
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, b), `${a} is not ${b}`);

describe("the cost of storage", () => {
  it("at Backblaze since May 2026: 6.95 USD for a TB over 30 days, the first 10 GB free", () => {
    near(totalOf([bucket("b", 1.01e12)]), 6.95);
    assert.equal(totalOf([bucket("b", 10e9)]), 0);
  });

  it("at Amazon: GiB and the calendar's month, in bands", () => {
    near(totalOf([bucket("b", 100 * 2 ** 30)], { card: aws }), 2.3);
    near(totalOf([bucket("b", 51 * 2 ** 40)], { card: aws }), 50 * 1024 * 0.023 + 1024 * 0.022);
  });

  it("is free once per account, and each bucket of it has its share", () => {
    const costs = costOf([bucket("a", 10e9), bucket("b", 30e9)]);
    near(costs.get("a")?.total ?? 0, ((30e9 / 1e12) * 6.95) / 4);
    near(costs.get("b")?.total ?? 0, ((30e9 / 1e12) * 6.95 * 3) / 4);
  });

  it("has nothing free where another host counts it", () => {
    near(totalOf([bucket("b", 1e12)], { freeTier: false }), 6.95);
  });

  it("knows that buckets of the account that are not counted here use up what is free", () => {
    const stored = stretchesOf([{ at: 0, bytes: 20e9 }], november.from, november.until);
    near(totalOf([bucket("b", 10e9)], { stored }), ((10e9 / 1e12) * 6.95) / 2);
  });

  it("counts the bands from where what is free ends", () => {
    const storage = { unitBytes: 1e12, hours: 720, freeBytes: 3e12 };
    const bands = [
      { aboveBytes: 0, usdPerUnit: 10 },
      { aboveBytes: 2e12, usdPerUnit: 7 },
      { aboveBytes: 4e12, usdPerUnit: 5 },
    ];
    const card = withRates(b2, [{ ...rateOf(b2), from: "2026-11-01", storage: { ...storage, bands } }]);
    near(totalOf([bucket("b", 6e12)], { card }), 7 + 2 * 5);
  });

  it("of a month in which the rate changes is reckoned by both", () => {
    const card = withRates(b2, [
      {
        ...rateOf(b2),
        from: "2026-11-16",
        storage: { unitBytes: 1e12, hours: 720, freeBytes: 10e9, bands: [{ aboveBytes: 0, usdPerUnit: 10 }] },
      },
    ]);
    near(totalOf([bucket("b", 1.01e12)], { card }), (6.95 + 10) / 2);
  });

  it("never is negative, never shrinks with time, and nothing is free twice", () => {
    const gigabytes = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(gigabytes, { minLength: 1, maxLength: 5 }), fc.nat(30), fc.nat(30), (sizes, a, b) => {
        const cost = (buckets: readonly BucketUsage[], days: number) =>
          totalOf(buckets, { until: november.from + days * day });
        const buckets = sizes.map((size, n) => bucket(`b${n}`, size * 1e9));
        const [early, late] = [cost(buckets, Math.min(a, b)), cost(buckets, Math.max(a, b))];
        assert.ok(early >= 0 && late >= early - 1e-12);
        // However it is divided among buckets, the account pays the same.
        const one = bucket("all", sizes.reduce((sum, size) => sum + size, 0) * 1e9);
        near(cost(buckets, a), cost([one], a));
      }),
    );
  });
});

describe("the cost of downloads and requests", () => {
  const download = (bytes: number) => [{ at: november.from + day, bytes }];

  it("is nothing up to three times what is stored on average, then 0.01 USD a GB", () => {
    assert.equal(totalOf([bucket("b", 5e9, { downloads: download(15e9) })]), 0);
    near(totalOf([bucket("b", 5e9, { downloads: download(25e9) })]), 0.1);
  });

  it("by the card of 2015 is nothing for 1 GB a day", () => {
    const { from, until } = monthAround(Date.UTC(2020, 5, 1) / 1000);
    const downloads = [0, 1, 1].map((days) => ({ at: from + days * day, bytes: 2e9 }));
    const buckets = [{ ...bucket("b", 0), downloads }];
    near(totalOf(buckets, { from, until }), 0.01 + 0.03);
  });

  it("at Amazon is nothing for 100 GiB a month, also when the rate changes in it", () => {
    const downloads = [1, 20].map((days) => ({ at: november.from + days * day, bytes: 100 * 2 ** 30 }));
    const usd = (100 * 2 ** 30 * 0.09) / 1e9;
    near(totalOf([bucket("b", 0, { downloads })], { card: aws }), usd);
    const card = withRates(aws, [{ ...rateOf(aws), from: "2026-11-16" }]);
    near(totalOf([bucket("b", 0, { downloads })], { card }), usd);
    near(totalOf([bucket("b", 0, { downloads })], { card, freeTier: false }), 2 * usd);
  });

  it("has nothing free in a day where another host counts it", () => {
    const { from, until } = monthAround(Date.UTC(2020, 5, 1) / 1000);
    const usage = { downloads: [{ at: from, bytes: 1e9 }], calls: [{ at: from, calls: { c: 2500 } }] };
    const buckets = [bucket("b", 0, usage)];
    assert.equal(totalOf(buckets, { from, until }), 0);
    near(totalOf(buckets, { from, until, freeTier: false }), 0.01 + 0.01);
  });

  it("counts those of the time that is asked for, and a day from midnight to midnight, UTC", () => {
    const { from, until } = monthAround(Date.UTC(2020, 5, 1) / 1000);
    const usageAt = (...moments: readonly number[]) => ({
      downloads: moments.map((at) => ({ at, bytes: 1e9 })),
      calls: moments.map((at) => ({ at, calls: { c: 2500 } })),
    });
    const total = (...moments: readonly number[]) => totalOf([bucket("b", 0, usageAt(...moments))], { from, until });
    assert.equal(total(from - 1, from - 1, until, until), 0);
    assert.equal(total(from, from + day, until - 1), 0);
    near(total(from, from + day - 1), 0.01 + 0.01);
  });

  it("counts what is free in a day once for all buckets", () => {
    const { from, until } = monthAround(Date.UTC(2025, 5, 1) / 1000);
    const buckets = ["a", "b"].map((name) => ({ ...bucket(name, 0), calls: [{ at: from, calls: { c: 2500 } }] }));
    near(totalOf(buckets, { from, until }), (2500 / 10_000) * 0.04);
    assert.equal(totalOf(buckets), 0, "listing is free since May 2026");
  });

  it("at Amazon is 0.05 USD for 10 000 listings", () => {
    near(totalOf([bucket("b", 0, { calls: [{ at: november.from, calls: { a: 20_000 } }] })], { card: aws }), 0.1);
  });
});

describe("rate cards", () => {
  for (const [date, usd] of [
    ["2023-10-02", 5],
    ["2023-10-03", 6],
    ["2026-04-30", 6],
    ["2026-05-01", 6.95],
  ] as const) {
    it(`of Backblaze on ${date} say ${usd} USD for a TB`, () => {
      const rate = rateAt(b2, Date.parse(date) / 1000);
      assert.equal(rate?.storage.bands[0]?.usdPerUnit, usd);
    });
  }

  it("follow each other, those that are added too; one of the same day is replaced", () => {
    const first = rateOf(b2);
    const { rates } = withRates(b2, [
      { ...first, from: "2020-01-01" },
      { ...first, from: "2026-05-01", source: "ours" },
    ]);
    assert.deepEqual(
      rates.map(({ from }) => from),
      ["2015-12-15", "2020-01-01", "2023-10-03", "2026-05-01"],
    );
    assert.equal(rates[3]?.source, "ours");
    const dates = (...moments: readonly string[]) =>
      moments.map((moment) => Date.parse(moment) / 1000) as [number, number];
    assert.deepEqual(
      ratePeriods(b2, ...dates("2015-12-01", "2023-11-01")).map(({ from, until }) => [from, until]),
      [dates("2015-12-15", "2023-10-03"), dates("2023-10-03", "2023-11-01")],
    );
  });

  it("say nothing of the time before their first rate", () => {
    assert.equal(rateAt(b2, Date.UTC(2015, 0) / 1000), null);
  });

  it("are in order, with a source and a day each", () => {
    for (const { rates } of Object.values(rateCards)) {
      assert.deepEqual(
        rates.map(({ from }) => from),
        rates.map(({ from }) => from).toSorted(),
      );
      for (const { source, from } of rates) assert.ok(source.length > 10 && !Number.isNaN(Date.parse(from)));
    }
  });

  it("are known by the endpoint, and by nothing that only looks like it", () => {
    assert.equal(cardOfHost("s3.us-west-004.backblazeb2.com")?.name, "b2");
    assert.equal(cardOfHost("s3.eu-central-1.amazonaws.com")?.name, "aws-s3");
    assert.equal(cardOfHost("backblazeb2.com.example.org"), null);
    assert.equal(cardOfHost("notbackblazeb2.com"), null);
  });
});
