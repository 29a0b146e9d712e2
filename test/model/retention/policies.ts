import fc from "fast-check";
import type { Policy } from "../../../src/model/retention/retention.ts";

export const noTier: Policy = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, slack: 0 };

const places = (max: number) => fc.oneof(fc.constant(0), fc.nat(max));

/** Policies as people write them: some tiers, few places. */
export const policies: fc.Arbitrary<Policy> = fc.record({
  last: places(5),
  within: fc.option(fc.nat(40 * 86_400), { nil: undefined }),
  hourly: places(30),
  daily: places(14),
  weekly: places(8),
  monthly: places(14),
  yearly: places(4),
  slack: fc.constantFrom(0, 3600, 90_000),
});

/** Artifacts of up to three years before a moment, in any order, in bursts, some at the same second. */
export function historyBefore(now: number): fc.Arbitrary<number[]> {
  const age = fc.oneof(fc.nat(3 * 86_400), fc.nat(90 * 86_400), fc.nat(3 * 366 * 86_400));
  return fc.array(
    age.map((seconds) => now - seconds),
    { maxLength: 60 },
  );
}
