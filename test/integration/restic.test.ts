import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { identityOf } from "../../src/tools/process/process.ts";
import { createRestic } from "../../src/tools/restic/restic.ts";
import { mountBtrfs } from "../support/btrfs.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { rejectsWith } from "../support/failure.ts";
import { testPassword } from "../support/restic-context.ts";
import {
  asNobody,
  backup,
  check,
  configOf,
  execute,
  forget,
  holdExclusiveLock,
  list,
  look,
  prepare,
  run,
  type Stage,
  script,
} from "../support/restic-stage.ts";
import { sharedByTests } from "../support/shared.ts";

describe("real restic", { ...needs("restic", "several restics"), concurrency: 3 }, () => {
  for (const { version, program } of needs("restic").skip ? [] : resticPrograms()) {
    describe(version, { concurrency: 1 }, () => cases(program));
  }
});

function cases(program: string) {
  // What one test needs to be there already, so that not each has to make it.
  const shared = sharedByTests();
  let stage: Stage;
  before(async () => {
    stage = prepare(shared as TestContext, program);
    await backup(stage);
  });

  it("creates the repository on request, backs a folder up, shows progress and proves the snapshot", async (t) => {
    const own = prepare(t, program);
    const { result, heard } = await backup(own);
    const { evidence } = result;
    assert.deepEqual([evidence.files, evidence.bytes, evidence.files_new], [2, 100_000, 2]);
    assert.match(evidence.snapshot_id, /^[0-9a-f]{64}$/);
    assert.deepEqual(evidence.paths, [own.source]);
    assert.deepEqual(heard.log, ["creating the repository main"]);
    const [seen] = list(own);
    assert.equal(seen?.id, evidence.snapshot_id);
    assert.deepEqual(seen?.tags, ["pantheros", "job:nightly", `path:${own.source}`]);
    assert.match(seen?.time ?? "", /\+0[12]:00$/, "dated in the zone of the configuration");
  });

  it("recognises unchanged files of an ordinary folder", async () => {
    const { evidence } = (await backup(stage)).result;
    assert.deepEqual([evidence.files_new, evidence.files_unmodified], [0, 2]);
  });

  it("shows in a dry run what would be done, and does nothing", async () => {
    const before = list(stage).length;
    const { result } = await backup(stage, {}, { dryRun: true });
    assert.equal(result.evidence.files, 2);
    assert.equal(list(stage).length, before);
  });

  it("is looked at from outside: snapshots, newest, locks, artifacts", async () => {
    const { samples, artifacts, problems } = await look(stage.config);
    assert.deepEqual(problems, []);
    const value = (metric: string) => samples.find((sample) => sample.metric === metric)?.value;
    assert.equal(value("repositoryReachable"), 1);
    assert.equal(value("repositorySnapshots"), artifacts?.length);
    assert.equal(value("repositoryLocks"), 0);
    assert.ok(Date.now() / 1000 - (value("repositoryNewest") ?? 0) < 600);
    assert.equal(artifacts?.[0]?.group, `web1 job:nightly pantheros path:${stage.source}`);
  });

  it("refuses a wrong password as auth", async () => {
    const readSecret = () => new Secret("not the password", "a test");
    await rejectsWith(backup(stage, {}, { readSecret }), "auth", /wrong password/);
  });

  it("does not create a repository that it was not asked to", async (t) => {
    const own = prepare(t, program, { initialize: false });
    await rejectsWith(backup(own), "repository_missing", /main/);
    await rejectsWith(check(own), "repository_missing", /main/);
    assert.ok(!readdirSync(own.base).includes("repository"));
  });

  it("is in the way of nobody: an exclusive lock is repository_locked, and is seen", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const holder = await holdExclusiveLock(t, own);
    const error = await rejectsWith(backup(own), "repository_locked", /locked exclusively by PID \d+/);
    assert.match(error.details.advice ?? "", /wait/);
    const { samples } = await look(own.config);
    assert.equal(samples.find(({ metric }) => metric === "repositoryLocks")?.value, 1);
    await holder.kill();
    const stale = await rejectsWith(backup(own), "repository_locked", /process \d+ of this host is gone/);
    assert.match(stale.details.advice ?? "", /restic unlock/);
    own.restic("unlock");
    await backup(own);
  });

  it("fails for its source when it is missing, and is partial when one of two is", async () => {
    await rejectsWith(backup(stage, { from: join(stage.base, "nowhere") }), "source", /nowhere/);
    const { result } = await backup(stage, { from: [stage.source, join(stage.base, "nowhere")] });
    assert.deepEqual([result.outcome, result.reason], ["partial", "source"]);
    assert.match(result.message ?? "", /nowhere/);
    assert.match(result.evidence.snapshot_id, /^[0-9a-f]{64}$/);
  });

  it("makes nothing of a folder without files", async () => {
    const empty = join(stage.base, "empty");
    mkdirSync(empty, { recursive: true });
    await rejectsWith(backup(stage, { from: empty }), "empty_artifact", /no file/);
  });

  it("backs up what it may read, and is partial for the rest", needs("root"), async (t) => {
    const own = prepare(t, program, { restic: asNobody(t, program) });
    chmodSync(own.base, 0o777);
    writeFileSync(join(own.source, "closed"), "x", { mode: 0o600 });
    const { result } = await backup(own);
    assert.deepEqual([result.outcome, result.reason, result.files], ["partial", "source", 2]);
    assert.match(result.message ?? "", /closed/);
  });

  it("looks at a repository that it may only read", needs("root"), async (t) => {
    const own = prepare(t, program);
    await backup(own);
    execFileSync("chmod", ["-R", "a-w,a+rX", own.base]);
    // Without a place for its cache either.
    const stateDirectory = join(own.base, "elsewhere");
    const config = configOf({ ...own, stateDirectory, program: asNobody(t, program) });
    const { samples, problems } = await look(config);
    assert.deepEqual(problems, []);
    assert.equal(samples.find(({ metric }) => metric === "repositorySnapshots")?.value, 1);
  });

  it("backs up although there is no place for its cache", async (t) => {
    const own = prepare(t, program);
    const file = join(own.base, "file");
    writeFileSync(file, "");
    const config = configOf({ ...own, stateDirectory: join(file, "state") });
    const { result } = await run(config, { from: own.source });
    assert.equal(result.evidence.files, 2);
    assert.equal(list(own)[0]?.id, result.evidence.snapshot_id);
  });

  it("tells that the destination is full", needs("root"), async (t) => {
    const own = prepare(t, program);
    const full = join(own.base, "repository");
    mkdirSync(full);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", full]);
    own.cleanups.push(() => execFileSync("umount", ["--lazy", full]));
    writeFileSync(join(own.source, "large"), randomBytes(8_000_000));
    await rejectsWith(backup(own), "space", /no space left on device/);
  });

  it("gives up a server that refuses connections as network, within its patience", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const base = temporaryDirectory(t);
    for (const location of [`s3:http://127.0.0.1:${port}/bucket`, `rest:http://user:opensesame@127.0.0.1:${port}/`]) {
      const tool = createRestic(
        {
          name: "main",
          program,
          location,
          password: new Secret(testPassword, "a test"),
          environment: { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "shadow", AWS_DEFAULT_REGION: "us-east-1" },
          cacheDirectory: join(base, "cache"),
          patienceSeconds: 4,
        },
        execute(),
      );
      const error = await rejectsWith(tool.reach(), "network", /could not open the repository main/);
      assert.doesNotMatch(`${error.message} ${error.details.tail}`, /opensesame/);
    }
  });

  it("is stopped in the middle and leaves neither a process nor a lock; the next backup works", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    writeFileSync(join(own.source, "large"), randomBytes(16_000_000));
    const slow = script(t, `exec ${program} --limit-upload 500 "$@"`);
    const stop = new AbortController();
    const pids: number[] = [];
    const config = configOf({ ...own, program: slow });
    let told = 0;
    const progress = () => {
      told += 1;
    };
    const running = run(config, { from: own.source }, { execute: execute({ signal: stop.signal, pids }), progress });
    const locks = join(own.base, "repository/locks");
    const stopped = rejectsWith(running, "cancelled", /cancelled|asked to stop/);
    // restic forgets a lock that it is just writing: in the middle of the work is later.
    await eventually("the backup to be under way", () => told > 0 && readdirSync(locks).length > 0);
    stop.abort();
    await stopped;
    for (const pid of pids) assert.equal(identityOf(pid), null);
    assert.deepEqual(readdirSync(locks), []);
    assert.equal((await backup(own)).result.evidence.files, 3);
  });

  it("forgets by the policy and frees the space; what is kept can still be read", async (t) => {
    const own = prepare(t, program);
    for (const content of ["one", "two", "three"]) {
      writeFileSync(join(own.source, "one.txt"), content);
      await backup(own);
    }
    own.restic("backup", "--host=web1", "--quiet", own.source);
    const dry = await forget(own, { dryRun: true });
    assert.equal(dry.evidence.removed.length, 2);
    assert.equal(list(own).length, 4);
    const { evidence } = await forget(own);
    assert.deepEqual([evidence.kept, evidence.removed, evidence.histories], [1, dry.evidence.removed, 1]);
    assert.deepEqual(evidence.reasons, { last: 1 });
    assert.equal(list(own).length, 2, "the snapshot that pantheros did not make is still there");
    own.restic("check");
  });

  it("forgets no backup of today because a clock was wrong once", async (t) => {
    const own = prepare(t, program);
    const tags = `--tag=pantheros,job:nightly,path:${own.source}`;
    const { result } = await backup(own);
    for (const time of ["2037-01-01 00:00:00", "2037-01-02 00:00:00", "2020-01-01 00:00:00"])
      own.restic("backup", "--host=web1", "--quiet", tags, "--time", time, own.source);
    const { evidence, outcome, message } = await forget(own);
    assert.deepEqual([evidence.kept, evidence.removed.length], [3, 1]);
    assert.deepEqual(evidence.reasons, { last: 1, future: 2 });
    assert.equal(outcome, "partial");
    assert.match(message ?? "", /2 snapshots are dated after now/);
    const left = list(own).map(({ id, time }) => (id === result.evidence.snapshot_id ? "today" : time.slice(0, 4)));
    assert.deepEqual(left.sort(), ["2037", "2037", "today"].sort());
  });

  it("begins no new repository where the disk of one that held backups is not mounted", async (t) => {
    const own = prepare(t, program);
    const { evidence } = (await backup(own)).result;
    renameSync(join(own.base, "repository"), join(own.base, "unplugged"));
    mkdirSync(join(own.base, "repository"));
    const last = {
      job: "nightly",
      id: "step_1",
      uses: "backup.restic",
      kind: "backup",
      target: "main",
      bytes: null,
      files: null,
    } as const;
    const more = { lastSteps: () => [{ ...last, runStartedAt: 0, finishedAt: 0, evidence }] };
    const error = await rejectsWith(backup(own, {}, more), "repository_missing", /held a backup of nightly/);
    assert.match(error.details.advice ?? "", /mounted/);
    assert.deepEqual(readdirSync(join(own.base, "repository")), []);
  });

  it("reads Btrfs snapshots as one history: unchanged files are not read again", needs("root", "btrfs"), async (t) => {
    const mountPoint = mountBtrfs(t);
    const own = prepare(t, program);
    const home = join(mountPoint, "home");
    const snapshots = join(mountPoint, "snapshots");
    execFileSync("btrfs", ["-q", "subvolume", "create", home]);
    mkdirSync(join(home, "data"));
    mkdirSync(snapshots);
    for (const name of ["a", "b", "c"]) writeFileSync(join(home, "data", name), randomBytes(50_000));
    const config = configOf({ ...own, subvolumes: { home: { path: home, snapshots } } });
    const backUpSnapshot = async (name: string) => {
      const path = join(snapshots, name);
      execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", home, path]);
      return (await run(config, { from: path })).result.evidence;
    };
    const first = await backUpSnapshot("home.20261119T000000Z");
    assert.deepEqual([first.files_new, first.files], [3, 3]);
    writeFileSync(join(home, "data/c"), "changed");
    const second = await backUpSnapshot("home.20261120T000000Z");
    assert.deepEqual([second.files_new, second.files_changed, second.files_unmodified], [0, 1, 2]);
    const third = await backUpSnapshot("home.20261121T000000Z");
    assert.deepEqual([third.files_new, third.files_changed, third.files_unmodified], [0, 0, 3]);

    const { evidence } = await forget({ ...own, config });
    assert.deepEqual([evidence.kept, evidence.removed.length, evidence.histories], [1, 2, 1]);
    assert.deepEqual(own.restic("ls", "latest").match(/^\/.*$/gm), ["/data", "/data/a", "/data/b", "/data/c"]);

    execFileSync("btrfs", ["-q", "subvolume", "create", join(mountPoint, "bare")]);
    const bare = { home: { path: join(mountPoint, "bare"), snapshots } };
    const nothing = join(snapshots, "home.20261122T000000Z");
    execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", bare.home.path, nothing]);
    await rejectsWith(run(configOf({ ...own, subvolumes: bare }), { from: nothing }), "empty_artifact", /./);
  });
}

