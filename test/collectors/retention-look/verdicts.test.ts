import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredPolicies } from "../../../src/collectors/retention-look/promises.ts";
import { retentionVerdicts, type SubjectVerdict, type Trial } from "../../../src/collectors/retention-look/verdicts.ts";
import type { Config } from "../../../src/config/schema.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { Artifact, Sample } from "../../../src/model/samples/sample.ts";
import { configOf, day, emptyLedger, hour, noon, observe, record } from "../ledger.ts";

const fire = noon - 10 * hour;
const nightly = (nights: number, more: Partial<Artifact> = {}) =>
  Array.from({ length: nights }, (_, night) => ({ name: `s${night}`, at: fire - night * day, ...more }));

const retention = { short: { daily: 3 }, long: { daily: 9 }, hours: { hourly: 2 } };
const password = { file: "/p" };
const snapshot = { uses: "snapshot.btrfs", subvolume: "home" };
const subvolumes = { home: { path: "/home", snapshots: "/snapshots", retention: "short" } };
const base = { retention, subvolumes };
const repositories = { main: { repository: "/r", password, retention: "short" } };

function inForce(config: Config): Ledger {
  const ledger = emptyLedger();
  ledger.declare("policy", declaredPolicies(config), (noon - 30 * day) * 1000);
  return ledger;
}

function judge(config: Config, prepare: (ledger: Ledger) => void, trial?: Trial, now = noon): SubjectVerdict {
  const ledger = inForce(config);
  prepare(ledger);
  const [first] = retentionVerdicts({ config, ledger, now }, trial);
  assert.ok(first);
  return first;
}
const seeHome =
  (artifacts: readonly Omit<Artifact, "subject">[], at = noon) =>
  (ledger: Ledger) =>
    observe(ledger, "snapshots", at, "home", artifacts);
const missing = ({ histories }: SubjectVerdict) =>
  histories.map(({ name, verdict }) => [name, verdict.tiers.flatMap((tier) => tier.missing)] as const);

describe("what is owed of a subvolume", () => {
  it("is true for the moment of the look: what was made since cannot be missing", () => {
    const config = configOf({ ...base, jobs: { home: { schedule: "0 2 * * *", grace: "1h", steps: [snapshot] } } });
    const yesterday = nightly(4).slice(1);
    const early = judge(config, seeHome(yesterday, fire + hour - 60));
    assert.equal(early.state, "kept", "the look was before the grace was over");
    assert.equal(judge(config, seeHome(yesterday, fire + hour)).state, "violated");
  });

  it("is what any of the jobs that make its snapshots owes", () => {
    const jobs = {
      weekly: { schedule: "0 3 * * 0", grace: "1h", steps: [snapshot] },
      nightly: { schedule: "0 2 * * *", grace: "1h", steps: [snapshot] },
    };
    const seen = judge(configOf({ ...base, jobs }), seeHome([]));
    assert.deepEqual(missing(seen), [[null, ["2026-11-21", "2026-11-20", "2026-11-19"]]]);
    assert.deepEqual(seen.histories[0]?.jobs, ["weekly", "nightly"]);
  });

  it("follows the job that it is started after, with the grace of both", () => {
    const jobs = {
      first: { schedule: "0 2 * * *", grace: "1h", steps: [{ uses: "command", argv: ["true"] }] },
      home: { after: ["first"], grace: "8h", steps: [snapshot] },
    };
    const { histories } = judge(configOf({ ...base, jobs }), seeHome([]));
    assert.equal(histories[0]?.owed, "schedule");
    assert.equal(histories[0]?.question.producers[0]?.grace, 9 * hour);
  });

  it("is every period that is over, where nobody in the configuration makes any, once it has had half a day to appear", () => {
    const seen = judge(configOf(base), seeHome([]));
    assert.deepEqual([seen.histories[0]?.owed, missing(seen)], ["periods", [[null, ["2026-11-20", "2026-11-19"]]]]);
  });

  it("is nothing before somebody has written down that the policy is in force", () => {
    const config = configOf(base);
    const ledger = emptyLedger();
    observe(ledger, "snapshots", noon, "home", []);
    const [seen] = retentionVerdicts({ config, ledger, now: noon });
    assert.deepEqual([seen?.state, seen?.inForceSince], ["kept", null]);
  });
});

