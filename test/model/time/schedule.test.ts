import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StepError } from "../../../src/model/run/outcome.ts";
import {
  dueOf,
  hasDayUnion,
  nextAfter,
  nextOwedAfter,
  parseSchedule,
  previousAt,
  previousOwedAt,
  type Schedule,
} from "../../../src/model/time/schedule.ts";
import { moments, timezone, utc } from "./moments.ts";

const hour = 3600;
const iso = (at: number | null) => (at === null ? null : new Date(at * 1000).toISOString().replace(".000Z", "Z"));
/** From when on a job with one schedule is overdue. */
function overdueSince(job: {
  schedule: Schedule;
  grace: number;
  declaredAt: number;
  lastSuccessAt: number | null;
}): number | null {
  const due = dueOf([job], job);
  return due && due.at + due.grace;
}
/** The next times that `step` gives, starting from a moment. */
function chain(step: (at: number) => number | null, from: string, count: number): (string | null)[] {
  const found: (string | null)[] = [];
  let at: number | null = utc(from);
  while (at !== null && found.length < count) {
    at = step(at);
    found.push(iso(at));
  }
  return found;
}

describe("reading a schedule", () => {
  for (const cron of ["0 */6 * * *", "30 2 * * mon-fri", "0 0 1,15 JAN-JUN/2 *", "5-59/10 * * * 7", "  0  2 * * 0 "]) {
    it(`accepts "${cron}"`, () => assert.ok(nextAfter(parseSchedule(cron, "UTC"), 0)));
  }

  const refused: readonly [cron: string, problem: RegExp][] = [
    ["0 30 2 * * *", /has 6 fields/],
    ["@daily", /has 1 fields/],
    ["", /has 1 fields/],
    ["0 0 L * *", /cannot be read at its day of month, "L"/],
    ["0 0 15W * *", /day of month/],
    ["0 0 * * 5#2", /day of week/],
    ["0 0 * * FRIL", /day of week/],
    ["0 0 ? * *", /day of month/],
    ["0 0 1 * +MON", /day of week/],
    ["0 0 * mon *", /month/],
    ["61 * * * *", /is not valid: Invalid value for minute: 61/],
    ["0 24 * * *", /is not valid: .*hour/],
    ["5/10 * * * *", /is not valid/],
    ["0 0 31 2 *", /never fires/],
  ];
  for (const [cron, problem] of refused) {
    it(`refuses "${cron}" and says why`, () => {
      assert.throws(
        () => parseSchedule(cron, "UTC"),
        (error) => {
          assert.ok(error instanceof StepError);
          assert.equal(error.reason, "config");
          assert.match(error.message, problem);
          assert.ok(error.details.advice);
          return true;
        },
      );
    });
  }

  it("refuses a timezone that does not exist", () => {
    assert.throws(() => parseSchedule("0 2 * * *", "Mars/Olympus"), {
      name: "StepError",
      reason: "config",
      message: 'the timezone "Mars/Olympus" is not known',
    });
  });

  it("knows days of month OR days of week", () => {
    assert.equal(hasDayUnion(parseSchedule("0 0 13 * 5", "UTC")), true);
    assert.equal(hasDayUnion(parseSchedule("0 0 */2 * mon", "UTC")), true);
    assert.equal(hasDayUnion(parseSchedule("0 0 13 * *", "UTC")), false);
    assert.equal(hasDayUnion(parseSchedule("0 0 * 2 5", "UTC")), false);
    const either = parseSchedule("0 0 13 * 5", "UTC");
    assert.deepEqual(
      chain((at) => nextAfter(either, at), "2026-10-08T12:00:00Z", 3),
      ["2026-10-09T00:00:00Z", "2026-10-13T00:00:00Z", "2026-10-16T00:00:00Z"],
    );
  });
});