describe("a program that is not restic", needs("restic"), () => {
  it("and prints garbage is found out before the run and in it", async (t) => {
    const own = prepare(t, script(t, "head -c 100000 /dev/urandom"));
    await rejectsWith(check(own), "tool_missing", /does not say which restic it is/);
    await rejectsWith(backup(own), "unknown", /not JSON/);
    for (const folder of ["keys", "snapshots", "locks", "data"])
      mkdirSync(join(own.base, "repository", folder), { recursive: true });
    const { samples, problems } = await look(own.config);
    assert.deepEqual(
      samples.map(({ metric, value }) => [metric, value]),
      [["repositoryReachable", 0]],
    );
    assert.match(problems?.[0] ?? "", /not JSON/);
  });

  it("and hangs is ended when its time is over", async (t) => {
    const own = prepare(t, script(t, "exec sleep 600"));
    const pids: number[] = [];
    const limit = new AbortController();
    const running = backup(own, {}, { execute: execute({ signal: limit.signal, pids }) });
    const ended = rejectsWith(running, "timeout", /took too long/);
    await eventually("the start of the program", () => pids.length > 0);
    limit.abort(new StepError("timeout", "it took too long"));
    await ended;
    for (const pid of pids) assert.equal(identityOf(pid), null);
  });

  it("and is not there at all is tool_missing", async (t) => {
    const own = prepare(t, "/nowhere/restic");
    await rejectsWith(check(own), "tool_missing", /restic/);
  });
});
