import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { snapshots as collector } from "../../src/collectors/snapshots.ts";
import type { Reason } from "../../src/model/run/outcome.ts";
import { pruneSnapshots } from "../../src/runners/prune-snapshots.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { snapshotBtrbk } from "../../src/runners/snapshot-btrbk.ts";
import { showSubvolume } from "../../src/tools/btrfs/btrfs.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { collectorContextOf } from "../support/collector-context.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { refused } from "../support/failure.ts";
import { contextOf } from "../support/runner-context.ts";
import { fillUp } from "../support/tmpfs.ts";

const execute = createExecute({ env: process.env, defaultTimeoutSeconds: 60 });

/** Two subvolumes of one filesystem, and a disk for backups. */
function prepare(t: TestContext, disk = mountBtrfs(t)) {
  const pool = mountBtrfs(t);
  const [home, srv] = [createSubvolume(pool, "home"), createSubvolume(pool, "srv")];
  const [snapshots, backups] = [join(pool, "snapshots"), join(disk, "backups")];
  mkdirSync(snapshots);
  mkdirSync(backups, { recursive: true });
  const file = join(temporaryDirectory(t), "btrbk.conf");
  const both = `subvolume home\ntarget ${backups}\nsubvolume srv\ntarget ${backups}\n`;
  const configure = (settings = "", sections = both) =>
    writeFileSync(file, `timestamp_format long-iso\nsnapshot_dir snapshots\n${settings}\nvolume ${pool}\n${sections}`);
  configure();
  const subvolumes = { home: { path: home, snapshots }, srv: { path: srv, snapshots } };
  const contextFor = (more: Partial<RunnerContext> = {}) =>
    contextOf({ timezone: "Europe/Berlin", subvolumes }, { execute, ...more });
  const optionsOf = (more: object = {}) => snapshotBtrbk.options.parse({ subvolume: "home", config: file, ...more });
  const run = (more: object = {}, context: Partial<RunnerContext> = {}) =>
    snapshotBtrbk.run(optionsOf(more), contextFor(context));
  const check = (more: object = {}) => snapshotBtrbk.check?.(optionsOf(more), contextFor());
  return { pool, disk, home, srv, snapshots, backups, file, configure, subvolumes, contextFor, optionsOf, run, check };
}

