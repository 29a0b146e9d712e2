import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeExpectation, type Expectation, meets, momentOf } from "../../src/model/expectation.ts";

const now = Date.UTC(2026, 10, 21, 9, 0, 0);

describe("the answer of a query", () => {
  const table: readonly [string | null, Expectation, boolean][] = [
    ["1000", { at_least: 1000 }, true],
    ["999.5", { at_least: 1000 }, false],
    ["1000", { at_most: 1000 }, true],
    ["many", { at_least: 1 }, false],
    ["", { at_most: 1 }, false],
    [null, { at_most: 1 }, false],
    ["42.00", { equals: 42 }, true],
    ["t", { equals: true }, true],
    ["f", { equals: true }, false],
    ["Grüße", { equals: "Grüße" }, true],
    ["42.00", { equals: "42" }, false],
    ["", { equals: "" }, true],
    [null, { equals: "" }, false],
    ["2026-11-21 08:00:00+00", { newest_within: 3600 }, true],
    ["2026-11-21 07:59:59+00", { newest_within: 3600 }, false],
    ["2026-11-21 09:30:00+01:30", { newest_within: 3600 }, true],
    ["soon", { newest_within: 3600 }, false],
  ];
  for (const [value, expected, met] of table) {
    it(`${JSON.stringify(value)} is ${met ? "" : "not "}${describeExpectation(expected)}`, () => {
      assert.equal(meets(value, expected, now), met);
    });
  }

  it("may be a moment in every form that PostgreSQL writes in ISO style", () => {
    assert.equal(momentOf("2026-11-21 08:57:00.123456+00"), Date.UTC(2026, 10, 21, 8, 57, 0, 123));
    assert.equal(momentOf("2026-11-21 08:57:00"), Date.UTC(2026, 10, 21, 8, 57));
    assert.equal(momentOf("2026-11-21 08:57:00-0330"), Date.UTC(2026, 10, 21, 12, 27));
    assert.equal(momentOf("2026-11-21"), Date.UTC(2026, 10, 21));
    assert.equal(momentOf("2026-13-41"), null);
    assert.equal(momentOf("infinity"), null);
  });
});
