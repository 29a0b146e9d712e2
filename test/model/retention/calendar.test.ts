import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { calendarOf } from "../../../src/model/retention/calendar.ts";
import {
  evaluateRetention,
  excessOf,
  type Policy,
  type RetentionQuestion,
} from "../../../src/model/retention/retention.ts";
import { type Period, periods } from "../../../src/model/time/calendar.ts";
import { parseSchedule } from "../../../src/model/time/schedule.ts";
import { moments, timezone, utc } from "../time/moments.ts";
import { historyBefore, noTier, policies } from "./policies.ts";

const hour = 3600;
const day = 24 * hour;

function strip(
  times: readonly string[],
  policy: Partial<Policy>,
  more: Partial<RetentionQuestion> = {},
  tier: Period = "daily",
) {
  const question: RetentionQuestion = {
    timestamps: times.map(utc),
    policy: { ...noTier, slack: 25 * hour, ...policy },
    timezone: "UTC",
    inForceSince: 0,
    producers: [{ schedule: parseSchedule("0 2 * * *", "UTC"), grace: hour }],
    now: utc("2026-11-21T02:30:00Z"),
    ...more,
  };
  return calendarOf(tier, question, 1000).map(({ name, state, artifacts }) => `${name} ${state} ${artifacts}`);
}

describe("the calendar of a tier", () => {
  it("shows each promised period, oldest first: held, missing, and not owed yet", () => {
    assert.deepEqual(strip(["2026-11-18T02:00:07Z", "2026-11-20T02:00:07Z"], { daily: 4 }), [
      "2026-11-18 held 1",
      "2026-11-19 missing 0",
      "2026-11-20 held 1",
      "2026-11-21 open 0",
    ]);
  });

  it("shows nothing as missing from before the policy was in force", () => {
    const since = { inForceSince: utc("2026-11-20T00:00:00Z") };
    assert.deepEqual(strip([], { daily: 3 }, since), [
      "2026-11-19 open 0",
      "2026-11-20 missing 0",
      "2026-11-21 open 0",
    ]);
  });

  it("goes back to the oldest that is too many, past what another tier holds", () => {
    const times = ["16", "17", "18", "19", "20"].map((date) => `2026-11-${date}T02:00:00Z`);
    assert.deepEqual(strip([...times, "2026-10-31T02:00:00Z"], { daily: 2, weekly: 2 }), [
      "2026-11-16 excess 1",
      "2026-11-17 excess 1",
      "2026-11-18 other 1",
      "2026-11-19 other 1",
      "2026-11-20 held 1",
      "2026-11-21 open 0",
    ]);
  });

  it("counts what lies in a period, and nothing that is dated in the future", () => {
    const times = ["2026-11-20T02:00:00Z", "2026-11-20T14:00:00Z", "2026-11-21T23:00:00Z"];
    assert.deepEqual(strip(times, { daily: 2 }), ["2026-11-20 held 2", "2026-11-21 open 0"]);
  });

  it("is read by the month of a week's Thursday, across the 53rd week", () => {
    const now = utc("2027-01-05T12:00:00Z");
    const question = {
      timestamps: [],
      policy: { ...noTier, weekly: 3 },
      timezone: "UTC",
      inForceSince: 0,
      producers: [],
      now,
    };
    assert.deepEqual(
      calendarOf("weekly", question, 10).map(({ name, within }) => `${name} ${within}`),
      ["2026-W52 2026-12", "2026-W53 2026-12", "2027-W01 2027-01"],
    );
  });

  it("has days of 23 and 25 hours", () => {
    const lengths = (now: string) => {
      const question = {
        timestamps: [],
        policy: { ...noTier, daily: 3 },
        timezone: "Europe/Berlin",
        inForceSince: 0,
        producers: [],
        now: utc(now),
      };
      const starts = calendarOf("daily", question, 10).map(({ startsAt }) => startsAt);
      return starts.slice(1).map((start, index) => (start - (starts[index] as number)) / hour);
    };
    assert.deepEqual(lengths("2026-03-30T12:00:00Z"), [24, 23]);
    assert.deepEqual(lengths("2026-10-26T12:00:00Z"), [24, 25]);
  });
});

describe("for every history", () => {
  it("calendar and verdict say the same", () => {
    const questions = fc
      .record({ now: moments, zone: timezone, policy: policies, age: fc.nat(400 * day) })
      .chain(({ now, zone, policy, age }) =>
        historyBefore(now).map((timestamps): RetentionQuestion => {
          const producers = [{ schedule: null, grace: hour }];
          return { timestamps, policy, timezone: zone, inForceSince: now - age, producers, now };
        }),
      );
    const check = (question: RetentionQuestion) => {
      const { tiers, excess, heldBy } = evaluateRetention(question);
      const isExcess = excessOf(question);
      assert.equal(isExcess.filter(Boolean).length, excess);
      assert.ok(
        isExcess.every((is, index) => !is || heldBy[index]?.length === 0),
        "what is too many is held by nothing",
      );
      for (const tier of periods.filter((period) => question.policy[period] > 0)) {
        const calendar = calendarOf(tier, question, 100_000);
        const missing = calendar.flatMap(({ name, state }) => (state === "missing" ? [name] : []));
        assert.deepEqual(missing.toReversed(), tiers.find((one) => one.tier === tier)?.missing);
        assert.equal(
          calendar.some(({ state }) => state === "excess"),
          excess > 0,
        );
        assert.ok(calendar.length >= question.policy[tier]);
        assert.ok((calendar.at(-1)?.startsAt ?? 0) <= question.now, "it ends now");
        assert.equal(new Set(calendar.map(({ name }) => name)).size, calendar.length);
      }
    };
    fc.assert(fc.property(questions, check), { numRuns: 150 });
  });
});
