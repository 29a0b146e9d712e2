import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LastStep } from "../../src/ledger/ledger.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { backupRestic } from "../../src/runners/backup-restic.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import type { ToolResult } from "../../src/tools/exec.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { rejectsWith } from "../support/failure.ts";
import { writeRepository } from "../support/repository-files.ts";
import { resticConfig, resticContext } from "../support/restic-context.ts";
import { ended, fakeExecute, recording } from "../support/restic-recordings.ts";

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const listed = (more: object = {}) =>
  ended({
    stdout: JSON.stringify([
      { id, time: "2026-11-21T09:57:00.123456789+01:00", hostname: "web1", paths: ["/x"], ...more },
    ]),
  });
const summary = (more: object = {}) =>
  ended({
    stdout: JSON.stringify({
      message_type: "summary",
      snapshot_id: id.slice(0, 8),
      files_new: 1,
      files_unmodified: 2,
      total_files_processed: 3,
      total_bytes_processed: 300,
      data_added: 100,
      ...more,
    }),
  });
const version = (number: string) => ended({ stdout: `restic ${number} compiled with go1.19.8 on linux/amd64` });
/** What the ledger knows of a backup that another job made. */
const step: LastStep = {
  ...{ job: "weekly", id: "step_1", uses: "backup.restic", kind: "backup", target: "main", bytes: 300, files: 3 },
  runStartedAt: Date.UTC(2026, 10, 19),
  finishedAt: Date.UTC(2026, 10, 20),
  evidence: { repository: "main", snapshot_id: id },
};
const held = [step];
const wellBehaved: Record<string, ToolResult> = { version: version("0.18.0"), backup: summary(), snapshots: listed() };

/** A source, a snapshot of it, and a restic that answers as it is told. */
function prepare(
  t: TestContext,
  answers: Record<string, ToolResult | (() => ToolResult)> = {},
  repository: object = {},
) {
  const base = temporaryDirectory(t);
  const source = join(base, "home");
  const snapshot = join(base, "snapshots/home.20261121T085700Z");
  mkdirSync(source);
  mkdirSync(snapshot, { recursive: true });
  const config = resticConfig({
    stateDirectory: join(base, "state"),
    repositories: { main: { repository: join(base, "repository"), ...repository } },
    subvolumes: { home: { path: source, snapshots: join(base, "snapshots") } },
  });
  const fake = fakeExecute((command) => {
    const answer = { ...wellBehaved, ...answers }[command];
    assert.ok(answer, `restic ${command} was not expected`);
    return typeof answer === "function" ? answer() : answer;
  });
  const run = (options: object, more: Partial<RunnerContext> = {}) => {
    const { context } = resticContext(config, fake.execute, more);
    return backupRestic.run(backupRestic.options.parse({ repository: "main", ...options }), context);
  };
  const check = (options: object, more: Partial<RunnerContext> = {}) => {
    const { context } = resticContext(config, fake.execute, more);
    return backupRestic.check?.(
      backupRestic.options.parse({ repository: "main", ...options }),
      context,
    ) as Promise<void>;
  };
  return { base, source, snapshot, run, check, ...fake };
}

/** A repository in a folder, in which the backup leaves a file, or says it did. */
function prepareFiles(t: TestContext, how: { unread?: boolean; before?: boolean; stored?: string } = {}) {
  let backup = () => ended();
  const prepared = prepare(t, { backup: () => backup(), snapshots: ended({ stdout: "[]" }) });
  /** @returns the id that restic will claim */
  const claim = (place: string, content: string): string => {
    writeRepository(place);
    const made = createHash("sha256").update(content).digest("hex");
    const write = () => writeFileSync(join(place, "snapshots", made), how.stored ?? content);
    if (how.before) write();
    backup = () => {
      write();
      return { ...summary({ snapshot_id: made }), exitCode: how.unread ? 3 : 0 };
    };
    return made;
  };
  return { ...prepared, claim };
}

