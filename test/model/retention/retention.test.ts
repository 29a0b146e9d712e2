import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  evaluateRetention,
  keep,
  type Policy,
  type Producer,
  type RetentionQuestion,
  type RetentionVerdict,
} from "../../../src/model/retention/retention.ts";
import { nextOwedAfter, parseSchedule } from "../../../src/model/time/schedule.ts";
import { moments, timezone, utc } from "../time/moments.ts";
import { historyBefore, noTier, policies } from "./policies.ts";

const hour = 3600;
const day = 24 * hour;
const nightly = parseSchedule("0 2 * * *", "UTC");
const now = utc("2026-11-21T08:57:00Z");

interface Rest extends Partial<Omit<RetentionQuestion, "timestamps" | "policy">> {
  readonly schedule?: Producer["schedule"];
  readonly grace?: number;
}

function judge(
  times: readonly string[],
  policy: Partial<Policy>,
  { schedule = nightly, grace = hour, ...rest }: Rest = {},
): RetentionVerdict {
  return evaluateRetention({
    timestamps: times.map(utc),
    policy: { ...noTier, slack: 25 * hour, ...policy },
    timezone: "UTC",
    inForceSince: 0,
    producers: [{ schedule, grace }],
    now,
    ...rest,
  });
}
const missing = (verdict: RetentionVerdict) =>
  Object.fromEntries(verdict.tiers.map(({ tier, missing }) => [tier, missing]));

describe("a retention verdict", () => {
  it("is compliant when every promised period holds an artifact", () => {
    const verdict = judge(["2026-11-19T02:00:07Z", "2026-11-20T02:00:07Z", "2026-11-21T02:00:07Z"], { daily: 3 });
    assert.equal(verdict.verdict, "compliant");
    assert.deepEqual(verdict.violations, []);
    assert.deepEqual(verdict.tiers, [{ tier: "daily", promised: 3, expected: 3, present: 3, missing: [] }]);
    assert.equal(verdict.newestAt, utc("2026-11-21T02:00:07Z"));
    assert.equal(verdict.oldestAt, utc("2026-11-19T02:00:07Z"));
    assert.deepEqual(verdict.heldBy, [["daily"], ["daily"], ["daily"]]);
  });

  it("names the periods that are missing, newest first, and says so in a sentence", () => {
    const verdict = judge(["2026-11-20T02:00:07Z"], { daily: 3, weekly: 2 });
    assert.equal(verdict.verdict, "violated");
    assert.deepEqual(missing(verdict), { daily: ["2026-11-21", "2026-11-19"], weekly: ["2026-W46"] });
    assert.deepEqual(verdict.violations, [
      { kind: "missing", tier: "daily", detail: "daily: 2 of 3 hold no artifact: 2026-11-21, 2026-11-19" },
      { kind: "missing", tier: "weekly", detail: "weekly: 1 of 2 hold no artifact: 2026-W46" },
    ]);
  });

  it("names five at most in the sentence", () => {
    const [violation] = judge([], { daily: 7 }).violations;
    assert.match(violation?.detail ?? "", /^daily: 7 of 7 .*2026-11-21, .*2026-11-17, …$/);
  });

  it("of nothing: everything that is expected is missing", () => {
    const verdict = judge([], { daily: 2, monthly: 1 });
    assert.deepEqual(missing(verdict), { daily: ["2026-11-21", "2026-11-20"], monthly: ["2026-11"] });
    assert.equal(verdict.oldestAt, null);
    assert.equal(verdict.newestAt, null);
    assert.deepEqual(verdict.heldBy, []);
  });

  it("holds what is dated after now apart from the tiers, whose places it does not take", () => {
    const verdict = judge(["2026-11-20T02:00:07Z", "2030-01-01T00:00:00Z", "2026-11-21T02:00:07Z"], { daily: 2 });
    assert.equal(verdict.verdict, "compliant");
    assert.deepEqual(verdict.heldBy, [["daily"], ["future"], ["daily"]]);
  });

  it("never misses anything of `last` and `within`: they promise no periods", () => {
    const verdict = judge([], { last: 5, within: day });
    assert.deepEqual(verdict.tiers, []);
    assert.equal(verdict.verdict, "compliant");
  });
});

