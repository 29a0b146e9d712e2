import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Collected, CollectorContext } from "../../src/collectors/collector.ts";
import { restic } from "../../src/collectors/restic.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import type { ToolCall, ToolResult } from "../../src/tools/exec.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { notesInMemory } from "../support/notes.ts";
import { writeRepository } from "../support/repository-files.ts";
import { resticConfig } from "../support/restic-context.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../support/restic-recordings.ts";

const ids = (...letters: string[]) => letters.map((letter) => letter.repeat(64));

/** Two repositories in folders, `main` with a lock, and one that only restic can look into. */
function prepare(t: TestContext, names: readonly string[], snapshots: readonly string[] = []) {
  const base = temporaryDirectory(t);
  writeRepository(join(base, "main"), { locks: ids("f"), keys: ids("e"), snapshots });
  writeFileSync(join(base, "main/locks", `${"f".repeat(64)}-tmp-1`), "");
  writeRepository(join(base, "other"));
  const all = {
    main: { repository: join(base, "main") },
    other: { repository: join(base, "other") },
    offsite: { repository: "s3:http://backup.example/bucket" },
  };
  const chosen = Object.entries(all).filter(([name]) => names.includes(name));
  const repositories = Object.fromEntries(chosen);
  return { ...resticConfig({ stateDirectory: join(base, "state"), repositories }), base };
}

/** A host that remembers what it saw from look to look. */
function createHost(config: CollectorContext["config"]) {
  const notes = notesInMemory();
  let last: Collected = { samples: [] };
  return {
    async look(answer: (command: string, call: ToolCall) => ToolResult, more: Partial<CollectorContext> = {}) {
      const fake = fakeExecute((command, call) =>
        command === "stats" ? ended({ stdout: '{"total_size":4096}' }) : answer(command, call),
      );
      const context: CollectorContext = {
        config,
        ledger: { observations: () => [{ collector: "restic", artifacts: last.artifacts ?? [] }] } as unknown as Ledger,
        execute: fake.execute,
        signal: new AbortController().signal,
        now,
        readSecret: () => new Secret("x", "a test"),
        ...notes,
        ...more,
      };
      last = await restic.collect(context);
      const { samples, artifacts = [], problems = [] } = last;
      const series = samples.map(
        (sample) =>
          `${sample.metric} ${Object.values(sample.labels).join(" ")} ${sample.value ?? `since ${sample.since}`}`,
      );
      const asked = fake.calls.map(({ argv }) => argv.slice(1)).filter(([command]) => command !== "stats");
      return { ...fake, asked, series, artifacts, problems };
    },
  };
}
const now = Date.parse("2026-11-21T12:00:00Z") / 1000;

const look = (
  config: CollectorContext["config"],
  answer: (command: string, call: ToolCall) => ToolResult,
  more: Partial<CollectorContext> = {},
) => createHost(config).look(answer, more);

const snapshot = (id: string, time: string, more: object = {}) => ({
  id: id.repeat(64),
  time,
  hostname: "web1",
  ...more,
});
const listing = (...snapshots: object[]) => ended({ stdout: JSON.stringify(snapshots) });

const hour = 3600;

