import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { formatTimestamp } from "../../src/model/quantity.ts";
import { memberOf } from "../../src/model/series.ts";

suite("a series of timestamped folders", () => {
  test("has what lies in a folder that is called by it and a time", () => {
    const found = memberOf("top/falkordb-", "top/falkordb-20261121T085700Z/dump.rdb");
    assert.deepEqual(found, { name: "top/falkordb-20261121T085700Z", at: Date.UTC(2026, 10, 21, 8, 57) / 1000 });
    assert.equal(memberOf("", "20261121T085700Z/a/b")?.name, "20261121T085700Z");
  });

  for (const other of [
    "top/valkey-20261121T085700Z/dump.rdb",
    "top/falkordb-20261121T085700Z",
    "top/falkordb-20261121T085700Z/",
    "top/falkordb-20261121T085700Z.json",
    "top/falkordb-20261121T085700Z_1/dump.rdb",
    "top/falkordb-x20261121T085700Z/dump.rdb",
    "top/falkordb-/20261121T085700Z/dump.rdb",
    "top/falkordb-20260231T085700Z/dump.rdb",
    "top/falkordb-20261121T250000Z/dump.rdb",
    "top/falkordb-2026-11-21T08:57:00Z/dump.rdb",
    "other/top/falkordb-20261121T085700Z/dump.rdb",
  ]) {
    test(`does not have ${other}`, () => assert.equal(memberOf("top/falkordb-", other), null));
  }

  test("has every moment of which a run can be, and nothing that does not begin with its name", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), fc.string(), fc.string(), (at, series, other) => {
        const name = `${series}${formatTimestamp(at * 1000)}`;
        assert.deepEqual(memberOf(series, `${name}/x`), { name, at });
        const member = memberOf(series, other);
        assert.ok(member === null || other.startsWith(`${member.name}/`));
      }),
    );
  });
});
