import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RetentionPolicy } from "../../../src/config/retention.ts";
import { type Hold, keep, keepByAny, type Policy } from "../../../src/model/retention/retention.ts";
import { moments, timezone, utc } from "../time/moments.ts";
import { historyBefore, noTier, policies } from "./policies.ts";

const hour = 3600;
/** What is kept of ISO times, as `time: reasons`, newest first. */
function keptOf(
  times: readonly string[],
  policy: Partial<Policy>,
  options: Parameters<typeof keep>[3] = {},
  zone = "UTC",
) {
  const { kept } = keep(times.map(utc), { ...noTier, ...policy }, zone, options);
  return [...kept].map(([index, reasons]) => `${times[index]}: ${reasons.join(" ")}`);
}

describe("what a policy keeps", () => {
  const week = [
    "2026-11-16T02:00:00Z",
    "2026-11-17T02:00:00Z",
    "2026-11-18T02:00:00Z",
    "2026-11-18T14:00:00Z",
    "2026-11-20T02:00:00Z",
  ];

  it("is the newest artifact of each of the newest days that have one", () => {
    assert.deepEqual(keptOf(week, { daily: 3 }), [
      "2026-11-20T02:00:00Z: daily",
      "2026-11-18T14:00:00Z: daily",
      "2026-11-17T02:00:00Z: daily",
    ]);
  });

  it("is whatever any tier holds, with all its reasons in restic's order", () => {
    assert.deepEqual(keptOf(week, { last: 1, daily: 2, weekly: 1, within: 12 * hour }), [
      "2026-11-20T02:00:00Z: within last daily weekly",
      "2026-11-18T14:00:00Z: daily",
    ]);
  });

  it("counts `within` from the newest artifact, not from now, and leaves out what is exactly that old", () => {
    assert.deepEqual(keptOf(week, { within: 48 * hour }), [
      "2026-11-20T02:00:00Z: within",
      "2026-11-18T14:00:00Z: within",
    ]);
    assert.equal(keptOf(week, { within: 48 * hour + 1 }).length, 3);
  });

  it("is the oldest artifact too while a tier has places left (restic since 0.16)", () => {
    const day = ["2026-11-20T02:00:00Z", "2026-11-20T08:00:00Z", "2026-11-20T14:00:00Z"];
    assert.deepEqual(keptOf(day, { daily: 2 }), ["2026-11-20T14:00:00Z: daily", "2026-11-20T02:00:00Z: daily"]);
    assert.deepEqual(keptOf(day, { daily: 1 }), ["2026-11-20T14:00:00Z: daily"]);
    assert.deepEqual(keptOf(day, { daily: 2 }, { oldest: false }), ["2026-11-20T14:00:00Z: daily"]);
  });

  it("is everything when the policy has no tier: nothing is removed by an empty promise", () => {
    assert.deepEqual(keep([3, 1, 2], noTier, "UTC"), {
      kept: new Map([
        [0, []],
        [2, []],
        [1, []],
      ]),
      removed: [],
    });
  });

  it("is nothing of nothing", () => {
    assert.deepEqual(keep([], { ...noTier, daily: 7 }, "UTC"), { kept: new Map(), removed: [] });
  });

  it("follows the days of the timezone", () => {
    const times = ["2026-11-20T22:30:00Z", "2026-11-20T23:30:00Z"];
    assert.equal(keptOf(times, { daily: 9 }, { oldest: false }).length, 1);
    assert.equal(keptOf(times, { daily: 9 }, { oldest: false }, "Europe/Berlin").length, 2);
  });

  it("counts the hour that clocks repeat once", () => {
    const times = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"];
    assert.equal(keptOf(times, { hourly: 9 }, { oldest: false }, "Europe/Berlin").length, 1);
  });

  it("is what is dated after now as well, which takes no other artifact's place", () => {
    const times = ["2026-11-19T02:00:00Z", "2026-11-20T02:00:00Z", "2030-01-01T00:00:00Z"];
    assert.deepEqual(keptOf(times, { daily: 1, within: hour }, { now: utc("2026-11-20T08:00:00Z") }), [
      "2030-01-01T00:00:00Z: future",
      "2026-11-20T02:00:00Z: within daily",
    ]);
    assert.deepEqual(keptOf(times, { daily: 1 }, { now: utc("2026-11-01T00:00:00Z") }).length, 3);
  });

  it("takes the policy of the configuration as it is", () => {
    const parsed = { ...noTier, within: undefined, daily: 7 } satisfies RetentionPolicy;
    const policy: Policy = parsed;
    assert.equal(keep([1], policy, "UTC").kept.size, 1);
  });
});