describe("what is expected", () => {
  const since = (moment: string) => ({ inForceSince: utc(moment) });
  const at = (moment: string) => ({ now: utc(moment) });
  const weekly = parseSchedule("0 3 * * 0", "UTC");
  const table: readonly [
    name: string,
    Partial<Policy>,
    Parameters<typeof judge>[2],
    missing: Record<string, string[]>,
  ][] = [
    ["not today before its fire", { daily: 2 }, at("2026-11-21T01:59:59Z"), { daily: ["2026-11-20"] }],
    ["not today within its grace", { daily: 2 }, at("2026-11-21T02:59:59Z"), { daily: ["2026-11-20"] }],
    ["today when its grace is over", { daily: 2 }, at("2026-11-21T03:00:00Z"), { daily: ["2026-11-21", "2026-11-20"] }],
    ["no day whose fire was before the policy", { daily: 9 }, since("2026-11-20T02:00:01Z"), { daily: ["2026-11-21"] }],
    [
      "the day whose fire found the policy in force",
      { daily: 9 },
      since("2026-11-20T02:00:00Z"),
      { daily: ["2026-11-21", "2026-11-20"] },
    ],
    [
      "the month in which the policy came into force",
      { monthly: 6 },
      since("2026-10-30T12:00:00Z"),
      { monthly: ["2026-11", "2026-10"] },
    ],
    ["no month that had no fire left", { monthly: 6 }, since("2026-10-31T12:00:00Z"), { monthly: ["2026-11"] }],
    [
      "only the days on which a weekly job fires",
      { daily: 10, weekly: 3 },
      { schedule: weekly },
      { daily: ["2026-11-15"], weekly: ["2026-W46", "2026-W45"] },
    ],
    ["nothing of a policy that begins now", { daily: 9, yearly: 9 }, { inForceSince: now }, { daily: [], yearly: [] }],
    [
      "without a schedule only full periods that are over",
      { daily: 3, weekly: 2 },
      { schedule: null, inForceSince: utc("2026-11-12T00:00:00Z") },
      { daily: ["2026-11-20", "2026-11-19"], weekly: [] },
    ],
    [
      "without a schedule not yesterday within its grace",
      { daily: 2 },
      { schedule: null, ...at("2026-11-21T00:59:59Z") },
      { daily: [] },
    ],
  ];
  for (const [name, policy, rest, expected] of table) {
    it(name, () => assert.deepEqual(missing(judge([], policy, rest)), expected));
  }

  it("is named in the job's timezone, across the year's 53rd week", () => {
    const verdict = judge(
      [],
      { daily: 1, weekly: 2 },
      {
        timezone: "Europe/Berlin",
        schedule: parseSchedule("0 2 * * *", "Europe/Berlin"),
        now: utc("2027-01-05T12:00:00Z"),
      },
    );
    assert.deepEqual(missing(verdict), { daily: ["2027-01-05"], weekly: ["2027-W01", "2026-W53"] });
  });

  it("is no day on which the clocks skip the job's time", () => {
    const schedule = parseSchedule("30 2 * * *", "Europe/Berlin");
    const verdict = judge([], { daily: 3 }, { timezone: "Europe/Berlin", schedule, now: utc("2026-03-30T12:00:00Z") });
    assert.deepEqual(missing(verdict), { daily: ["2026-03-30", "2026-03-28"] });
  });

  it("is no hour that the clocks skip, and the repeated hour once", () => {
    const hours = (moment: string) =>
      missing(judge([], { hourly: 4 }, { timezone: "Europe/Berlin", schedule: null, grace: 0, now: utc(moment) }))[
        "hourly"
      ];
    assert.deepEqual(hours("2026-03-29T02:10:00Z"), ["2026-03-29T03", "2026-03-29T01"]);
    assert.deepEqual(hours("2026-10-25T02:10:00Z"), ["2026-10-25T02", "2026-10-25T01", "2026-10-25T00"]);
  });
});

describe("excess", () => {
  const daily = ["2026-11-18T02:00:00Z", "2026-11-19T02:00:00Z", "2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"];

  it("is what no tier has held for longer than the slack", () => {
    const verdict = judge(daily, { daily: 2, slack: 6 * hour });
    assert.equal(verdict.excess, 2);
    assert.equal(verdict.verdict, "violated");
    assert.deepEqual(verdict.violations, [
      { kind: "excess", detail: "2 artifacts that no tier holds wait for pruning longer than 6h" },
    ]);
    assert.deepEqual(verdict.heldBy, [[], [], ["daily"], ["daily"]]);
  });

  it("is not yet what the newest artifact has just released, however old it is", () => {
    const verdict = judge(daily, { daily: 2, slack: 7 * hour });
    assert.equal(verdict.excess, 1, "2026-11-19 was held until 7 hours ago");
  });

  it("is nothing while the policy is younger than its slack", () => {
    assert.equal(judge(daily, { daily: 2, slack: 6 * hour }, { inForceSince: now - 5 * hour }).excess, 0);
  });

  it("is nothing of a policy without tiers", () => {
    assert.equal(judge(daily, {}).verdict, "compliant");
  });

  it("is not the oldest artifact that a tier with places left holds", () => {
    const twice = ["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z"];
    assert.equal(judge(twice, { daily: 1, slack: 0 }, { schedule: null, inForceSince: now - 1 }).excess, 1);
    assert.equal(judge(twice, { daily: 2, slack: 0 }, { schedule: null, inForceSince: now - 1 }).excess, 0);
  });
});

