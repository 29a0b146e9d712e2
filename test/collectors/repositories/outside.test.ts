import assert from "node:assert/strict";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CollectorContext } from "../../../src/collectors/collector.ts";
import { restic } from "../../../src/collectors/restic.ts";
import { type Config, configuration } from "../../../src/config/schema.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { startBlackHole } from "../../support/hostile-server.ts";
import { notesInMemory } from "../../support/notes.ts";
import { listingOf, startFakeHub, writeRepository } from "../../support/repository-files.ts";

const ids = (...letters: string[]) => letters.map((letter) => letter.repeat(64));
const start = Date.parse("2026-11-21T12:00:00Z") / 1000;
const quarter = 900;

/** A host that observes one repository without its password, and remembers from look to look; restic and secrets are out of reach. */
function observe(place: string | Config, timeout?: string) {
  const config = typeof place === "string" ? configOf(place, timeout) : place;
  const notes = notesInMemory();
  return async (now: number) => {
    const context = {
      config,
      ledger: { observations: () => [] },
      execute: () => assert.fail("restic was started"),
      readSecret: () => assert.fail("a secret was read"),
      signal: new AbortController().signal,
      now,
      ...notes,
    } as unknown as CollectorContext;
    const { samples, artifacts = [], problems = [] } = await restic.collect(context);
    const value = (metric: string) => {
      const found = samples.find((sample) => sample.metric === metric);
      return found?.value ?? found?.since;
    };
    return { samples, artifacts, problems, value };
  };
}

function configOf(repository: string, timeout = "5m"): Config {
  return configuration.parse({
    host: "hub",
    state_directory: "/nowhere",
    repositories: { alice: { repository } },
    collectors: { restic: { timeout } },
  });
}

/** A hub whose listing of snapshots can be changed. */
async function hubOf(t: TestContext, first: readonly string[]) {
  let snapshots = first;
  const hub = await startFakeHub(t, (path) => {
    if (path === "snapshots/") return listingOf(snapshots);
    if (path === "locks/") return listingOf(ids("f"));
    return path === "data/" ? listingOf(ids("d", "e"), 1000) : undefined;
  });
  return {
    ...hub,
    set: (...now: readonly string[]) => {
      snapshots = now;
    },
  };
}