describe("backup.restic", () => {
  it("succeeds with what the repository itself lists as its evidence", async (t) => {
    const { source, run } = prepare(t);
    let now = 1000;
    const result = await run({ from: source, tags: ["weekly"] }, { now: () => (now += 500) });
    assert.deepEqual(result.evidence, {
      snapshot_id: id,
      repository: "main",
      host: "web1",
      paths: ["/x"],
      files: 3,
      bytes: 300,
      bytes_added: 100,
      files_new: 1,
      files_changed: 0,
      files_unmodified: 2,
      duration_seconds: 0.5,
    });
    assert.deepEqual([result.outcome, result.bytes, result.files], [undefined, 300, 3]);
    assert.match(result.message ?? "", /3 files, 300 B.*in main as snapshot 01234567$/);
  });

  it("marks its snapshots by job and source, and asks for no snapshots but its own as the proof", async (t) => {
    const { source, run, argvOf } = prepare(t);
    await run({ from: source, tags: ["weekly"] });
    const [backup] = argvOf("backup");
    assert.ok(backup?.includes(`--tag=pantheros,job:nightly,path:${source},weekly`), String(backup));
    assert.ok(backup?.includes("--host=web1"));
    assert.deepEqual(argvOf("snapshots"), [["--json", "--no-lock", "--", id.slice(0, 8)]]);
  });

  it("reads a snapshot from within and finds the one before by its tags", async (t) => {
    const { source, snapshot, run, argvOf, calls } = prepare(t);
    await run({ from: snapshot, exclude: [`${source}/cache`] });
    const [backup] = argvOf("backup");
    assert.deepEqual(backup?.slice(-2), ["--", "."]);
    assert.ok(backup?.includes("--group-by=host,tags"));
    assert.ok(backup?.includes(`--tag=pantheros,job:nightly,path:${source}`));
    assert.ok(backup?.includes(`--exclude=${snapshot}/cache`));
    assert.equal(calls.find(({ argv }) => argv[1] === "backup")?.directory, snapshot);
  });

  it("tells restic 0.14, which cannot look by tags, the newest snapshot of the same history", async (t) => {
    const snapshots = ended({
      stdout: JSON.stringify([
        { id: "a".repeat(64), time: "2026-11-20T00:00:00Z", hostname: "web1" },
        { id: "b".repeat(64), time: "2026-11-21T00:00:00Z", hostname: "web1" },
        { id: "c".repeat(64), time: "2026-11-19T00:00:00Z", hostname: "web1" },
        { id, time: "2026-11-18T00:00:00Z", hostname: "web1" },
      ]),
    });
    const { source, snapshot, run, argvOf } = prepare(t, { version: version("0.14.0"), snapshots });
    await run({ from: snapshot });
    assert.ok(argvOf("backup")[0]?.includes(`--parent=${"b".repeat(64)}`));
    assert.deepEqual(argvOf("snapshots")[0]?.slice(2, 4), [
      "--host=web1",
      `--tag=pantheros,job:nightly,path:${source}`,
    ]);
  });

  it("begins a history where restic 0.14 finds no snapshot of it", async (t) => {
    const snapshots = () => (made ? listed() : ended({ stdout: "[]" }));
    let made = false;
    const backup = () => {
      made = true;
      return summary();
    };
    const { snapshot, run, argvOf } = prepare(t, { version: version("0.14.0"), snapshots, backup });
    assert.equal((await run({ from: snapshot })).evidence.snapshot_id, id);
    assert.doesNotMatch(String(argvOf("backup")[0]), /--parent/);
  });

  it("is of one file as well", async (t) => {
    const { source, run } = prepare(t, { backup: summary({ total_files_processed: 1 }) });
    assert.equal((await run({ from: source })).files, 1);
  });

  it("does not begin when nothing of its sources is there", async (t) => {
    const { base, run, calls } = prepare(t);
    await rejectsWith(run({ from: join(base, "nowhere") }), "source", /nowhere is not there/);
    assert.deepEqual(calls, []);
  });

  it("does not begin when a remote repository does not answer", async (t) => {
    const cat = recording("0.18.0", "repository-forbidden");
    const { source, run, argvOf } = prepare(t, { cat }, { repository: "sftp:web2:/srv/restic" });
    await rejectsWith(run({ from: source }), "auth", /could not open the repository main/);
    assert.deepEqual(argvOf("backup"), []);
  });

  it("leaves it to restic to find the one before of an ordinary folder", async (t) => {
    const { source, run, argvOf } = prepare(t, { version: version("0.14.0") });
    await run({ from: source });
    assert.doesNotMatch(String(argvOf("backup")[0]), /--parent|--group-by/);
  });

  it("is not done when the repository does not list what restic claims", async (t) => {
    for (const snapshots of [ended({ stdout: "[]" }), listed({ id: "f".repeat(64) }), listed({ hostname: "web2" })]) {
      const { source, run } = prepare(t, { snapshots });
      await rejectsWith(run({ from: source }), "verification", /does not list it/);
    }
  });

  it("is proven by the file of the snapshot, without opening the repository again", async (t) => {
    const { base, source, run, argvOf, claim } = prepareFiles(t);
    const made = claim(join(base, "repository"), "the snapshot");
    const { evidence } = (await run({ from: source })) as { evidence: Record<string, unknown> };
    assert.deepEqual([evidence["snapshot_id"], evidence["paths"]], [made, [source]]);
    assert.deepEqual(argvOf("snapshots"), []);
  });

  it("asks restic what a backup that missed something is of, though its file is there", async (t) => {
    const { base, source, run, argvOf, claim } = prepareFiles(t, { unread: true });
    claim(join(base, "repository"), "the snapshot");
    await rejectsWith(run({ from: source }), "verification", /does not list it/);
    assert.equal(argvOf("snapshots").length, 1);
  });

  it("is not done when what restic claims was there before, is empty, or is not what it says", async (t) => {
    const cases = [
      [{ before: true }, "the snapshot", /was there before it began/],
      [{ stored: "" }, "the snapshot", /is not what was stored/],
      [{ stored: "another" }, "the snapshot", /is not what was stored/],
    ] as const;
    for (const [how, content, message] of cases) {
      const { base, source, run, argvOf, claim } = prepareFiles(t, how);
      claim(join(base, "repository"), content);
      await rejectsWith(run({ from: source }), "verification", message);
      assert.deepEqual(argvOf("snapshots"), [], "restic would show it from its cache");
    }
  });

  it("is empty_artifact when no snapshot is named or no file was read", async (t) => {
    for (const backup of [summary({ snapshot_id: "" }), summary({ total_files_processed: 0 })]) {
      const { source, run } = prepare(t, { backup });
      await rejectsWith(run({ from: source }), "empty_artifact");
    }
  });

  it("is partial, and still proven, when something could not be read", async (t) => {
    for (const [backup, problem] of [
      [{ ...summary(), exitCode: 3 }, /: see restic's output – let its user read/],
      [{ ...summary(), stderr: "/nowhere does not exist, skipping" }, /\/nowhere/],
    ] as const) {
      const { source, run } = prepare(t, { backup });
      const result = await run({ from: [source, "/nowhere"] });
      assert.deepEqual([result.outcome, result.reason], ["partial", "source"]);
      assert.equal(result.evidence.snapshot_id, id);
      assert.ok(
        result.message?.includes(`in main as snapshot ${id.slice(0, 8)}, but 1 could not be read`),
        result.message,
      );
      assert.match(result.message ?? "", problem);
    }
  });

  it("is a failure of the source when nothing at all could be read", async (t) => {
    const backup = { ...summary({ total_files_processed: 0 }), exitCode: 3 };
    const { source, run } = prepare(t, { backup });
    await rejectsWith(run({ from: source }), "source", /read no file/);
  });

  it("creates a missing repository only where it is told to, and then backs up", async (t) => {
    const absent = recording("0.14.0", "repository-missing");
    const without = prepare(t, { backup: absent });
    await rejectsWith(without.run({ from: without.source }), "repository_missing");

    let exists = false;
    const init = () => {
      exists = true;
      return ended();
    };
    const answers = { backup: () => (exists ? summary() : absent), init };
    const { source, run, argvOf } = prepare(t, answers, { initialize: true });
    assert.equal((await run({ from: source })).evidence.snapshot_id, id);
    assert.equal(argvOf("init").length, 1);
  });

  it("begins no new repository in place of one that held a backup: its disk is not mounted", async (t) => {
    const answers = { backup: recording("0.14.0", "repository-missing") };
    const { source, run, check, argvOf } = prepare(t, answers, { initialize: true });
    for (const look of [run, check]) {
      const dryRun = { lastSteps: () => held, dryRun: true };
      for (const more of [{ lastSteps: () => held }, dryRun])
        await rejectsWith(
          look({ from: source }, more),
          "repository_missing",
          /main held a backup of weekly at 2026-11-20/,
        );
    }
    assert.deepEqual(argvOf("init"), []);
  });

  it("begins a repository although another one, or only a dry run, is known", async (t) => {
    const lastSteps = () => [
      { ...step, evidence: { ...step.evidence, repository: "other" } },
      { ...step, evidence: { ...step.evidence, snapshot_id: "" } },
    ];
    const { source, check } = prepare(t, {}, { initialize: true });
    await check({ from: source }, { lastSteps });
  });

  it("creates nothing because the password is wrong", async (t) => {
    const { source, run } = prepare(t, { backup: recording("0.14.0", "wrong-password") }, { initialize: true });
    await rejectsWith(run({ from: source }), "auth", /wrong password/);
  });

  it("changes nothing in a dry run, not even when snapshot or repository do not exist yet", async (t) => {
    const { source, snapshot, run, argvOf } = prepare(
      t,
      { backup: recording("0.19.1", "backup-dry-run") },
      { initialize: true },
    );
    const result = await run({ from: source }, { dryRun: true });
    assert.ok(argvOf("backup")[0]?.includes("--dry-run"));
    assert.deepEqual([result.evidence.snapshot_id, result.evidence.files, argvOf("snapshots")], ["", 2, []]);
    const yetToCome = await run({ from: `${snapshot}_9` }, { dryRun: true });
    assert.match(yetToCome.message ?? "", /not there yet/);
    assert.deepEqual(yetToCome.evidence, {
      ...{ snapshot_id: "", repository: "main", host: "web1", paths: [], duration_seconds: 0 },
      ...{ files: 0, bytes: 0, bytes_added: 0, files_new: 0, files_changed: 0, files_unmodified: 0 },
    });

    const absent = prepare(t, { backup: recording("0.19.1", "repository-missing") }, { initialize: true });
    assert.match((await absent.run({ from: absent.source }, { dryRun: true })).message ?? "", /would create/);
  });
});

describe("backup.restic, before the run begins,", () => {
  it("refuses a source that is not there, unless another one is or an earlier step has yet to make it", async (t) => {
    const { base, source, check } = prepare(t, {}, { initialize: true });
    await rejectsWith(check({ from: join(base, "nowhere") }), "source", /nowhere/);
    await check({ from: [join(base, "nowhere"), source] });
    await check({ from: "${snap.path}/data" });
    await check({ from: [join(base, "nowhere"), "${snap.path}/data"] });
  });

  it("refuses a repository that is not there, unless it may create it", async (t) => {
    const { source, check } = prepare(t);
    await rejectsWith(check({ from: source }), "repository_missing", /no repository/);
    const allowed = prepare(t, {}, { initialize: true });
    await allowed.check({ from: allowed.source });
    writeRepository(join(allowed.base, "repository"));
    await allowed.check({ from: allowed.source }, { lastSteps: () => held });
  });

  it("refuses a password that cannot be read, a restic that is too old, and what is none", async (t) => {
    const { source, check } = prepare(t);
    const readSecret = () => {
      throw new StepError("auth", "the file is readable by everyone", { advice: "chmod 600" });
    };
    await rejectsWith(check({ from: source }, { readSecret }), "auth", /password of the repository main/);
    for (const answer of [version("0.9.6"), ended({ stdout: "hello" })]) {
      const other = prepare(t, { version: answer });
      await rejectsWith(other.check({ from: other.source }), "tool_missing");
    }
  });

  it("refuses tags that restic would take for two", () => {
    assert.equal(backupRestic.options.safeParse({ repository: "main", from: "/x", tags: ["a,b"] }).success, false);
  });
});
