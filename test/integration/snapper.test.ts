import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { snapshots } from "../../src/collectors/snapshots.ts";
import type { Reason } from "../../src/model/run/outcome.ts";
import { pruneSnapshots } from "../../src/runners/prune-snapshots.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { snapshotSnapper } from "../../src/runners/snapshot-snapper.ts";
import { showSubvolume } from "../../src/tools/btrfs/btrfs.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { collectorContextOf } from "../support/collector-context.ts";
import { needs } from "../support/components.ts";
import { refused } from "../support/failure.ts";
import { contextOf } from "../support/runner-context.ts";
import { privateSnapper } from "../support/snapper.ts";

const optionsOf = (more: object = {}) => snapshotSnapper.options.parse({ subvolume: "home", config: "home", ...more });

/** A subvolume with snapper's configuration `home`. */
function prepare(t: TestContext, mount = mountBtrfs(t)) {
  const path = createSubvolume(mount, "home");
  const directory = join(path, ".snapshots");
  execFileSync("btrfs", ["-q", "subvolume", "create", directory]);
  const snapper = privateSnapper(t);
  snapper.declare("home", path, { TIMELINE_CLEANUP: "yes", NUMBER_CLEANUP: "no" });
  const execute = createExecute({ env: snapper.environment, defaultTimeoutSeconds: 60 });
  const subvolumes = { home: { path, snapshots: directory } };
  const contextFor = (more: Partial<RunnerContext> = {}) => contextOf({ subvolumes }, { execute, ...more });
  return { mount, path, directory, snapper, execute, subvolumes, contextFor };
}

