import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dayIndex, localTime, monthAt, parseMonth } from "../../../src/model/time/month.ts";

const berlin = "Europe/Berlin";
const iso = (at: number | undefined) => new Date((at ?? Number.NaN) * 1000).toISOString();

describe("a calendar month", () => {
  it("begins and ends when the clocks of its timezone say so", () => {
    const month = parseMonth("2026-10", berlin);
    assert.equal(iso(month?.from), "2026-09-30T22:00:00.000Z");
    assert.equal(iso(month?.until), "2026-10-31T23:00:00.000Z");
    assert.equal(month?.days.length, 31);
  });

  it("has a day of 25 hours where the clocks are set back", () => {
    const day = parseMonth("2026-10", berlin)?.days[24];
    assert.deepEqual([day?.name, ((day?.until ?? 0) - (day?.from ?? 0)) / 3600], ["2026-10-25", 25]);
  });

  for (const text of [
    "",
    "2026",
    "2026-13",
    "2026-00",
    "2026-1",
    "26-10",
    "2026-10-01",
    "0000-01",
    "9999-12",
    "٢٠٢٦-10",
  ]) {
    it(`is not named by ${JSON.stringify(text)}`, () => assert.equal(parseMonth(text, berlin), null));
  }

  it("may be named from 1970 to 9998", () => {
    for (const name of ["1970-01", "9998-12"]) assert.equal(parseMonth(name, "UTC")?.name, name);
  });

  it("is found by a moment, and so is the one before it, across a new year", () => {
    const january = Date.UTC(2026, 0, 1, 0) / 1000;
    assert.equal(monthAt(january, berlin).name, "2026-01");
    assert.equal(monthAt(january, berlin, 1).name, "2025-12");
    assert.equal(monthAt(january, "America/New_York").name, "2025-12");
  });

  it("knows the day of a moment, and that others are not its own", () => {
    const month = monthAt(Date.UTC(2026, 9, 10) / 1000, berlin);
    assert.deepEqual(
      [month.from, month.until - 1, month.from - 1, month.until].map((at) => dayIndex(month, at)),
      [0, 30, -1, -1],
    );
  });

  it("writes moments as its clocks show them", () => {
    const { zone } = monthAt(Date.UTC(2026, 9, 10) / 1000, berlin);
    assert.equal(localTime(Date.UTC(2026, 9, 25, 0, 30) / 1000, zone), "2026-10-25 02:30");
    assert.equal(localTime(Date.UTC(2026, 9, 25, 1, 30) / 1000, zone), "2026-10-25 02:30");
  });
});