describe("what is not known", () => {
  it("says what to run, or why the last look did not get there", () => {
    const config = configOf(base);
    assert.equal(judge(config, () => undefined).unknown, "never looked: run pantheros collect");
    const failed = judge(config, (ledger) => {
      const at = { observedAt: noon, succeededAt: null, attemptedAt: noon, durationSeconds: 0 };
      ledger.saveObservation({ ...at, collector: "snapshots", error: "home: it is gone", samples: [], artifacts: [] });
    });
    assert.deepEqual([failed.state, failed.unknown], ["unknown", "the last look did not get there: home: it is gone"]);
    const off = configOf({ ...base, collectors: { snapshots: { enabled: false } } });
    assert.equal(judge(off, seeHome([])).unknown, "the collector snapshots is switched off");
  });

  it("is no promise, where there is no policy", () => {
    const seen = judge(configOf({ subvolumes: { home: { path: "/home", snapshots: "/s" } } }), seeHome(nightly(3)));
    assert.deepEqual([seen.state, seen.histories], ["unpromised", []]);
  });
});

describe("histories of a repository", () => {
  const backup = (from: string) => ({ uses: "backup.restic", repository: "main", from });
  const jobs = {
    nightly: { schedule: "0 2 * * *", grace: "1h", steps: [backup("/home")] },
    weekly: { schedule: "0 2 * * 0", grace: "1h", steps: [backup("/srv")] },
  };
  const config = configOf({ retention, repositories, jobs });
  const ours = (job: string, path: string) => `testhost job:${job} pantheros path:${path}`;
  const see = (artifacts: readonly Omit<Artifact, "subject">[]) => (ledger: Ledger) =>
    observe(ledger, "restic", noon, "main", artifacts);

  it("are judged by the schedule of the job that makes each", () => {
    const weekly = { name: "w", at: fire - 6 * day, group: ours("weekly", "/srv") };
    const seen = judge(config, see([...nightly(3, { group: ours("nightly", "/home") }), weekly]));
    assert.equal(seen.state, "kept");
    assert.deepEqual(
      seen.histories.map(({ name, jobs: by }) => [name, by]),
      [
        ["testhost job:nightly path:/home", ["nightly"]],
        ["testhost job:weekly path:/srv", ["weekly"]],
      ],
    );
  });

  it("a job that has never left anything is missing, however full the repository is", () => {
    const seen = judge(config, see(nightly(3, { group: ours("weekly", "/srv") })));
    assert.deepEqual(missing(seen).at(-1), ["testhost job:nightly", ["2026-11-21", "2026-11-20", "2026-11-19"]]);
  });

  it("owe nothing any more when the job is gone, or its sources are others now", () => {
    const old = nightly(3, { group: ours("nightly", "/old") }).map((one) => ({
      ...one,
      name: `o${one.at}`,
      at: one.at - 20 * day,
    }));
    const gone = nightly(1, { group: ours("gone", "/x") }).map((one) => ({ ...one, name: "g" }));
    const now = nightly(3, { group: ours("nightly", "/home") });
    const seen = judge(config, (ledger) => {
      see([...old, ...gone, ...now])(ledger);
      const evidence = { repository: "main", snapshot_id: "s0" };
      record(ledger, fire, { job: "nightly", target: "main", evidence });
    });
    assert.deepEqual(
      seen.histories.map(({ name, owed }) => [name, owed]),
      [
        ["testhost job:nightly path:/old", "nothing"],
        ["testhost job:gone path:/x", "nothing"],
        ["testhost job:nightly path:/home", "schedule"],
        ["testhost job:weekly", "schedule"],
      ],
    );
    assert.deepEqual(missing(seen)[0], ["testhost job:nightly path:/old", []]);
  });

  it("still owe when the last backup that the job claims has been taken away", () => {
    const seen = judge(config, (ledger) => {
      see([{ name: "old", at: fire - 20 * day, group: ours("nightly", "/home") }])(ledger);
      const evidence = { repository: "main", snapshot_id: "taken" };
      record(ledger, fire, { job: "nightly", target: "main", evidence });
    });
    assert.equal(missing(seen)[0]?.[1].length, 3);
  });

  it("of other hosts owe every period that is over, whatever jobs of ours are called", () => {
    const group = "web1 job:nightly pantheros path:/home";
    const seen = judge(config, see(nightly(2, { group })));
    assert.deepEqual([seen.histories[0]?.owed, missing(seen)[0]?.[1]], ["periods", ["2026-11-19"]]);
  });

  it("that are copied owe nothing from after the last copy", () => {
    const copying = {
      schedule: "0 3 * * 0",
      grace: "1h",
      steps: [{ uses: "hub.sync", method: "restic", repository: "x", into: "main" }],
    };
    const copied = configOf({ retention, repositories, jobs: { copying } });
    const sunday = noon - 6 * day - 9 * hour;
    const artifacts = nightly(20, { group: "web1 job:a pantheros path:/home" }).filter(({ at }) => at < sunday);
    const seen = judge(copied, see(artifacts));
    assert.deepEqual(missing(seen)[0]?.[1], []);
    assert.equal(seen.histories[0]?.question.now, sunday);
  });

  it("is one that holds nothing, where nothing is known of any", () => {
    const seen = judge(configOf({ retention, repositories }), see([]));
    assert.deepEqual(missing(seen), [[null, ["2026-11-20", "2026-11-19"]]]);
  });
});

