import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { declaredPolicies } from "../../src/collectors/retention-look/promises.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { configOf, day, hour, noon, observe, record } from "../collectors/ledger.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const sections = {
  subvolumes: {
    home: { path: "/home", snapshots: "/snapshots", retention: "short" },
    cache: { path: "/cache", snapshots: "/cache-snapshots" },
  },
  repositories: { main: { repository: "/r", password: { file: "/p" }, retention: "short" } },
  retention: { short: { daily: 5, weekly: 2 }, tiny: { daily: 2 } },
  jobs: {
    home: {
      schedule: "0 2 * * *",
      scheduler: "internal",
      steps: [
        { uses: "snapshot.btrfs", subvolume: "home" },
        { id: "old", uses: "prune.snapshots", subvolume: "home" },
      ],
    },
  },
};

/** Ten nights of home, without the 19th; nobody has looked at the repository. */
function stage(t: TestContext, { empty = false, locale = "C.UTF-8" } = {}) {
  const directory = temporaryDirectory(t);
  const file = join(directory, "pantheros.yaml");
  const state = join(directory, "state");
  mkdirSync(state);
  // Each JSON document is a YAML document.
  writeFileSync(file, JSON.stringify({ host: "testhost", timezone: "UTC", state_directory: state, ...sections }));
  if (!empty) {
    const ledger = openLedger(join(state, "ledger.sqlite"), { mode: "write" });
    ledger.declare("policy", declaredPolicies(configOf(sections)), (noon - 30 * day) * 1000);
    const nights = Array.from({ length: 10 }, (_, night) => noon - 10 * hour - night * day);
    const artifacts = nights.map((at, night) => ({ name: `/snapshots/home.${night}`, at }));
    observe(
      ledger,
      "snapshots",
      noon - 60,
      "home",
      artifacts.filter((_, night) => night !== 2),
    );
    record(ledger, noon - 6 * day, { job: "home", id: "old", kind: "prune", target: "home" });
    ledger.close();
  }
  const environment = { RUNTIME_DIRECTORY: directory, LANG: locale };
  return async (...words: string[]) =>
    await invoke(["retention", ...words, "--config", file], { now: noon * 1000, environment });
}

describe("pantheros retention", () => {
  it("shows what is promised and what is there, line by line, and says that pruning has stopped", async (t) => {
    const { code, stdout, stderr } = await stage(t)();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^subvolume home +1 missing, not pruned +9 +9d +10h +1m ago +short, 30d$/m);
    assert.match(stdout, /^subvolume cache +nothing promised/m);
    assert.match(stdout, /^subvolume home\n +daily +5 +5 +4 +1 +3 +2026-11-19\n +weekly +2 +2 +2 +0$/m);
    assert.match(
      stdout,
      /^subvolume home: pruning has stopped: 3 too many since .*; the job home last pruned 6d ago$/m,
    );
    assert.match(stdout, /^repository main: never looked: run pantheros collect$/m);
  });

  it("draws the calendar of one, and says what holds each artifact", async (t) => {
    const { stdout } = await stage(t)("home");
    assert.match(
      stdout,
      /^ {2}short \(daily 5, weekly 2\), in force for 30d; owed by the schedule of home; days of UTC; kept in\n {2}\/snapshots\/$/m,
    );
    assert.match(stdout, /^ +Nov 2026\ndaily +\+\+\+▫▫■■✗■■$/m);
    assert.match(stdout, /^weekly +\+■$/m);
    assert.match(stdout, /^2026-11-21 02:00 +10h +daily weekly +home\.0$/m);
    assert.match(stdout, /^2026-11-13 02:00 +8d +nothing: too many +home\.8$/m);
    assert.ok(!stdout.includes("cache"), "nothing of the others");
  });

  it("is drawn with plain characters where there are no others", async (t) => {
    const { stdout } = await stage(t, { locale: "C" })("home");
    assert.match(stdout, /^daily +\+\+\+oo##x##$/m);
    assert.match(stdout, /# held {2}x missing {2}\. not owed, or not yet {2}\+ too many {2}o held for another tier/);
  });

  it("prints one document with everything in it", async (t) => {
    const { stdout } = await stage(t)("home", "--json");
    const { subjects, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, { host: "testhost", at: noon, trial: null });
    const [home, ...others] = subjects;
    assert.deepEqual(others, []);
    const [history] = home.histories;
    assert.deepEqual(
      [home.kind, home.name, home.state, home.policy.name, home.policy.daily],
      ["subvolume", "home", "violated", "short", 5],
    );
    assert.equal(home.in_force_since, noon - 30 * day);
    assert.deepEqual([history.jobs, history.owed, history.excess], [["home"], "schedule", 3]);
    assert.equal(history.pruning.last_success_at, noon - 6 * day);
    assert.deepEqual(history.tiers[0].missing, ["2026-11-19"]);
    const states: readonly string[] = history.tiers[0].periods.map(({ state }: { readonly state: string }) => state);
    const before = ["excess", "excess", "excess", "other", "other"];
    assert.deepEqual(states, [...before, "held", "held", "missing", "held", "held"]);
    assert.deepEqual(history.artifacts[0], {
      name: "/snapshots/home.0",
      at: noon - 10 * hour,
      held_by: ["daily", "weekly"],
      excess: false,
    });
    assert.equal(history.artifacts.length, 9);
  });

  it("tries another policy on what exists, and promises nothing by it", async (t) => {
    const { stdout } = await stage(t)("home", "--policy", "tiny");
    assert.match(stdout, /^What tiny would make of what exists; nothing is changed\.$/m);
    assert.match(stdout, /^subvolume home +7 would go/m);
    assert.ok(!stdout.includes("pruning has"));
  });

  it("says which names there are, when one is not known", async (t) => {
    const run = stage(t);
    const unknown = await run("hoem");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /there is no subvolume, repository or destination "hoem": did you mean "home"\?/);
    assert.match(
      (await run("--policy", "shrot")).stderr,
      /there is no retention policy "shrot": did you mean "short"\?/,
    );
  });

  it("shows what is declared before anything has ever run or looked", async (t) => {
    const { code, stdout } = await stage(t, { empty: true })();
    assert.equal(code, 0);
    assert.match(stdout, /^subvolume home +unknown +never +short, not yet$/m);
    assert.match(stdout, /^subvolume home: never looked: run pantheros collect$/m);
  });
});
