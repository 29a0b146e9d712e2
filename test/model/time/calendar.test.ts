import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bucketAt, bucketOfLocal, nameOf, type Period, periods, startOf } from "../../../src/model/time/calendar.ts";
import { zoneOf } from "../../../src/model/time/zone.ts";
import { localTimeOf, moments, timezones, utc } from "./moments.ts";

describe("names of buckets", () => {
  const names: readonly [at: string, Period, name: string][] = [
    ["2026-11-21T08:57:00Z", "hourly", "2026-11-21T08"],
    ["2026-11-21T08:57:00Z", "daily", "2026-11-21"],
    ["2026-11-21T08:57:00Z", "weekly", "2026-W47"],
    ["2026-11-21T08:57:00Z", "monthly", "2026-11"],
    ["2026-11-21T08:57:00Z", "yearly", "2026"],
    ["2024-02-29T23:59:59Z", "daily", "2024-02-29"],
    ["1999-12-31T23:59:59Z", "hourly", "1999-12-31T23"],
    ["1969-12-31T23:00:00Z", "monthly", "1969-12"],
    // ISO weeks: the year of the week is the year of its Thursday
    ["2026-02-09T00:00:00Z", "weekly", "2026-W07"],
    ["2026-02-08T23:59:59Z", "weekly", "2026-W06"],
    ["2021-01-03T12:00:00Z", "weekly", "2020-W53"],
    ["2026-12-31T12:00:00Z", "weekly", "2026-W53"],
    ["2027-01-03T12:00:00Z", "weekly", "2026-W53"],
    ["2027-01-04T00:00:00Z", "weekly", "2027-W01"],
    ["2024-12-30T00:00:00Z", "weekly", "2025-W01"],
  ];
  for (const [at, period, name] of names) {
    it(`${at} is in ${name}`, () => assert.equal(nameOf(period, bucketOfLocal(period, utc(at))), name));
  }
});

describe("buckets of a zone", () => {
  const lengths: readonly [zone: string, Period, name: string, at: string, hours: number][] = [
    ["Europe/Berlin", "daily", "2026-03-29", "2026-03-29T12:00:00Z", 23],
    ["Europe/Berlin", "daily", "2026-10-25", "2026-10-25T12:00:00Z", 25],
    ["Europe/Berlin", "hourly", "2026-10-25T02", "2026-10-25T00:30:00Z", 2],
    ["Europe/Berlin", "hourly", "2026-10-25T02", "2026-10-25T01:30:00Z", 2],
    ["Europe/Berlin", "weekly", "2026-W13", "2026-03-27T12:00:00Z", 167],
    ["Europe/Berlin", "monthly", "2026-10", "2026-10-05T12:00:00Z", 31 * 24 + 1],
    ["Australia/Lord_Howe", "daily", "2026-04-05", "2026-04-04T20:00:00Z", 24.5],
    ["Australia/Lord_Howe", "hourly", "2026-04-05T01", "2026-04-04T15:10:00Z", 1.5],
    ["Australia/Lord_Howe", "hourly", "2026-10-04T02", "2026-10-03T15:40:00Z", 0.5],
    // Clocks that change at midnight: the day starts at 01:00, or its first hour comes twice.
    ["America/Sao_Paulo", "daily", "2018-11-04", "2018-11-04T12:00:00Z", 23],
    ["America/Havana", "daily", "2026-11-01", "2026-11-01T12:00:00Z", 25],
    ["Pacific/Apia", "monthly", "2011-12", "2011-12-05T12:00:00Z", 30 * 24],
    ["Asia/Kathmandu", "daily", "2026-11-21", "2026-11-20T18:15:00Z", 24],
  ];
  for (const [timezone, period, name, at, hours] of lengths) {
    it(`${name} has ${hours} hours in ${timezone}`, () => {
      const zone = zoneOf(timezone);
      const bucket = bucketAt(period, utc(at), zone);
      assert.equal(nameOf(period, bucket), name);
      assert.equal((startOf(period, bucket + 1, zone) - startOf(period, bucket, zone)) / 3600, hours);
    });
  }

  it("an hour that the clocks skip, and Samoa's day that never was, have no duration", () => {
    const berlin = zoneOf("Europe/Berlin");
    const skipped = bucketAt("hourly", utc("2026-03-29T00:59:59Z"), berlin) + 1;
    assert.equal(nameOf("hourly", skipped), "2026-03-29T02");
    assert.equal(startOf("hourly", skipped, berlin), startOf("hourly", skipped + 1, berlin));
    const apia = zoneOf("Pacific/Apia");
    const day = bucketAt("daily", utc("2011-12-30T09:59:59Z"), apia) + 1;
    assert.equal(nameOf("daily", day), "2011-12-30");
    assert.equal(startOf("daily", day, apia), startOf("daily", day + 1, apia));
  });

  for (const timezone of timezones) {
    const zone = zoneOf(timezone);
    const intl = localTimeOf(timezone);

    it(`are named as Intl formats local times in ${timezone}`, () => {
      fc.assert(
        fc.property(moments, (at) => {
          const iso = new Date(intl(at) * 1000).toISOString();
          const name = (period: Period) => nameOf(period, bucketAt(period, at, zone));
          assert.equal(name("hourly"), iso.slice(0, 13));
          assert.equal(name("daily"), iso.slice(0, 10));
          assert.equal(name("monthly"), iso.slice(0, 7));
          assert.equal(name("yearly"), iso.slice(0, 4));
        }),
      );
    });

    it(`hold every moment between their start and the next one's in ${timezone}`, () => {
      fc.assert(
        fc.property(moments, fc.constantFrom(...periods), (at, period) => {
          const bucket = bucketAt(period, at, zone);
          const start = startOf(period, bucket, zone);
          assert.ok(start <= at && at < startOf(period, bucket + 1, zone));
          assert.equal(bucketAt(period, start, zone), bucket);
          assert.ok(bucketAt(period, start - 1, zone) < bucket);
        }),
      );
    });
  }
});