describe("snapshot.snapper", { ...needs("root", "btrfs", "snapper"), timeout: 120_000 }, () => {
  it("has snapper make a snapshot, finds it by number and run, and shows what Btrfs says of it", async (t) => {
    const { path, directory, snapper, execute, contextFor } = prepare(t);
    await snapshotSnapper.check?.(optionsOf(), contextFor());
    assert.deepEqual(readdirSync(directory), [], "the check changes nothing");
    const { evidence, message } = await snapshotSnapper.run(optionsOf(), contextFor());
    const shown = await showSubvolume(execute, join(directory, "1/snapshot"));
    assert.deepEqual(evidence, {
      path: join(directory, "1/snapshot"),
      number: 1,
      config: "home",
      uuid: shown.uuid,
      parent_uuid: (await showSubvolume(execute, path)).uuid,
      created_at: new Date(shown.createdAt * 1000).toISOString(),
    });
    snapshotSnapper.produces.parse(evidence);
    assert.equal(shown.readOnly, true);
    assert.equal(readFileSync(join(evidence.path, "file.txt"), "utf8"), "content\n");
    assert.match(message ?? "", /snapshot 1 of home/);
    const [, seen] = JSON.parse(snapper.call("--jsonout", "-c", "home", "list", "--disable-used-space")).home;
    assert.deepEqual(seen.userdata, { pantheros: "20261121T085700Z-test" });
    assert.deepEqual([seen.cleanup, seen.description], ["timeline", "pantheros: test"]);
  });

  it("says its own words to people and gives it to the rule that was asked for", async (t) => {
    const { directory, contextFor } = prepare(t);
    const heard: string[] = [];
    const log = (line: string) => void heard.push(line);
    await snapshotSnapper.run(optionsOf({ description: 'before "it" & <that>', cleanup: "none" }), contextFor({ log }));
    assert.deepEqual(heard, []);
    const info = readFileSync(join(directory, "1/info.xml"), "utf8");
    assert.match(info, /<description>before "it" &amp; &lt;that&gt;<\/description>/);
    assert.doesNotMatch(info, /<cleanup>/);
    await snapshotSnapper.run(optionsOf({ cleanup: "number" }), contextFor({ log }));
    assert.match(heard.join(), /NUMBER_CLEANUP is not "yes" .*snapper will not remove/);
  });

  it("goes on after those that are there, of two at once each has its own", async (t) => {
    const { snapper, directory, contextFor } = prepare(t);
    snapper.call("-c", "home", "create");
    const both = await Promise.all(["a", "b"].map((runId) => snapshotSnapper.run(optionsOf(), contextFor({ runId }))));
    assert.deepEqual(both.map(({ evidence }) => evidence.number).sort(), [2, 3]);
    assert.deepEqual(readdirSync(directory).sort(), ["1", "2", "3"]);
  });

  it("in a dry run only says what it would do", async (t) => {
    const { directory, contextFor } = prepare(t);
    const { evidence, message } = await snapshotSnapper.run(optionsOf(), contextFor({ dryRun: true }));
    assert.deepEqual([evidence.path, evidence.number, evidence.uuid], [join(directory, "1/snapshot"), 1, null]);
    assert.match(message ?? "", /would let snapper/);
    assert.deepEqual(readdirSync(directory), []);
  });

  it("names it as the collector sees it, also where the folder of snapshots is mounted elsewhere", async (t) => {
    const { mount, path, directory, execute } = prepare(t);
    const elsewhere = join(mount, "elsewhere");
    mkdirSync(elsewhere);
    execFileSync("mount", ["--bind", directory, elsewhere]);
    const subvolumes = { home: { path, snapshots: `${elsewhere}/` } };
    const { evidence } = await snapshotSnapper.run(optionsOf(), contextOf({ subvolumes }, { execute }));
    assert.equal(evidence.path, join(elsewhere, "1/snapshot"));
    const { artifacts, problems } = await snapshots.collect(collectorContextOf({ subvolumes }));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      artifacts?.map(({ subject, name, identity }) => [subject, name, identity]),
      [["home", evidence.path, evidence.uuid]],
    );
  });

  it("is nothing that prune.snapshots takes, not even with all: snapper has rules of its own", async (t) => {
    const { directory, contextFor } = prepare(t);
    for (let n = 0; n < 3; n += 1) await snapshotSnapper.run(optionsOf(), contextFor());
    for (const all of [false, true]) {
      const options = pruneSnapshots.options.parse({ subvolume: "home", keep: { last: 1 }, all });
      const { evidence } = await pruneSnapshots.run(options, contextFor());
      assert.deepEqual(evidence.removed, []);
    }
    assert.deepEqual(readdirSync(directory).sort(), ["1", "2", "3"]);
    for (const n of [1, 2, 3]) assert.ok(existsSync(join(directory, `${n}/snapshot/file.txt`)));
  });

  describe("refuses, before and while it runs, with a reason of its own and a next step,", () => {
    const both = async (context: RunnerContext, reason: Reason, message: RegExp, options = optionsOf()) => {
      await refused(snapshotSnapper.check?.(options, context), reason, message);
      await refused(snapshotSnapper.run(options, context), reason, message);
    };

    it("a subvolume that the configuration does not have", async () => {
      await both(contextOf({}), "config", /no subvolume called home/);
    });

    it("a configuration that snapper does not have", async (t) => {
      const { contextFor } = prepare(t);
      await both(contextFor(), "config", /Config 'nowhere' not found/, optionsOf({ config: "nowhere" }));
    });

    it("a configuration that is about another subvolume", async (t) => {
      const { mount, snapper, contextFor } = prepare(t);
      snapper.declare("other", createSubvolume(mount, "other"));
      await both(contextFor(), "config", /other is about .*other, not about .*home/, optionsOf({ config: "other" }));
    });

    it("a subvolume without a folder of snapshots", async (t) => {
      const { directory, contextFor } = prepare(t);
      execFileSync("btrfs", ["-q", "subvolume", "delete", directory]);
      await both(contextFor(), "config", /\.snapshots, where snapper keeps its snapshots, is not there/);
      mkdirSync(directory);
      await both(contextFor(), "config", /no subvolume/);
    });

    it("a missing snapper", async (t) => {
      const { execute, contextFor } = prepare(t);
      const missing: Execute = ({ argv: [program, ...args], ...call }) =>
        execute({ ...call, argv: [program === "snapper" ? "/nowhere/snapper" : program, ...args] });
      await both(contextFor({ execute: missing }), "tool_missing", /snapper/);
    });
  });

  it("fails for its reason on a filesystem that is read-only or full", async (t) => {
    const { mount, contextFor } = prepare(t);
    execFileSync("mount", ["-o", "remount,ro", mount]);
    await refused(snapshotSnapper.run(optionsOf(), contextFor()), "source", /Read-only file system/);

    const small = prepare(t, mountBtrfs(t, { mebibytes: 32, mkfs: ["--mixed"] }));
    assert.throws(() => writeFileSync(join(small.path, "large"), Buffer.alloc(64 * 1024 * 1024)), { code: "ENOSPC" });
    await refused(snapshotSnapper.run(optionsOf(), small.contextFor()), "space", /No space left/);
  });

  it("does not believe a snapper that says it has made one and has not", async (t) => {
    const { path, directory, snapper, execute, contextFor } = prepare(t);
    const answering =
      (stdout: string): Execute =>
      async (call) =>
        call.argv.includes("create") ? { ...(await execute({ argv: ["true"] })), stdout } : execute(call);
    const run = (by: Execute) => snapshotSnapper.run(optionsOf(), contextFor({ execute: by }));
    await refused(run(answering("7\n")), "verification", /snapshot 7 of home, but does not list it/);
    await refused(run(answering("")), "empty_artifact", /names no snapshot/);
    snapper.call("-c", "home", "create");
    await refused(run(answering("1\n")), "verification", /that is of another run/);
    snapper.call("-c", "home", "create", "--read-write", "--userdata", "pantheros=20261121T085700Z-test");
    await refused(
      run(answering("2\n")),
      "verification",
      /2\/snapshot is no new snapshot .*: it is not read-only, it was there before this run/,
    );
    const swapped: Execute = async (call) => {
      const result = await execute(call);
      if (!call.argv.includes("create")) return result;
      execFileSync("btrfs", ["-q", "subvolume", "delete", join(directory, "3/snapshot")]);
      execFileSync("btrfs", [
        "-q",
        "subvolume",
        "snapshot",
        "-r",
        join(directory, "1/snapshot"),
        join(directory, "3/snapshot"),
      ]);
      return result;
    };
    await refused(run(swapped), "verification", /its parent is/);
    assert.ok(existsSync(join(path, "file.txt")));
  });

  it("killed between Btrfs and its own description, snapper leaves nothing that nobody would ever remove", async (t) => {
    const { directory, snapper, contextFor, path } = prepare(t);
    // As a snapper that is killed leaves it.
    const halfMade = (number: number, ...files: string[]) => {
      mkdirSync(join(directory, `${number}`));
      for (const file of files) writeFileSync(join(directory, `${number}`, file), "");
      execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", path, join(directory, `${number}`, "snapshot")]);
    };
    halfMade(1);
    snapper.call("-c", "home", "create");
    const left: Leftover[] = [];
    const stop = new AbortController();
    const killing: Execute = (call) => {
      if (call.argv.includes("create")) stop.abort();
      return createExecute({ env: snapper.environment, signal: stop.signal })(call);
    };
    const leftover = (what: Leftover) => {
      left.push(what);
      return { settled: () => void left.splice(left.indexOf(what), 1) };
    };
    const run = snapshotSnapper.run(optionsOf(), contextFor({ execute: killing, leftover }));
    await assert.rejects(run, { reason: "cancelled" });
    const [what = {}] = left;
    assert.deepEqual(what, { directory, after: 2 });

    halfMade(3, "info.xml.tmp-x7Tq2A");
    snapper.call("-c", "home", "create");
    halfMade(5, "notes.txt");
    mkdirSync(join(directory, "6"));
    const remove = () => snapshotSnapper.removeLeftover?.(what, contextFor());
    await refused(remove(), "repository_locked", /may still be at work/);
    const hourAgo = Date.now() / 1000 - 3600;
    for (const number of ["1", "3", "5", "6"]) utimesSync(join(directory, number), hourAgo, hourAgo);
    await remove();
    assert.deepEqual(
      readdirSync(directory).sort(),
      ["1", "2", "4", "5"],
      "1 is older than the run, 4 somebody's since, and 5 holds what is not snapper's",
    );
    await remove();
    const settled: Leftover[] = [];
    await snapshotSnapper.run(optionsOf(), contextFor({ leftover: () => ({ settled: () => void settled.push({}) }) }));
    assert.equal(settled.length, 1, "what ended well is settled");
  });
});
