import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { restic } from "../../src/collectors/restic.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { StepError } from "../../src/model/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import type { ToolCall, ToolResult } from "../../src/tools/exec.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { notesInMemory } from "../support/notes.ts";
import { resticConfig } from "../support/restic-context.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../support/restic-recordings.ts";

/** Two repositories in folders, `main` with a lock, and a remote one. */
function prepare(t: TestContext, names: readonly string[]) {
  const base = temporaryDirectory(t);
  mkdirSync(join(base, "main/locks"), { recursive: true });
  writeFileSync(join(base, "main/locks", "a".repeat(64)), "");
  writeFileSync(join(base, "main/locks", `${"a".repeat(64)}-tmp-1`), "");
  mkdirSync(join(base, "other/locks"), { recursive: true });
  const all = {
    main: { repository: join(base, "main") },
    other: { repository: join(base, "other") },
    offsite: { repository: "rest:http://backup.example/" },
  };
  const chosen = Object.entries(all).filter(([name]) => names.includes(name));
  return resticConfig({ stateDirectory: join(base, "state"), repositories: Object.fromEntries(chosen) });
}

async function look(
  config: CollectorContext["config"],
  answer: (command: string, call: ToolCall) => ToolResult,
  more: Partial<CollectorContext> = {},
) {
  const fake = fakeExecute(answer);
  const context: CollectorContext = {
    config,
    ledger: {} as Ledger,
    execute: fake.execute,
    signal: new AbortController().signal,
    now: 0,
    readSecret: () => new Secret("x", "a test"),
    ...notesInMemory(),
    ...more,
  };
  const { samples, artifacts = [], problems = [] } = await restic.collect(context);
  const series = samples.map((sample) => `${sample.metric} ${Object.values(sample.labels).join(" ")} ${sample.value}`);
  return { ...fake, series, artifacts, problems };
}

const snapshot = (id: string, time: string, more: object = {}) => ({
  id: id.repeat(64),
  time,
  hostname: "web1",
  ...more,
});
const listing = (...snapshots: object[]) => ended({ stdout: JSON.stringify(snapshots) });

describe("the collector restic", () => {
  it("tells how many snapshots and locks there are, and the newest of each host", async (t) => {
    const answer = () =>
      listing(
        snapshot("a", "2026-11-21T10:00:00.5+01:00"),
        snapshot("b", "2026-11-20T00:00:00Z"),
        snapshot("c", "2026-11-19T00:00:00Z", { hostname: "web2" }),
      );
    const { series, problems } = await look(prepare(t, ["main"]), answer);
    assert.deepEqual(series, [
      "repositoryReachable main 1",
      "repositorySnapshots main 3",
      `repositoryNewest main web1 ${Date.parse("2026-11-21T09:00:00.5Z") / 1000}`,
      `repositoryNewest main web2 ${Date.parse("2026-11-19T00:00:00Z") / 1000}`,
      "repositoryLocks main 1",
    ]);
    assert.deepEqual(problems, []);
  });

  it("costs one call of restic for a repository in a folder", async (t) => {
    const { calls } = await look(prepare(t, ["main"]), () => listing());
    assert.deepEqual(
      calls.map(({ argv }) => argv.slice(1)),
      [["snapshots", "--json", "--no-lock", "--"]],
    );
  });

  it("asks restic for the locks of a remote repository, without taking one", async (t) => {
    const answer = (command: string) => (command === "list" ? recording("0.19.1", "list-locks") : listing());
    const { series, calls } = await look(prepare(t, ["offsite"]), answer);
    assert.ok(series.includes("repositoryLocks offsite 1"));
    for (const { argv } of calls) assert.ok(argv.includes("--no-lock"));
  });

  it("knows each snapshot by its id, and its history by tags (ours) or paths (others')", async (t) => {
    const ours = { tags: ["path:/home", "pantheros", "job:nightly"], paths: ["/.snapshots/home.20261121T000000Z"] };
    const answer = () =>
      listing(
        snapshot("a", "2026-11-21T00:00:00Z", ours),
        snapshot("b", "2026-11-21T00:00:01Z", { paths: ["/srv", "/etc"], tags: null }),
      );
    const { artifacts } = await look(prepare(t, ["main"]), answer);
    assert.deepEqual(artifacts, [
      { subject: "main", name: "a".repeat(64), at: 1_795_219_200, group: "web1 job:nightly pantheros path:/home" },
      { subject: "main", name: "b".repeat(64), at: 1_795_219_201, group: "web1 /etc /srv" },
    ]);
  });

  for (const version of recordedVersions) {
    it(`reads the listing of ${version}`, async (t) => {
      const { series, problems } = await look(prepare(t, ["main"]), () => recording(version, "snapshots"));
      assert.deepEqual(problems, []);
      assert.ok(
        series.some((line) => /^repositoryNewest main web1 17\d{8}/.test(line)),
        series.join("\n"),
      );
    });
  }

  it("shows a broken repository as not reachable and names it, and hurts no other", async (t) => {
    const answer = (_: string, call: ToolCall) =>
      String(call.environment?.["RESTIC_REPOSITORY"]).endsWith("other")
        ? recording("0.18.0", "wrong-password")
        : listing(snapshot("a", "2026-11-21T00:00:00Z"));
    const { series, problems, artifacts } = await look(prepare(t, ["main", "other"]), answer);
    assert.ok(series.includes("repositoryReachable main 1"));
    assert.ok(series.includes("repositoryReachable other 0"));
    assert.ok(!series.some((line) => /^repository(?:Snapshots|Newest|Locks) other/.test(line)), "unknown is absent");
    assert.equal(artifacts.length, 1);
    assert.deepEqual(problems, [
      "other: restic could not list the snapshots of the repository other: wrong password or no key found",
    ]);
  });

  it("keeps what it saw of the snapshots when only the locks cannot be listed", async (t) => {
    const answer = (command: string) => (command === "list" ? ended({ exitCode: 1, stderr: "Fatal: no" }) : listing());
    const { series, problems } = await look(prepare(t, ["offsite"]), answer);
    assert.deepEqual(series, ["repositoryReachable offsite 1", "repositorySnapshots offsite 0"]);
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
    await assert.rejects(look(prepare(t, ["main"]), answer, { signal: stop.signal }), { reason: "cancelled" });
  });
});