describe("series at a destination", () => {
  const upload = { uses: "backup.rclone", from: "/srv", to: "b2", prefix: "db-${run.timestamp}" };
  const archive = { uses: "archive.btrfs-send", subvolume: "home", to: "b2", full_every: "30d" };
  const jobs = {
    db: {
      schedule: "0 2 * * *",
      grace: "1h",
      steps: [upload, { uses: "prune.objects", destination: "b2", prefix: "db-" }],
    },
    archive: { schedule: "0 2 * * *", grace: "1h", steps: [archive] },
  };
  const destinations = { b2: { type: "local", path: "/b2", retention: "short" } };
  const config = configOf({ retention, destinations, jobs });
  const see = (names: readonly string[], artifacts: readonly Omit<Artifact, "subject">[]) => (ledger: Ledger) => {
    const samples = names.map(
      (series): Sample => ({ metric: "destinationSeries", labels: { destination: "b2", series }, value: 0 }),
    );
    const at = { observedAt: noon, succeededAt: noon, attemptedAt: noon, durationSeconds: 0, error: null };
    const own = artifacts.map((artifact) => ({ subject: "b2", ...artifact }));
    ledger.saveObservation({ collector: "series", ...at, samples, artifacts: own });
  };
  const both = ["db-", "testhost/home"];
  const archived = (nights: number) =>
    Array.from({ length: nights }, (_, night) => {
      const at = new Date((fire - night * day) * 1000).toISOString().slice(0, 10).replaceAll("-", "");
      const mode = night % 8 === 7 ? "full" : "incr";
      return {
        name: `testhost/2026/11/home-${at}T020000Z-${mode}.btrfs.zst`,
        at: fire - night * day,
        group: "testhost/home",
      };
    });

  it("are each judged by themselves; one that holds nothing is missing", () => {
    const seen = judge(config, see(both, nightly(3, { group: "db-" })));
    assert.deepEqual(missing(seen), [
      ["db-", []],
      ["testhost/home", ["2026-11-21", "2026-11-20", "2026-11-19"]],
    ]);
  });

  it("are unknown as a whole while one of them was not listed: a listing that was cut short is not a small one", () => {
    const seen = judge(config, see(["db-"], nightly(3, { group: "db-" })));
    assert.deepEqual([seen.state, seen.unknown], ["unknown", "never looked at testhost/home: run pantheros collect"]);
  });

  it("have nothing too many that the chain of a kept archive needs", () => {
    const seen = judge(config, see(both, [...nightly(3, { group: "db-" }), ...archived(12)]));
    const home = seen.histories.find(({ name }) => name === "testhost/home");
    assert.deepEqual(home?.verdict.heldBy[5], ["chain"]);
    assert.deepEqual(home?.verdict.heldBy[7], ["chain"], "the full one");
    assert.deepEqual(home?.verdict.heldBy[8], []);
    assert.equal(home?.verdict.excess, 4);
  });

  it("are unknown where nothing there has a time in its name", () => {
    const plain = configOf({ retention, destinations });
    assert.equal(judge(plain, () => undefined).state, "unknown");
    assert.match(judge(plain, see([], [])).unknown ?? "", /no step leaves anything there/);
  });
});