describe("snapshot.btrbk", { ...needs("root", "btrfs", "btrbk"), timeout: 120_000 }, () => {
  it("lets btrbk snapshot and send, proves each snapshot, and tells the newest backup of each target", async (t) => {
    const { snapshots, backups, home, run, check } = prepare(t);
    await check();
    assert.deepEqual(readdirSync(snapshots), [], "the check changes nothing");
    const { evidence, outcome, message } = await run();
    assert.equal(outcome, undefined);
    const [name = "", other = ""] = readdirSync(snapshots).sort();
    assert.match(name, /^home\.\d{8}T\d{6}\+0[12]00$/, "named in the zone of the configuration, as by hand");
    const shown = await showSubvolume(execute, join(snapshots, name));
    assert.equal(shown.readOnly, true);
    const created_at = new Date(shown.createdAt * 1000).toISOString();
    assert.deepEqual(
      { ...evidence, snapshots: evidence.snapshots.map(({ path }) => path), targets: evidence.targets.length },
      {
        path: join(snapshots, name),
        uuid: shown.uuid,
        created_at,
        parent_uuid: (await showSubvolume(execute, home)).uuid,
        unchanged: false,
        snapshots: [join(snapshots, name), join(snapshots, other)],
        backups: [name, other].map((each) => ({ snapshot: join(snapshots, each), backup: join(backups, each) })),
        removed: [],
        targets: 2,
      },
    );
    const [target] = evidence.targets;
    assert.deepEqual([target?.source, target?.target, target?.newest], [home, backups, join(backups, name)]);
    assert.ok(
      Math.abs(Date.parse(target?.newest_at ?? "") - Date.parse(created_at)) <= 2000,
      "local time read as such",
    );
    snapshotBtrbk.produces.parse(evidence);
    assert.match(message ?? "", /snapshots made: 2, backups: 2, removed: 0/);
  });

  it("keeps to the subvolumes that the filter names, and sends nothing with command: snapshot", async (t) => {
    const { home, snapshots, backups, run } = prepare(t);
    const { evidence } = await run({ filter: [home], command: "snapshot" });
    assert.deepEqual(readdirSync(snapshots).length, 1);
    assert.deepEqual(readdirSync(backups), []);
    assert.deepEqual([evidence.snapshots.length, evidence.backups], [1, []]);
    assert.deepEqual(
      evidence.targets.map(({ newest, newest_at }) => [newest, newest_at]),
      [[null, null]],
    );
  });

  it("succeeds where the target's rules hold the sending back, and shows how old the newest backup is", async (t) => {
    const { configure, home, backups, snapshots, run } = prepare(t);
    const first = (await run({ filter: [home] })).evidence;
    configure("target_preserve_min no\ntarget_preserve 1y");
    const { evidence, outcome } = await run({ filter: [home] });
    assert.equal(outcome, undefined);
    assert.notEqual(evidence.path, first.path);
    assert.deepEqual(evidence.backups, []);
    assert.deepEqual(evidence.targets[0]?.newest, first.backups[0]?.backup);
    assert.equal(readdirSync(backups).length, 1);
    assert.equal(readdirSync(snapshots).length, 2);
  });

  it("takes the snapshot of an earlier run for what it is where nothing has changed", async (t) => {
    const { configure, home, run } = prepare(t);
    configure("snapshot_create onchange");
    const first = (await run({ filter: [home] })).evidence;
    assert.equal(first.unchanged, false);
    const { evidence, message } = await run({ filter: [home] });
    assert.deepEqual([evidence.unchanged, evidence.path, evidence.uuid], [true, first.path, first.uuid]);
    assert.deepEqual(evidence.snapshots, []);
    assert.match(message ?? "", /has not changed/);
    writeFileSync(join(home, "changed"), "x");
    assert.equal((await run({ filter: [home] })).evidence.unchanged, false);
  });

  it("is no success when btrbk made nothing although something has changed", async (t) => {
    const { configure, pool, home, run } = prepare(t);
    configure("snapshot_create onchange", "subvolume home\n");
    await run();
    writeFileSync(join(home, "changed"), "x");
    configure("snapshot_create no", "subvolume home\n");
    const error = await refused(run(), "empty_artifact", /made no snapshot of .*home/);
    assert.match(error.details.advice ?? "", /snapshot_create/);
    assert.ok(existsSync(pool));
  });

  it("in a dry run only says what it would do", async (t) => {
    const { snapshots, backups, run } = prepare(t);
    const { evidence, message } = await run({}, { dryRun: true });
    assert.match(evidence.path, new RegExp(`^${snapshots}/home\\.`));
    assert.deepEqual([evidence.uuid, evidence.parent_uuid, evidence.snapshots.length], [null, null, 2]);
    assert.match(message ?? "", /would be kept/);
    assert.deepEqual([...readdirSync(snapshots), ...readdirSync(backups)], []);
  });

  it("names it as the collector sees it, also where btrbk goes through another mount", async (t) => {
    const { pool, home, snapshots } = prepare(t);
    const file = join(temporaryDirectory(t), "btrbk.conf");
    const top = join(pool, "top");
    for (const folder of [top, join(pool, "mounted"), join(pool, "kept")]) mkdirSync(folder);
    execFileSync("mount", ["--bind", pool, top]);
    execFileSync("mount", ["--bind", home, join(pool, "mounted")]);
    writeFileSync(file, `volume ${top}\nsnapshot_dir snapshots\nsubvolume home\n`);
    const subvolumes = { home: { path: join(pool, "mounted"), snapshots: `${snapshots}/` } };
    const options = snapshotBtrbk.options.parse({ subvolume: "home", config: file });
    const { evidence } = await snapshotBtrbk.run(options, contextOf({ subvolumes }, { execute }));
    assert.equal(dirname(evidence.path), snapshots);
    const { artifacts, problems } = await collector.collect(collectorContextOf({ subvolumes }));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      artifacts?.map(({ subject, name, identity }) => [subject, name, identity]),
      [["home", evidence.path, evidence.uuid]],
    );
  });

  it("is nothing that prune.snapshots takes, unless with all", async (t) => {
    const { snapshots, run, contextFor } = prepare(t);
    for (let n = 0; n < 3; n += 1) await run({ command: "snapshot" });
    const prune = (all: boolean) =>
      pruneSnapshots.run(pruneSnapshots.options.parse({ subvolume: "home", keep: { last: 1 }, all }), contextFor());
    const { evidence } = await prune(false);
    assert.deepEqual(evidence.removed, []);
    assert.deepEqual([...new Set(evidence.spared.map(({ why }) => why))], ["not made by pantheros"]);
    assert.equal(readdirSync(snapshots).length, 6);
    assert.equal((await prune(true)).evidence.removed.length, 2);
  });

  describe("refuses, before and while it runs, with a reason of its own and a next step,", () => {
    type Stage = ReturnType<typeof prepare>;
    const both = async ({ run, check }: Stage, reason: Reason, message: RegExp, more: object = {}) => {
      await refused(check(more), reason, message);
      await refused(run(more), reason, message);
    };

    it("a configuration that is not there, or that btrbk does not understand", async (t) => {
      const stage = prepare(t);
      await both(stage, "config", /Configuration file not found/, { config: "/nowhere/btrbk.conf" });
      stage.configure("nonsense yes");
      await both(stage, "config", /Unknown option "nonsense"/);
    });

    it("a filter that fits nothing, and one that leaves the subvolume out", async (t) => {
      const stage = prepare(t);
      await both(stage, "config", /Filter argument "nowhere" does not match/, { filter: ["nowhere"] });
      await both(stage, "config", /does not have the subvolume .*home, but .*srv/, { filter: [stage.srv] });
      stage.configure("", "");
      await both(stage, "config", /does not have the subvolume .*home, but none/);
    });
  });

  it("leaves the work to the btrbk that holds the lock, and can be tried again", async (t) => {
    const { file, configure, snapshots, run } = prepare(t);
    configure(`lockfile ${file}.lock`);
    const holding: Execute = ({ argv, ...call }) =>
      execute({ ...call, argv: argv.includes("run") ? ["flock", `${file}.lock`, ...argv] : argv });
    const error = await refused(
      run({}, { execute: holding }),
      "repository_locked",
      /another btrbk instance is running/,
    );
    assert.match(error.details.advice ?? "", /btrbk\.timer/);
    assert.deepEqual(readdirSync(snapshots), []);
    await run();
  });

  it("is partial when a target is missing, and tells which", async (t) => {
    const { configure, home, snapshots, disk, run } = prepare(t);
    configure("", `subvolume home\ntarget ${disk}/unplugged\n`);
    const { outcome, reason, message, evidence } = await run();
    assert.deepEqual([outcome, reason], ["partial", "repository_missing"]);
    assert.match(message ?? "", /is kept as .*, but btrbk could not .*unplugged.*No such file.* – mount the target/);
    assert.equal(evidence.path, join(snapshots, readdirSync(snapshots)[0] ?? ""));
    assert.deepEqual(evidence.targets, [{ source: home, target: `${disk}/unplugged`, newest: null, newest_at: null }]);
  });

  it("is partial when another subvolume is missing, failed when it is this one, and keeps account of the rest", async (t) => {
    const { home, srv, run } = prepare(t);
    execFileSync("btrfs", ["-q", "subvolume", "delete", srv]);
    const { outcome, reason, evidence } = await run();
    assert.deepEqual([outcome, reason, evidence.snapshots.length], ["partial", "source", 1]);
    writeFileSync(join(home, "x"), "x");

    const other = prepare(t);
    const failing: Execute = async ({ argv, ...call }) =>
      execute({
        ...call,
        argv: argv.includes("run")
          ? ["sh", "-c", `btrfs -q subvolume delete ${other.home}; exec "$@"`, "sh", ...argv]
          : argv,
      });
    const error = await refused(other.run({}, { execute: failing }), "source", /Skipping subvolume .*home/);
    const { snapshots = [] } = error.details.evidence as { snapshots?: readonly { source: string }[] };
    assert.deepEqual(
      snapshots.map(({ source }) => source),
      [other.srv],
    );
  });

  it("fails for its reason where the filesystem is full or read-only, and nothing can be made", async (t) => {
    const { pool, home, run } = prepare(t);
    execFileSync("mount", ["-o", "remount,ro", pool]);
    await refused(run(), "source", /Read-only file system/);

    const small = mountBtrfs(t, { mebibytes: 32, mkfs: ["--mixed"] });
    const path = createSubvolume(small, "home");
    mkdirSync(join(small, "snapshots"));
    const file = join(temporaryDirectory(t), "btrbk.conf");
    writeFileSync(file, `volume ${small}\nsnapshot_dir snapshots\nsubvolume home\n`);
    fillUp(path);
    const options = snapshotBtrbk.options.parse({ subvolume: "home", config: file });
    const subvolumes = { home: { path, snapshots: join(small, "snapshots") } };
    await refused(snapshotBtrbk.run(options, contextOf({ subvolumes }, { execute })), "space", /No space left/);
    assert.ok(existsSync(home));
  });

  it("does not believe a btrbk that says it has made one and has not", async (t) => {
    const { snapshots, home, run } = prepare(t);
    const row = `format="transaction" time='1' localtime='x' type='snapshot' status='success' duration='0' target_url='${snapshots}/old' source_url='${home}' parent_url='' message=''\n`;
    const lying: Execute = async (call) =>
      call.argv.includes("run") ? { ...(await execute({ argv: ["true"] })), stdout: row } : execute(call);
    await refused(run({}, { execute: lying }), "source", /old cannot be examined/);
    execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", home, join(snapshots, "old")]);
    await refused(
      run({}, { execute: lying }),
      "verification",
      /old is no new snapshot of .*: it was there before this run/,
    );
    const garbage: Execute = async (call) =>
      call.argv.includes("run") ? { ...(await execute({ argv: ["true"] })), stdout: "\u0000format=\n" } : execute(call);
    await refused(run({}, { execute: garbage }), "empty_artifact", /made no snapshot/);
  });

  it("ended in the middle of a send, what it left at the target is removed and the next run does it all", async (t) => {
    const { home, snapshots, backups, disk, run, contextFor } = prepare(t);
    writeFileSync(join(home, "large"), Buffer.alloc(8_000_000, "x"));
    // A btrfs that stops receiving half-way.
    const bin = temporaryDirectory(t);
    chmodSync(bin, 0o755);
    const real = execFileSync("sh", ["-c", "command -v btrfs"], { encoding: "utf8" }).trim();
    const script = `#!/bin/sh\nif [ "$1" = receive ]; then shift; head -c 4000000 | ${real} receive "$@"; touch ${disk}/half; exec sleep 60; fi\nexec ${real} "$@"\n`;
    writeFileSync(join(bin, "btrfs"), script, { mode: 0o755 });
    const stop = new AbortController();
    const slow = createExecute({ env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` }, signal: stop.signal });
    const left: Leftover[] = [];
    const leftover = (what: Leftover) => {
      left.push(what);
      return { settled: () => void left.pop() };
    };
    const running = run({ filter: [home] }, { execute: slow, leftover });
    const ended = assert.rejects(running, { reason: "cancelled" });
    await eventually("half of it to be received", () => existsSync(join(disk, "half")));
    stop.abort();
    await ended;
    const [name = ""] = readdirSync(snapshots);
    assert.equal((await showSubvolume(execute, join(backups, name))).readOnly, false, "half a backup, writable");
    const [what = {}] = left;
    // What nobody has received, and has the name of a backup, but was there before: btrbk clean would take it.
    const older = createSubvolume(backups, "home.20200101T000000+0000");
    const late = { ...what, startedAt: Date.now() + 60_000 };
    await snapshotBtrbk.removeLeftover?.(late, contextFor());
    assert.deepEqual(readdirSync(backups).length, 2, "nothing that is older than the run");
    execFileSync("btrfs", ["property", "set", "-ts", older, "ro", "true"]);
    await snapshotBtrbk.removeLeftover?.(what, contextFor());
    assert.deepEqual(readdirSync(backups), ["home.20200101T000000+0000"]);
    await snapshotBtrbk.removeLeftover?.(what, contextFor());
    const { evidence, outcome } = await run({ filter: [home] }, { leftover });
    assert.equal(outcome, undefined);
    assert.equal(evidence.backups.length, 2, "that of the run that was ended too");
    assert.equal(left.length, 1, "a run that ended well leaves nothing to remove");
    await snapshotBtrbk.removeLeftover?.({ ...what, config: "/nowhere/btrbk.conf" }, contextFor());
  });
});
