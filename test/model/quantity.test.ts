import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  formatBytes,
  formatDuration,
  formatTimestamp,
  parseDuration,
  writeDuration,
} from "../../src/model/quantity.ts";

describe("durations as people write them", () => {
  const table: readonly [text: string, seconds: number | null][] = [
    ["90s", 90],
    ["15m", 900],
    ["1h30m", 5400],
    ["30d", 2_592_000],
    ["2w", 1_209_600],
    ["1y", 31_557_600],
    ["250ms", 0.25],
    ["1.5h", 5400],
    ["0s", 0],
    ["", null],
    ["90", null],
    ["1h 30m", null],
    ["-5m", null],
    ["5 minutes", null],
    ["1h\n", null],
    ["1e3s", null],
    ["h", null],
  ];
  for (const [text, seconds] of table) {
    it(`${JSON.stringify(text)} is ${seconds ?? "refused"}`, () => assert.equal(parseDuration(text), seconds));
  }

  it("are read back from what is written", () => {
    fc.assert(fc.property(fc.nat(10 ** 9), (seconds) => assert.equal(parseDuration(writeDuration(seconds)), seconds)));
    fc.assert(
      fc.property(fc.nat(10 ** 9), (milliseconds) => {
        assert.equal(parseDuration(writeDuration(milliseconds / 1000)), milliseconds / 1000);
      }),
    );
    assert.equal(writeDuration(5400), "1h30m");
  });

  it("are shown with two units at most", () => {
    const shown: readonly [seconds: number, text: string][] = [
      [0, "0s"],
      [0.44, "0.4s"],
      [9.96, "10s"],
      [59.6, "1m"],
      [90, "1m 30s"],
      [3600, "1h"],
      [3605, "1h"],
      [187_200, "2d 4h"],
      [90_061, "1d 1h"],
      [-90, "-1m 30s"],
      [Number.POSITIVE_INFINITY, "–"],
      [Number.NaN, "–"],
    ];
    for (const [seconds, text] of shown) assert.equal(formatDuration(seconds), text);
  });
});

describe("sizes", () => {
  const shown: readonly [bytes: number, text: string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1_610_612_736, "1.5 GiB"],
    [123 * 1024, "123 KiB"],
    [-2048, "-2.0 KiB"],
    [2 ** 60, "1024 PiB"],
  ];
  for (const [bytes, text] of shown) it(`${bytes} is ${text}`, () => assert.equal(formatBytes(bytes), text));
});

describe("timestamps", () => {
  it("are names that sort by time", () => {
    assert.equal(formatTimestamp(Date.UTC(2026, 10, 21, 8, 57, 3, 999)), "20261121T085703Z");
    const moment = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
        assert.ok(formatTimestamp(earlier) <= formatTimestamp(later));
        assert.match(formatTimestamp(a), /^\d{8}T\d{6}Z$/);
      }),
    );
  });
});