describe("a hub's repository without its password", () => {
  it("shows how many snapshots, locks and bytes there are, by one listing of each", async (t) => {
    const hub = await hubOf(t, ids("a", "b"));
    const look = observe(hub.location);
    const first = await look(start);
    assert.deepEqual(first.problems, []);
    assert.deepEqual(
      ["repositoryReachable", "repositorySnapshots", "repositoryLocks", "repositoryStored"].map(first.value),
      [1, 2, 1, 2000],
    );
    assert.deepEqual(hub.requests, ["GET /alice/snapshots/", "GET /alice/locks/", "GET /alice/data/"]);
    await look(start + quarter);
    assert.deepEqual(hub.requests.slice(3), ["GET /alice/snapshots/", "GET /alice/locks/"]);
  });

  it("does not know how old those are that the first look finds", async (t) => {
    const hub = await hubOf(t, ids("a", "b"));
    const look = observe(hub.location);
    for (const now of [start, start + quarter]) {
      const { value, artifacts } = await look(now);
      assert.deepEqual([value("repositoryLastSnapshot"), artifacts], [undefined, []]);
    }
  });

  it("takes one that comes later for as old as the last look without it, never for younger than it is", async (t) => {
    const hub = await hubOf(t, ids("a"));
    const look = observe(hub.location);
    await look(start);
    hub.set(...ids("a", "b"));
    // The engine did not run for a week: it may have come right at its beginning.
    const { value, artifacts } = await look(start + 7 * 86_400);
    assert.equal(value("repositoryLastSnapshot"), start);
    assert.deepEqual(artifacts, [{ subject: "alice", name: ids("b")[0], at: start }]);
    assert.equal((await look(start + 8 * 86_400)).value("repositoryLastSnapshot"), start);
  });

  it("sees that one was forgotten and another one made, though their number is the same", async (t) => {
    const hub = await hubOf(t, ids("a", "b"));
    const look = observe(hub.location);
    await look(start);
    hub.set(...ids("b", "c"));
    assert.equal((await look(start + quarter)).value("repositoryLastSnapshot"), start);
    // A forget while the backup is missed: fewer, and nothing newer.
    hub.set(...ids("c"));
    const { value } = await look(start + 2 * quarter);
    assert.deepEqual([value("repositorySnapshots"), value("repositoryLastSnapshot")], [1, start]);
  });

  it("takes nothing for new that was only away: its disk, or the hub's memory", async (t) => {
    const hub = await hubOf(t, ids("a", "b"));
    const look = observe(hub.location);
    await look(start);
    hub.set();
    assert.equal((await look(start + quarter)).value("repositorySnapshots"), 0);
    hub.set(...ids("a", "b"));
    const { value } = await look(start + 2 * quarter);
    assert.deepEqual([value("repositorySnapshots"), value("repositoryLastSnapshot")], [2, undefined]);
    // Also when one has come while they were away.
    hub.set(...ids("c"));
    await look(start + 3 * quarter);
    hub.set(...ids("a", "b", "c"));
    const { artifacts } = await look(start + 4 * quarter);
    assert.deepEqual(artifacts, [{ subject: "alice", name: ids("c")[0], at: start + 2 * quarter }]);
  });

  it("counts no empty file as a snapshot, and says so", async (t) => {
    const hub = await startFakeHub(t, (path) => listingOf(path === "snapshots/" ? ids("a") : [], 0));
    const { value, problems } = await observe(hub.location)(start);
    assert.equal(value("repositorySnapshots"), 0);
    assert.match(problems.join(), /^alice: empty files instead of snapshots: 1, e\.g\. aaaaaaaa/);
  });

  it("of 5 000 snapshots stays one request and a note that a ledger holds", async (t) => {
    const many = Array.from({ length: 5000 }, (_, n) => n.toString(16).padStart(16, "0").padEnd(64, "0"));
    const hub = await hubOf(t, many);
    const look = observe(hub.location);
    await look(start);
    const [one] = ids("a") as [string];
    hub.set(...many, one);
    const { value, artifacts } = await look(start + quarter);
    assert.deepEqual([value("repositorySnapshots"), artifacts.length], [5001, 1]);
  });

  it("is unreachable, with its reason and without numbers, when the hub lies, refuses or goes silent", async (t) => {
    const lying = await startFakeHub(t, () => listingOf(ids("a", "a")));
    const refusing = await startFakeHub(t, () => ({ status: 401 }));
    const halfOpen = await startFakeHub(t, () => ({ ...listingOf(ids("a")), halfOpen: true }));
    const silent = await startBlackHole(t);
    const cases = [
      [lying.location, /the same name twice/],
      [refusing.location, /does not let this user/],
      [halfOpen.location, /no answer within/],
      [`rest:${silent.endpoint}/`, /no answer within/],
    ] as const;
    for (const [location, reason] of cases) {
      const { samples, artifacts, problems } = await observe(location, "2s")(start);
      assert.deepEqual(
        samples.map(({ metric, value }) => [metric, value]),
        [["repositoryReachable", 0]],
      );
      assert.deepEqual(artifacts, []);
      assert.match(problems.join(), reason);
    }
  });
});

it("is not looked at where only restic could: a proxy stands between", async () => {
  const config = { host: "hub", state_directory: "/nowhere" };
  const alice = { repository: "rest:http://hub.example/", environment: { HTTP_PROXY: "http://proxy.example" } };
  const { samples, problems } = await observe(configuration.parse({ ...config, repositories: { alice } }))(start);
  assert.deepEqual(
    samples.map(({ value }) => value),
    [0],
  );
  assert.match(problems.join(), /^alice: without its password nothing can be seen/);
});

describe("a folder's repository without its password", () => {
  it("is dated by its files, but for those that are dated after now", async (t) => {
    const place = temporaryDirectory(t);
    writeRepository(place, { snapshots: ids("a", "b", "c"), locks: ids("f") });
    const dates = { a: start - 86_400, b: start - 3600, c: start + 86_400 };
    for (const [letter, at] of Object.entries(dates)) utimesSync(join(place, "snapshots", letter.repeat(64)), at, at);
    utimesSync(join(place, "locks", "f".repeat(64)), start - 60, start - 60);
    const look = observe(place);
    const { value, artifacts, problems } = await look(start);
    assert.deepEqual(problems, []);
    assert.deepEqual(["repositorySnapshots", "repositoryLastSnapshot", "repositoryLockAge"].map(value), [
      3,
      start - 3600,
      start - 60,
    ]);
    assert.equal(artifacts.length, 2);

    rmSync(join(place, "snapshots", "b".repeat(64)));
    writeFileSync(join(place, "snapshots", "c".repeat(64)), "");
    const later = await look(start + quarter);
    assert.deepEqual(["repositorySnapshots", "repositoryLastSnapshot"].map(later.value), [1, start - 86_400]);
  });
});