describe("the collector restic", () => {
  it("tells how many snapshots and locks there are, and the newest of each host", async (t) => {
    const answer = () =>
      listing(
        snapshot("a", "2026-11-21T10:00:00.5+01:00"),
        snapshot("b", "2026-11-20T00:00:00Z"),
        snapshot("c", "2026-11-19T00:00:00Z", { hostname: "web2" }),
      );
    const { series, problems } = await look(prepare(t, ["main"], ids("a", "b", "c")), answer);
    const newest = Date.parse("2026-11-21T09:00:00.5Z") / 1000;
    assert.deepEqual(
      series.filter((line) => !line.startsWith("repositoryLockAge")),
      [
        "repositoryReachable main 1",
        "repositorySnapshots main 3",
        "repositoryMisdated main 0",
        "repositoryHosts main 2",
        `repositoryLastSnapshot main ${newest}`,
        `repositoryNewest main web1 ${newest}`,
        `repositoryNewest main web2 ${Date.parse("2026-11-19T00:00:00Z") / 1000}`,
        `repositoryOpened main ${now}`,
        "repositoryLocks main 1",
        "repositoryStored main 0",
        `repositoryStoredAge main since ${now}`,
        "repositoryDataSize main 4096",
        `repositoryDataAge main since ${now}`,
        `repositoryOthersAge main since ${newest}`,
      ],
    );
    assert.deepEqual(problems, []);
  });

  it("asks restic once, and again only for what is new, what is gone being gone at once", async (t) => {
    const config = prepare(t, ["main"], ids("a", "b"));
    const host = createHost(config);
    const folder = join(config.base, "main/snapshots");
    const [a, b, c] = ids("a", "b", "c") as [string, string, string];
    const dated = "2026-11-20T00:00:00Z";
    const first = await host.look(() => listing(snapshot("a", dated), snapshot("b", dated)));
    assert.deepEqual(first.asked, [["snapshots", "--json", "--no-lock", "--"]]);

    const second = await host.look(() => assert.fail("nothing has changed"), { now: now + hour });
    assert.deepEqual(second.artifacts, first.artifacts);
    assert.ok(second.series.includes(`repositoryOpened main ${now}`));

    writeFileSync(join(folder, c), "x");
    rmSync(join(folder, b));
    const third = await host.look(() => listing(snapshot("c", "2026-11-21T00:00:00Z")), { now: now + 2 * hour });
    assert.deepEqual(third.asked, [["snapshots", "--json", "--no-lock", "--", c]]);
    assert.deepEqual(
      third.artifacts.map(({ name }) => name),
      [a, c],
    );
    assert.ok(third.series.includes(`repositoryOpened main ${now + 2 * hour}`));
    assert.ok(third.series.includes(`repositoryLastSnapshot main ${Date.parse("2026-11-21T00:00:00Z") / 1000}`));
  });

  it("opens the repository again after six hours, when its keys change, and when the clock was set back", async (t) => {
    const config = prepare(t, ["main"], ids("a"));
    const answer = () => listing(snapshot("a", "2026-11-20T00:00:00Z"));
    const all = [["snapshots", "--json", "--no-lock", "--"]];
    const host = createHost(config);
    await host.look(answer);
    assert.deepEqual((await host.look(answer, { now: now + 5.9 * hour })).asked, []);
    assert.deepEqual((await host.look(answer, { now: now + 6 * hour })).asked, all);
    assert.deepEqual((await host.look(answer, { now: now - hour })).asked, all);
    writeFileSync(join(config.base, "main/keys", "d".repeat(64)), "x");
    assert.deepEqual((await host.look(answer, { now: now - hour + 60 })).asked, all);
  });

  it("names snapshots that are there but that restic does not list, and those whose file is empty", async (t) => {
    const config = prepare(t, ["main"], ids("a", "b"));
    const host = createHost(config);
    const lost = await host.look(() => listing(snapshot("a", "2026-11-20T00:00:00Z")));
    assert.deepEqual(lost.problems, ["main: snapshots that nobody can read: 1, e.g. bbbbbbbb – run restic check"]);
    assert.ok(lost.series.includes("repositorySnapshots main 1"));

    writeFileSync(join(config.base, "main/snapshots", "a".repeat(64)), "");
    const emptied = await host.look(() => listing(...["a", "b"].map((id) => snapshot(id, "2026-11-20T00:00:00Z"))), {
      now: now + 7 * hour,
    });
    assert.deepEqual(emptied.problems, ["main: snapshots that nobody can read: 1, e.g. aaaaaaaa – run restic check"]);
    assert.deepEqual(
      emptied.artifacts.map(({ name }) => name),
      ids("b"),
    );
  });

  it("takes nothing that is dated after now for the newest", async (t) => {
    const answer = () => listing(snapshot("a", "2062-01-01T00:00:00Z"), snapshot("b", "2026-11-20T00:00:00Z"));
    const { series } = await look(prepare(t, ["main"], ids("a", "b")), answer);
    assert.ok(series.includes("repositoryMisdated main 1"));
    assert.ok(series.includes(`repositoryNewest main web1 ${Date.parse("2026-11-20T00:00:00Z") / 1000}`));
    assert.ok(series.includes("repositorySnapshots main 2"));
  });

  it("shows the size that restic noted in the newest snapshot, and believes no absurd one", async (t) => {
    const noted = (bytes: unknown) => ({ summary: { total_bytes_processed: bytes, total_files_processed: 3 } });
    const answer = () =>
      listing(
        snapshot("a", "2026-11-20T00:00:00Z", noted(1234)),
        snapshot("b", "2026-11-20T00:00:00Z", { hostname: "web2", ...noted(2 ** 63) }),
        snapshot("c", "2026-11-20T00:00:00Z", { hostname: "web3", ...noted(-5) }),
      );
    const { series } = await look(prepare(t, ["main"], ids("a", "b", "c")), answer);
    assert.deepEqual(
      series.filter((line) => line.startsWith("repositoryNewestSize")),
      ["repositoryNewestSize main web1 1234"],
    );
  });

  it("bounds its series however many hosts a repository holds", async (t) => {
    const many = Array.from({ length: 5000 }, (_, n) => ({
      id: n.toString(16).padStart(64, "0"),
      time: new Date((now - n) * 1000).toISOString(),
      hostname: `host-${n}`,
    }));
    const config = prepare(
      t,
      ["main"],
      many.map(({ id }) => id),
    );
    const { series, artifacts, problems } = await look(config, () => listing(...many));
    assert.deepEqual([artifacts.length, problems], [5000, []]);
    assert.ok(series.includes("repositoryHosts main 5000"));
    assert.ok(series.includes(`repositoryNewest main host-0 ${now}`));
    assert.ok(series.length < 150, String(series.length));
  });

  it("finds the newest snapshot of a declared job by the tags it carries, and of nothing else", async (t) => {
    const config = prepare(t, ["main"], ids("a", "b", "c", "d"));
    const jobs = { nightly: { ...config.jobs["nightly"], steps: [{ uses: "backup.restic", repository: "main" }] } };
    const ours = { tags: ["pantheros", "job:nightly", "path:/x"] };
    const answer = () =>
      listing(
        snapshot("a", "2026-11-19T00:00:00Z", ours),
        snapshot("b", "2026-11-20T00:00:00Z", { ...ours, hostname: "web2" }),
        snapshot("c", "2026-11-20T00:00:00Z", { tags: ["job:nightly"] }),
        snapshot("d", "2026-11-20T00:00:00Z", { tags: ["pantheros", "job:nightly2"] }),
      );
    const { series } = await look({ ...config, jobs } as unknown as typeof config, answer);
    assert.deepEqual(
      series.filter((line) => line.startsWith("repositoryJobNewest")),
      [`repositoryJobNewest main nightly ${Date.parse("2026-11-19T00:00:00Z") / 1000}`],
    );
  });

  it("asks restic for the locks of a remote repository, without taking one, and ages them from when they were first seen", async (t) => {
    const answer = (command: string) => (command === "list" ? recording("0.19.1", "list-locks") : listing());
    const host = createHost(prepare(t, ["offsite"]));
    await host.look(answer);
    const { series, calls } = await host.look(answer, { now: now + hour });
    assert.ok(series.includes("repositoryLocks offsite 1"));
    assert.ok(series.includes(`repositoryLockAge offsite since ${now}`));
    for (const { argv } of calls) assert.ok(argv.includes("--no-lock"));
    const gone = await host.look((command) => (command === "list" ? ended() : listing()), { now: now + 2 * hour });
    assert.ok(gone.series.includes("repositoryLocks offsite 0"));
    assert.ok(!gone.series.some((line) => line.startsWith("repositoryLockAge")));
  });

  it("measures the data once a day, and keeps the last size with its age when it cannot", async (t) => {
    const config = prepare(t, ["offsite"]);
    const host = createHost(config);
    const answer = (command: string) => (command === "list" ? ended() : listing());
    let stats = 0;
    const measured = (size: string) => (command: string, call: ToolCall) => {
      if (command !== "stats") return answer(command);
      stats += 1;
      assert.ok(call.argv.includes("--no-lock"));
      return ended({ stdout: size });
    };
    const at = async (hours: number, size: string) => {
      const { execute } = fakeExecute(measured(size));
      return await host.look(answer, { now: now + hours * hour, execute });
    };
    await at(0, '{"total_size":1000}');
    const kept = await at(23, "-");
    assert.ok(kept.series.includes("repositoryDataSize offsite 1000"));
    assert.ok(kept.series.includes(`repositoryDataAge offsite since ${now}`));
    assert.equal(stats, 1);
    for (const absurd of ['{"total_size":-1}', '{"total_size":9223372036854775808}', "no JSON"]) {
      const failed = await at(24 + stats * 6, absurd);
      assert.match(failed.problems.join(), /offsite: .*not the size of a repository/);
      assert.ok(failed.series.includes(`repositoryDataAge offsite since ${now}`));
    }
    assert.equal(stats, 4);
    assert.equal((await at(24 + 3 * 6 + 1, "-")).problems.length, 0, "not again before six hours");
  });

  it("knows each snapshot by its id, and its history by tags (ours) or paths (others')", async (t) => {
    const ours = { tags: ["path:/home", "pantheros", "job:nightly"], paths: ["/.snapshots/home.20261121T000000Z"] };
    const answer = () =>
      listing(
        snapshot("a", "2026-11-21T00:00:00Z", ours),
        snapshot("b", "2026-11-21T00:00:01Z", { paths: ["/srv", "/etc"], tags: null }),
      );
    const { artifacts } = await look(prepare(t, ["main"], ids("a", "b")), answer);
    const common = { subject: "main", host: "web1" };
    assert.deepEqual(artifacts, [
      { ...common, name: "a".repeat(64), at: 1_795_219_200, group: "web1 job:nightly pantheros path:/home" },
      { ...common, name: "b".repeat(64), at: 1_795_219_201, group: "web1 /etc /srv" },
    ]);
  });

  for (const version of recordedVersions) {
    it(`reads the listing of ${version}`, async (t) => {
      const { series, problems } = await look(prepare(t, ["offsite"]), (command) =>
        command === "list" ? ended() : recording(version, "snapshots"),
      );
      assert.deepEqual(problems, []);
      assert.ok(
        series.some((line) => /^repositoryNewest offsite web1 17\d{8}/.test(line)),
        series.join("\n"),
      );
      assert.equal(
        series.some((line) => line.startsWith("repositoryNewestSize")),
        version !== "0.14.0",
      );
    });
  }

  it("shows a broken repository as not reachable and names it, and hurts no other", async (t) => {
    const answer = (_: string, call: ToolCall) =>
      String(call.environment?.["RESTIC_REPOSITORY"]).endsWith("other")
        ? recording("0.18.0", "wrong-password")
        : listing(snapshot("a", "2026-11-21T00:00:00Z"));
    const { series, problems, artifacts } = await look(prepare(t, ["main", "other"], ids("a")), answer);
    assert.ok(series.includes("repositoryReachable main 1"));
    assert.ok(series.includes("repositoryReachable other 0"));
    assert.ok(
      !series.some((line) => /^repository(?:Snapshots|Newest|Locks|Stored) other/.test(line)),
      "unknown is absent",
    );
    assert.equal(artifacts.length, 1);
    assert.deepEqual(problems, [
      "other: restic could not list the snapshots of the repository other: wrong password or no key found",
    ]);
  });

  it("says of a folder whose disk is not mounted that there is no repository", async (t) => {
    const config = prepare(t, ["other"]);
    rmSync(join(config.base, "other"), { recursive: true });
    const { series, problems, asked } = await look(config, () => listing());
    assert.deepEqual([series, asked], [["repositoryReachable other 0"], []]);
    assert.match(problems[0] ?? "", /^other: there is no repository at /);
  });

  it("keeps what it saw of the snapshots when only the locks cannot be listed", async (t) => {
    const answer = (command: string) => (command === "list" ? ended({ exitCode: 1, stderr: "Fatal: no" }) : listing());
    const { series, problems } = await look(prepare(t, ["offsite"]), answer);
    assert.ok(series.includes("repositorySnapshots offsite 0"));
    assert.ok(!series.some((line) => line.startsWith("repositoryLocks")));
    assert.equal(problems.length, 1);
  });

  it("names a repository whose password cannot be read", async (t) => {
    const readSecret = () => {
      throw new StepError("auth", "it is not there");
    };
    const { series, problems } = await look(prepare(t, ["main"]), () => listing(), { readSecret });
    assert.deepEqual(series, ["repositoryReachable main 0"]);
    assert.match(problems[0] ?? "", /main: password of the repository main: it is not there/);
  });

  it("gives no repository so much time that a silent one takes the others' place", async (t) => {
    const { calls } = await look(prepare(t, ["main", "other", "offsite"]), () => listing());
    for (const { timeoutSeconds = Number.POSITIVE_INFINITY } of calls) assert.ok(timeoutSeconds < restic.timeout);
  });

  it("tells that it was stopped instead of blaming the repository", async (t) => {
    const stop = new AbortController();
    const answer = () => {
      stop.abort();
      throw new StepError("cancelled", "restic was asked to stop");
    };
    await assert.rejects(look(prepare(t, ["offsite"]), answer, { signal: stop.signal }), { reason: "cancelled" });
  });
});