describe("for every history and policy", () => {
  const cases = moments.chain((now) => fc.record({ timestamps: historyBefore(now), policy: policies, zone: timezone }));
  const check = (property: (given: { timestamps: number[]; policy: Policy; zone: string }) => void) =>
    fc.assert(fc.property(cases, property), { numRuns: 300 });

  it("each artifact is either kept or removed", () => {
    check(({ timestamps, policy, zone }) => {
      const { kept, removed } = keep(timestamps, policy, zone);
      assert.deepEqual(
        [...kept.keys(), ...removed].sort((a, b) => a - b),
        timestamps.map((_, index) => index),
      );
    });
  });

  it("keeping what was kept keeps all of it, for the same reasons", () => {
    check(({ timestamps, policy, zone }) => {
      const { kept } = keep(timestamps, policy, zone);
      const again = keep(
        [...kept.keys()].map((index) => timestamps[index] as number),
        policy,
        zone,
      );
      assert.deepEqual(again.removed, []);
      assert.deepEqual([...again.kept.values()], [...kept.values()]);
    });
  });

  it("the order of the input does not matter", () => {
    check(({ timestamps, policy, zone }) => {
      const times = (given: readonly number[]) =>
        [...keep(given, policy, zone).kept].map(([index, reasons]): [number, readonly Hold[]] => [
          given[index] as number,
          reasons,
        ]);
      assert.deepEqual(times(timestamps.toReversed()), times(timestamps));
      assert.deepEqual(times(timestamps.toSorted((a, b) => a - b)), times(timestamps));
    });
  });

  it("the newest is kept", () => {
    check(({ timestamps, policy, zone }) => {
      if (timestamps.length === 0) return;
      const [newest] = keep(timestamps, policy, zone).kept.keys();
      assert.equal(timestamps[newest as number], Math.max(...timestamps));
    });
  });

  it("no tier holds more than its places, and the oldest rule only ever adds", () => {
    check(({ timestamps, policy, zone }) => {
      const { kept } = keep(timestamps, policy, zone);
      for (const tier of ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const) {
        const held = [...kept.values()].filter((reasons) => reasons.includes(tier));
        assert.ok(held.length <= policy[tier], `${held.length} held by ${tier}`);
      }
      for (const index of keep(timestamps, policy, zone, { oldest: false }).kept.keys()) assert.ok(kept.has(index));
    });
  });
});

describe("what several policies keep together", () => {
  it("is what at least one of them keeps by itself, for its reasons", () => {
    const now = utc("2026-11-21T09:00:00Z");
    fc.assert(
      fc.property(historyBefore(now + 10 * 86_400), policies, policies, (history, one, other) => {
        const [both, first, second] = [
          keepByAny(history, [one, other], "Europe/Berlin", { now }),
          ...[one, other].map((policy) => keep(history, policy, "Europe/Berlin", { now })),
        ];
        for (const index of history.keys()) {
          const [a, b] = [first?.kept.get(index), second?.kept.get(index)];
          assert.equal(both.kept.has(index), a !== undefined || b !== undefined);
          assert.deepEqual(new Set(both.kept.get(index)), new Set([...(a ?? []), ...(b ?? [])]));
        }
        assert.equal(both.kept.size + both.removed.length, history.length);
      }),
    );
  });
});