describe("since when there is an excess", () => {
  const days = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `2026-11-${String(from + index).padStart(2, "0")}T02:00:00Z`);
  const since = (...given: Parameters<typeof judge>) => judge(...given).excessSince;

  it("is when the first one had had its time to be pruned", () => {
    // The fourth day took the first one's place.
    assert.equal(since(days(10, 21), { daily: 3, slack: 6 * hour }), utc("2026-11-13T08:00:00Z"));
    assert.equal(since(days(10, 12), { daily: 3, slack: 0 }), null);
  });

  it("is not before the policy's own time", () => {
    const inForceSince = utc("2026-11-18T00:00:00Z");
    assert.equal(since(days(10, 21), { daily: 3, slack: 6 * hour }, { inForceSince }), inForceSince + 6 * hour);
  });

  it("costs nothing that grows with what has piled up: it agrees with a search from the oldest", () => {
    fc.assert(
      fc.property(historyBefore(now), policies, (timestamps, policy) => {
        const question = {
          timestamps,
          policy: { ...policy, slack: 0 },
          timezone: "UTC",
          inForceSince: 0,
          producers: [],
          now,
        };
        const oldestFirst = timestamps.toSorted((a, b) => a - b);
        const begins = oldestFirst.find((_, index) => {
          const existing = oldestFirst.slice(0, index + 1);
          return evaluateRetention({ ...question, timestamps: existing }).excess > 0;
        });
        assert.equal(evaluateRetention(question).excessSince, begins ?? null);
      }),
    );
  });
});

describe("what pruning respects besides the promised tiers", () => {
  const week = ["16", "17", "18", "19", "20", "21"].map((date) => `2026-11-${date}T02:00:00Z`);

  it("what a pruning step keeps itself is not too many", () => {
    const policy = { daily: 2, slack: 0 };
    assert.equal(judge(week, policy).excess, 4);
    const verdict = judge(week, policy, { alsoKept: [{ ...noTier, daily: 5 }] });
    assert.equal(verdict.excess, 1);
    assert.deepEqual(verdict.heldBy, [[], ["keep"], ["keep"], ["keep"], ["daily"], ["daily"]]);
  });

  it("what the chain of a kept archive needs is not too many, the chain before it is", () => {
    const chained = [false, true, false, true, true, true];
    const verdict = judge(week, { daily: 2, slack: 0 }, { chained });
    assert.deepEqual(verdict.heldBy, [[], [], ["chain"], ["chain"], ["daily"], ["daily"]]);
    assert.equal(verdict.excess, 2);
  });

  it("of a program that keeps the first of a period, neither the first nor the newest is too many", () => {
    const twice = [...week, "2026-11-20T14:00:00Z", "2026-11-20T20:00:00Z"];
    const policy = { daily: 2, slack: 0 };
    assert.equal(judge(twice, policy).excess, 6);
    // It has one place more, since it does not count the period that is not over yet: the 19th.
    assert.deepEqual(judge(twice, policy, { standsFor: "first" }).heldBy, [
      ...[[], [], [], ["daily"], ["daily"], ["daily"], [], ["daily"]],
    ]);
  });
});

describe("several who make artifacts", () => {
  const weekly = { schedule: parseSchedule("0 3 * * 0", "UTC"), grace: hour };
  const daily = { schedule: nightly, grace: hour };
  const policy = { daily: 3, weekly: 2 };

  it("together owe what each of them owes", () => {
    assert.deepEqual(missing(judge([], policy, { producers: [weekly, daily] })), missing(judge([], policy)));
    assert.deepEqual(missing(judge([], policy, { producers: [weekly] })), {
      daily: [],
      weekly: ["2026-W46"],
    });
  });

  it("nobody owes nothing, and what is too many still is", () => {
    const verdict = judge(["2026-11-01T02:00:00Z", "2026-11-02T02:00:00Z"], { daily: 1, slack: 0 }, { producers: [] });
    assert.deepEqual(missing(verdict), { daily: [] });
    assert.equal(verdict.excess, 1);
  });
});

