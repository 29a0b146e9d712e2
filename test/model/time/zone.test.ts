import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { zoneOf } from "../../../src/model/time/zone.ts";
import { localTimeOf, moments, timezones, utc } from "./moments.ts";

describe("wall-clock time of a zone", () => {
  for (const timezone of timezones) {
    it(`agrees with Intl in ${timezone}`, () => {
      const zone = zoneOf(timezone);
      const intl = localTimeOf(timezone);
      fc.assert(
        fc.property(moments, (at) => {
          assert.equal(at + zone.offsetAt(at), intl(at));
        }),
        { numRuns: 500 },
      );
    });

    it(`finds the first moment that shows a local time in ${timezone}`, () => {
      const zone = zoneOf(timezone);
      fc.assert(
        fc.property(moments, (at) => {
          const local = at + zone.offsetAt(at);
          const instant = zone.instantOf(local);
          assert.equal(instant + zone.offsetAt(instant), local);
          assert.ok(instant <= at, "a repeated time is found at its first occurrence");
        }),
        { numRuns: 500 },
      );
    });
  }

  const changes = [
    { zone: "Europe/Berlin", at: "2026-03-29T01:00:00Z", from: 3600, to: 7200 },
    { zone: "Europe/Berlin", at: "2026-10-25T01:00:00Z", from: 7200, to: 3600 },
    { zone: "Australia/Lord_Howe", at: "2026-10-03T15:30:00Z", from: 37_800, to: 39_600 },
    { zone: "Pacific/Apia", at: "2011-12-30T10:00:00Z", from: -36_000, to: 50_400 },
    // The shortest summer time that there was: a week.
    { zone: "America/Noronha", at: "2000-10-08T02:00:00Z", from: -7200, to: -3600 },
    { zone: "America/Noronha", at: "2000-10-15T01:00:00Z", from: -3600, to: -7200 },
  ];
  for (const { zone: timezone, at, from, to } of changes) {
    it(`changes the clocks of ${timezone} at ${at} to the second`, () => {
      const { offsetAt } = zoneOf(timezone);
      assert.deepEqual([offsetAt(utc(at) - 1), offsetAt(utc(at))], [from, to]);
    });
  }

  it("gives the moment of the change for a local time that the clocks skip", () => {
    const { instantOf } = zoneOf("Europe/Berlin");
    assert.equal(instantOf(utc("2026-03-29T02:30:00Z")), utc("2026-03-29T01:00:00Z"));
    assert.equal(zoneOf("Pacific/Apia").instantOf(utc("2011-12-30T00:00:00Z")), utc("2011-12-30T10:00:00Z"));
  });

  it("reads historical offsets with seconds", () => {
    assert.equal(zoneOf("Africa/Monrovia").offsetAt(utc("1900-01-01T00:00:00Z")), -2588);
  });

  it("refuses a timezone that does not exist", () => {
    assert.throws(() => zoneOf("Europe/Atlantis"), RangeError);
  });
});