describe("fires", () => {
  const tables: readonly { name: string; cron: string; timezone: string; after: string; fires: readonly string[] }[] = [
    {
      name: "a skipped time of a fixed schedule is made up for right after the change",
      cron: "30 2 * * *",
      timezone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z",
      fires: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
    },
    {
      name: "a repeated time of a fixed schedule fires once, the first time",
      cron: "30 2 * * *",
      timezone: "Europe/Berlin",
      after: "2026-10-24T12:00:00Z",
      fires: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    },
    {
      name: "a skipped time of a list is dropped",
      cron: "30 1,2 * * *",
      timezone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z",
      fires: ["2026-03-29T00:30:00Z", "2026-03-29T23:30:00Z"],
    },
    {
      name: "a repeated time of an interval fires both times",
      cron: "0 * * * *",
      timezone: "Europe/Berlin",
      after: "2026-10-24T23:30:00Z",
      fires: ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
    },
    {
      name: "half an hour is skipped",
      cron: "0 2 * * *",
      timezone: "Australia/Lord_Howe",
      after: "2026-10-03T00:00:00Z",
      fires: ["2026-10-03T15:30:00Z", "2026-10-04T15:00:00Z"],
    },
    {
      name: "half an hour is repeated",
      cron: "45 1 * * *",
      timezone: "Australia/Lord_Howe",
      after: "2026-04-04T00:00:00Z",
      fires: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
    },
  ];
  for (const { name, cron, timezone: zone, after, fires } of tables) {
    it(`${cron} in ${zone}: ${name}`, () => {
      const schedule = parseSchedule(cron, zone);
      assert.deepEqual(
        chain((at) => nextAfter(schedule, at), after, fires.length),
        fires,
      );
      const last = fires.at(-1) as string;
      assert.equal(iso(previousAt(schedule, utc(last))), last);
      assert.deepEqual(
        chain((at) => previousAt(schedule, at - 1), last, fires.length - 1),
        fires.toReversed().slice(1),
      );
    });
  }

  it("a fire is not after itself, but at itself", () => {
    const schedule = parseSchedule("0 2 * * *", "UTC");
    const fire = utc("2026-01-02T02:00:00Z");
    assert.equal(nextAfter(schedule, fire), fire + 24 * hour);
    assert.equal(nextAfter(schedule, fire - 0.5), fire);
    assert.equal(previousAt(schedule, fire), fire);
    assert.equal(previousAt(schedule, fire - 0.5), fire - 24 * hour);
  });

  const schedules = fc
    .tuple(
      fc.constantFrom(
        "0 * * * *",
        "*/20 1-3 * * *",
        "30 2 * * *",
        "0 2 * * 0",
        "15 1 1 * *",
        "0 0 29 2 *",
        "0 12 13 * 5",
      ),
      timezone,
    )
    .map(([cron, zone]) => parseSchedule(cron, zone));

  it("the next is after, the previous is not, and nothing lies between the two", () => {
    fc.assert(
      fc.property(schedules, moments, (schedule, at) => {
        const next = nextAfter(schedule, at);
        const previous = previousAt(schedule, at);
        assert.ok(next !== null && previous !== null);
        assert.ok(next > at && previous <= at);
        assert.equal(nextAfter(schedule, previous), next);
        assert.equal(previousAt(schedule, next - 1), previous);
      }),
      { numRuns: 300 },
    );
  });

  it("what is owed is a fire", () => {
    fc.assert(
      fc.property(schedules, moments, (schedule, at) => {
        const next = nextOwedAfter(schedule, at);
        const previous = previousOwedAt(schedule, at);
        assert.ok(next !== null && previous !== null);
        assert.equal(previousAt(schedule, next), next);
        assert.equal(previousAt(schedule, previous), previous);
        assert.equal(nextOwedAfter(schedule, previous), next);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is owed", () => {
  it("leaves out the fire that makes up for a skipped time: systemd starts nothing then", () => {
    const schedule = parseSchedule("30 2 * * *", "Europe/Berlin");
    assert.equal(iso(nextOwedAfter(schedule, utc("2026-03-28T12:00:00Z"))), "2026-03-30T00:30:00Z");
    assert.equal(iso(previousOwedAt(schedule, utc("2026-03-29T12:00:00Z"))), "2026-03-28T01:30:00Z");
  });

  it("leaves out the second occurrence of a repeated time: systemd starts only the first", () => {
    const schedule = parseSchedule("0,30 * * * *", "Europe/Berlin");
    assert.deepEqual(
      chain((at) => nextOwedAfter(schedule, at), "2026-10-24T23:45:00Z", 3),
      ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z"],
    );
  });
});

describe("a job is overdue", () => {
  const nightly = parseSchedule("0 2 * * *", "UTC");
  const declaredAt = utc("2026-11-01T12:00:00Z");
  const since = (lastSuccessAt: string | null, grace = hour, schedule = nightly) =>
    iso(
      overdueSince({ schedule, grace, declaredAt, lastSuccessAt: lastSuccessAt === null ? null : utc(lastSuccessAt) }),
    );

  it("when it has never succeeded: from its first fire after it was declared, plus grace", () => {
    assert.equal(since(null), "2026-11-02T03:00:00Z");
  });

  it("when it succeeded once: from the next fire, plus grace", () => {
    assert.equal(since("2026-11-05T02:03:00Z"), "2026-11-06T03:00:00Z");
  });

  it("not for the fire that came while the run that then succeeded was under way", () => {
    assert.equal(since("2026-11-06T02:10:00Z"), "2026-11-07T03:00:00Z");
  });

  it("although it succeeded by hand shortly before its fire", () => {
    assert.equal(since("2026-11-06T01:58:00Z"), "2026-11-06T03:00:00Z");
  });

  it("not for fires before it was declared again", () => {
    assert.equal(since("2026-10-01T02:03:00Z"), "2026-11-02T03:00:00Z");
  });

  it("with a grace that is longer than its interval: from the first fire that was missed", () => {
    assert.equal(since("2026-11-05T02:03:00Z", 50 * hour), "2026-11-08T04:00:00Z");
  });

  it("never because the clocks changed: 02:30 is skipped in March, and systemd does not make up for it", () => {
    const schedule = parseSchedule("30 2 * * *", "Europe/Berlin");
    const lastSuccessAt = utc("2026-03-28T01:33:00Z");
    assert.equal(iso(overdueSince({ schedule, grace: hour, declaredAt: 0, lastSuccessAt })), "2026-03-30T01:30:00Z");
  });

  it("never later when it succeeded earlier", () => {
    fc.assert(
      fc.property(moments, moments, fc.nat(100_000), (one, other, grace) => {
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        const judge = (lastSuccessAt: number) =>
          overdueSince({ schedule: nightly, grace, declaredAt: 0, lastSuccessAt }) ?? 0;
        assert.ok(judge(earlier) <= judge(later));
        assert.ok(judge(later) > later + grace);
      }),
    );
  });
});

describe("what is owed, minute by minute", () => {
  /** What local clocks show, asked of Intl alone. */
  function localClock(zone: string): (at: number) => string {
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    return (at) => format.format(at * 1000);
  }
  const minute = 60;

  /** Every minute in which local clocks show one of the times, for the first time. */
  function owedByMinutes(times: readonly string[], zone: string, from: number, until: number): string[] {
    const show = localClock(zone);
    const seen = new Set<string>();
    const found: (string | null)[] = [];
    for (let at = from - 3 * hour; at <= until; at += minute) {
      const local = show(at);
      if (times.some((time) => local.endsWith(time)) && !seen.has(local) && at > from) found.push(iso(at));
      seen.add(local);
    }
    return found.filter((each) => each !== null);
  }

  const changes: readonly [what: string, zone: string, from: string][] = [
    ["clocks go forward an hour at two", "Europe/Berlin", "2026-03-28T12:00:00Z"],
    ["clocks go back an hour at three", "Europe/Berlin", "2026-10-24T12:00:00Z"],
    ["clocks go forward at two", "America/New_York", "2026-03-07T12:00:00Z"],
    ["clocks go back at two", "America/New_York", "2026-10-31T12:00:00Z"],
    ["a zone of half hours goes forward", "America/St_Johns", "2026-03-07T12:00:00Z"],
    ["a zone of half hours goes back", "America/St_Johns", "2026-10-31T12:00:00Z"],
    ["clocks go forward half an hour", "Australia/Lord_Howe", "2026-10-03T00:00:00Z"],
    ["clocks go back half an hour", "Australia/Lord_Howe", "2026-04-04T00:00:00Z"],
    ["midnight does not exist", "America/Havana", "2026-03-07T12:00:00Z"],
    ["half an hour off, and no change", "Asia/Kolkata", "2026-03-28T12:00:00Z"],
    ["three quarters of an hour off, and no change", "Asia/Kathmandu", "2026-10-24T12:00:00Z"],
    ["no change any more", "America/Sao_Paulo", "2026-10-17T12:00:00Z"],
  ];
  const patterns: readonly [cron: string, times: readonly string[]][] = [
    ["30 2 * * *", ["02:30"]],
    ["0 0 * * *", ["00:00"]],
    ["15 1 * * *", ["01:15"]],
    ["45 1,2,3 * * *", ["01:45", "02:45", "03:45"]],
    ["*/30 * * * *", [":00", ":30"]],
  ];
  for (const [what, zone, from] of changes) {
    it(`is right where ${what} (${zone})`, () => {
      for (const [cron, times] of patterns) {
        const schedule = parseSchedule(cron, zone);
        const [start, end] = [utc(from), utc(from) + 48 * hour];
        const owed: (string | null)[] = [];
        for (let at = nextOwedAfter(schedule, start); at !== null && at <= end; at = nextOwedAfter(schedule, at)) {
          owed.push(iso(at));
        }
        assert.deepEqual(owed, owedByMinutes(times, zone, start, end), cron);
      }
    });
  }
});

describe("a job that owes by several schedules", () => {
  const at = (cron: string, grace: number) => ({ schedule: parseSchedule(cron, "UTC"), grace });
  const settled = { declaredAt: utc("2026-11-01T12:00:00Z"), lastSuccessAt: null };

  it("is overdue by the one that it misses first, with the grace of that", () => {
    const [early, late] = [at("0 2 * * *", 5 * hour), at("0 4 * * *", hour)];
    for (const duties of [
      [early, late],
      [late, early],
    ]) {
      assert.deepEqual(dueOf(duties, settled), { at: utc("2026-11-02T04:00:00Z"), grace: hour });
    }
  });

  it("owes nothing without one", () => assert.equal(dueOf([], settled), null));
});