describe("what is dated after now", () => {
  it("stands for no period, not even for that of today", () => {
    const verdict = judge(["2026-11-21T23:00:00Z"], { daily: 1 });
    assert.deepEqual(missing(verdict), { daily: ["2026-11-21"] });
    assert.deepEqual(verdict.heldBy, [["future"]]);
  });

  it("is what is further ahead than clocks of hosts differ", () => {
    assert.deepEqual(judge(["2026-11-21T09:01:00Z"], { daily: 1 }).heldBy, [["daily"]]);
  });
});

describe("for every history, policy, schedule and zone", () => {
  const crons = ["0 * * * *", "30 2 * * *", "0 3 * * 0", "15 1 1 * *"];
  const questions = fc.record({ now: moments, zone: timezone, policy: policies }).chain(({ now, zone, policy }) =>
    fc.record({
      timestamps: historyBefore(now),
      policy: fc.constant(policy),
      timezone: fc.constant(zone),
      producers: fc.array(
        fc.record({
          schedule: fc.constantFrom(...crons, null).map((cron) => (cron === null ? null : parseSchedule(cron, zone))),
          grace: fc.constantFrom(0, hour, 6 * hour),
        }),
        { maxLength: 2 },
      ),
      inForceSince: fc.nat(200 * day).map((age) => now - age),
      now: fc.constant(now),
    }),
  );
  const check = (property: (question: RetentionQuestion) => void) =>
    fc.assert(fc.property(questions, property), { numRuns: 150 });
  const missingOf = (question: RetentionQuestion) =>
    evaluateRetention(question).tiers.flatMap(({ tier, missing }) => missing.map((name) => `${tier} ${name}`));

  it("no more is expected than the tier promises, and it is present or missing", () => {
    check((question) => {
      for (const { tier, expected, present, missing } of evaluateRetention(question).tiers) {
        assert.ok(expected <= question.policy[tier]);
        assert.equal(present + missing.length, expected);
        assert.equal(new Set(missing).size, missing.length);
      }
    });
  });

  it("no period in the future is asked for: a witness in the past satisfies it", () => {
    check((question) => {
      const { producers, inForceSince, now: present } = question;
      const witnesses = producers.flatMap(({ schedule, grace }) => {
        const from = Math.max(inForceSince, present - 40 * day);
        const fires: number[] = [];
        // Where nobody knows the schedule, one each half hour of what is over is the most that can be asked for.
        if (schedule === null) for (let at = from; at < present - grace; at += hour / 2) fires.push(at);
        let fire = schedule && nextOwedAfter(schedule, from - 1);
        while (schedule && fire !== null && fire <= present - grace) {
          fires.push(fire);
          fire = nextOwedAfter(schedule, fire);
        }
        return fires;
      });
      const policy = { ...question.policy, weekly: 0, monthly: 0, yearly: 0 };
      assert.deepEqual(missingOf({ ...question, policy, timestamps: witnesses }), []);
    });
  });

  it("an artifact more never adds something missing", () => {
    check((question) => {
      const before = new Set(missingOf(question));
      for (const extra of [question.now, question.now - 5 * day, question.now + day]) {
        const after = missingOf({ ...question, timestamps: [...question.timestamps, extra] });
        assert.ok(after.every((name) => before.has(name)));
      }
    });
  });

  it("removing what keep() removes leaves nothing missing that was there, and no excess", () => {
    check((given) => {
      // One from a wrong clock: it must not cost a real one.
      const question = { ...given, timestamps: [...given.timestamps, given.now + 400 * day] };
      const { kept } = keep(question.timestamps, question.policy, question.timezone, { now: question.now });
      const pruned = { ...question, timestamps: [...kept.keys()].map((index) => question.timestamps[index] as number) };
      assert.deepEqual(missingOf(pruned), missingOf(question));
      assert.equal(evaluateRetention(pruned).excess, 0);
    });
  });

  it("the order of the timestamps does not matter, and excess is never held", () => {
    check((question) => {
      const { heldBy, ...verdict } = evaluateRetention(question);
      const { heldBy: turned, ...same } = evaluateRetention({
        ...question,
        timestamps: question.timestamps.toReversed(),
      });
      assert.deepEqual(same, verdict);
      assert.equal(turned.length, heldBy.length);
      assert.ok(verdict.excess <= heldBy.filter((holds) => holds.length === 0).length);
    });
  });
});