describe("that pruning has stopped", () => {
  const prune = { id: "old", uses: "prune.snapshots", subvolume: "home" };
  const job = (...steps: object[]) =>
    configOf({ ...base, jobs: { home: { schedule: "0 2 * * *", steps: [snapshot, ...steps] } } });
  const many = seeHome(nightly(10));
  const stopped = (config: Config, prepare: (ledger: Ledger) => void = () => undefined) =>
    judge(config, (ledger) => {
      many(ledger);
      prepare(ledger);
    }).histories[0]?.stopped;
  const pruned =
    (ago: number, evidence = {}) =>
    (ledger: Ledger) =>
      record(ledger, noon - ago, { job: "home", id: "old", kind: "prune", target: "home", evidence });
  const since = "6 too many since 2026-11-16, 5d 9h ago";

  it("says since when, and when it last went well", () => {
    assert.equal(
      stopped(job(prune), pruned(6 * day)),
      `pruning has stopped: ${since}; the job home last pruned 6d ago`,
    );
  });

  it("is told apart from never, from nobody, and from pruning that leaves them and says why", () => {
    assert.equal(stopped(job(prune)), `pruning has never succeeded: ${since}; it is up to the job home`);
    assert.equal(stopped(job()), `nothing in the configuration prunes it: ${since}`);
    const spared = ["a", "b"].map((name) => ({ name, why: "not made by pantheros" }));
    assert.equal(
      stopped(job(prune), pruned(10 * hour, { spared: [{ name: "c", why: "in use" }, ...spared] })),
      `pruning leaves too much: ${since}; the job home pruned 10h ago, and it left them: not made by pantheros`,
    );
  });

  it("is not said of what the pruning step keeps itself, by name or as written", () => {
    assert.equal(stopped(job({ ...prune, keep: "long" })), null);
    assert.equal(stopped(job({ ...prune, keep: { within: "90d" } })), null);
    assert.match(stopped(job({ ...prune, keep: { daily: 5 } })) ?? "", /: 4 too many since /);
  });

  it("lets programs that prune by rules of their own keep the first of a period", () => {
    const twice = [...nightly(3), ...nightly(3).map(({ at }) => ({ name: `e${at}`, at: at + 8 * hour }))];
    const by = (step: object) =>
      judge(configOf({ ...base, jobs: { home: { schedule: "0 2 * * *", steps: [step] } } }), seeHome(twice));
    assert.equal(by(snapshot).histories[0]?.verdict.excess, 1);
    assert.equal(by({ uses: "snapshot.btrbk", subvolume: "home" }).histories[0]?.verdict.excess, 0);
    assert.equal(
      by({ uses: "snapshot.btrbk", subvolume: "home", command: "snapshot" }).histories[0]?.verdict.excess,
      1,
    );
  });
});

describe("a policy that is tried", () => {
  it("shows what it would keep and what would go at once, and lacks nothing from before the oldest", () => {
    const trial = { name: "hours", policy: configOf(base).retention["short"] as never };
    const seen = judge(configOf(base), seeHome(nightly(6)), trial);
    assert.equal(seen.policyName, "hours");
    assert.equal(seen.histories[0]?.verdict.excess, 3);
    assert.equal(seen.histories[0]?.stopped, null);
    assert.deepEqual(missing(judge(configOf(base), seeHome(nightly(1)), trial)), [[null, []]]);
  });
});

describe("bad input", () => {
  it("is judged all the same: 5 000 snapshots, some twice, some in the future, in any order", () => {
    const config = configOf({ ...base, jobs: { home: { schedule: "0 2 * * *", steps: [snapshot] } } });
    const artifacts = Array.from({ length: 5000 }, (_, index) => ({
      name: `s${index}`,
      at: fire - ((index * 7919) % 4990) * hour + 200 * hour,
    }));
    const [history] = judge(config, seeHome(artifacts)).histories;
    assert.equal(history?.verdict.heldBy.length, 5000);
    const ahead = artifacts.filter(({ at }) => at > noon).length;
    assert.equal(history?.verdict.heldBy.filter((holds) => holds.includes("future")).length, ahead);
    assert.deepEqual(history?.verdict.tiers[0]?.missing, []);
  });
});
