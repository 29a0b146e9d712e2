import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import type { Reason } from "../../src/model/run/outcome.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { snapshotBtrfs } from "../../src/runners/snapshot-btrfs.ts";
import { showSubvolume } from "../../src/tools/btrfs/btrfs.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { refused } from "../support/failure.ts";
import { contextOf } from "../support/runner-context.ts";

const execute = createExecute({ env: process.env });
const unprivileged: Execute = ({ argv, ...call }) =>
  execute({ ...call, argv: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...argv] });
const options = { subvolume: "data" };

const contextFor = (path: string, snapshots: string, more: Partial<RunnerContext> = {}) =>
  contextOf({ subvolumes: { data: { path, snapshots } } }, more);

describe("snapshot.btrfs", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  it("makes a read-only snapshot under a name of its own and shows what Btrfs says of it", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const context = contextFor(path, join(mount, "snapshots", "data"));
    await snapshotBtrfs.check?.(options, context);
    assert.equal(existsSync(join(mount, "snapshots")), false, "the check changes nothing");
    const { evidence, message } = await snapshotBtrfs.run(options, context);
    const source = await showSubvolume(execute, path);
    const shown = await showSubvolume(execute, evidence.path);
    assert.deepEqual(evidence, {
      path: join(mount, "snapshots", "data", "data.20261121T085700Z"),
      name: "data.20261121T085700Z",
      uuid: shown.uuid,
      parent_uuid: source.uuid,
      created_at: new Date(shown.createdAt * 1000).toISOString(),
    });
    assert.equal(shown.readOnly, true);
    assert.equal(readFileSync(join(evidence.path, "file.txt"), "utf8"), "content\n");
    assert.match(message ?? "", /data\.20261121T085700Z/);
    snapshotBtrfs.produces.parse(evidence);
  });

  it("never touches a name that is taken, whatever has it", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const snapshots = join(mount, "snapshots");
    const taken = join(snapshots, "data.20261121T085700Z");
    mkdirSync(taken, { recursive: true });
    writeFileSync(`${taken}_1`, "a file");
    symlinkSync("/nowhere", `${taken}_2`);
    createSubvolume(snapshots, "data.20261121T085700Z_3");
    const { evidence } = await snapshotBtrfs.run(options, contextFor(path, snapshots));
    assert.equal(evidence.name, "data.20261121T085700Z_4");
    assert.deepEqual(readdirSync(taken), []);
    assert.deepEqual(readdirSync(`${taken}_3`), ["file.txt"]);
    assert.equal(readdirSync(snapshots).length, 5);
  });

  it("many at once of one second each get a snapshot of their own and nothing more", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const snapshots = join(mount, "snapshots");
    const made = await Promise.all(
      Array.from({ length: 8 }, () => snapshotBtrfs.run(options, contextFor(path, snapshots))),
    );
    const names = made.map(({ evidence }) => evidence.name).sort();
    assert.equal(new Set(names).size, 8);
    assert.deepEqual(readdirSync(snapshots).sort(), names);
    for (const name of names) assert.deepEqual(readdirSync(join(snapshots, name)), ["file.txt"]);
  });

  it("takes paths with spaces, quotes, newlines and leading dashes as they are", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "-r 'a\" $(b)\nUUID: x");
    const { evidence } = await snapshotBtrfs.run(options, contextFor(path, join(mount, "-s  \n'\"")));
    assert.deepEqual(readdirSync(evidence.path), ["file.txt"]);
  });

  it("takes the top level of a filesystem and a mounted subvolume as well", async (t) => {
    const mount = mountBtrfs(t);
    const top = await snapshotBtrfs.run(options, contextFor(mount, join(mount, "snapshots")));
    assert.equal(top.evidence.name, "data.20261121T085700Z");
    createSubvolume(mount, "inner");
    // Gone with the mount that it is in.
    const other = join(mount, "elsewhere");
    mkdirSync(other);
    execFileSync("mount", ["--bind", join(mount, "inner"), other]);
    const inner = await snapshotBtrfs.run(options, contextFor(other, join(mount, "snapshots", "inner")));
    assert.deepEqual(readdirSync(inner.evidence.path), ["file.txt"]);
  });

  it("in a dry run only says what it would do", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const context = contextFor(path, join(mount, "snapshots"), { dryRun: true });
    const { evidence, message } = await snapshotBtrfs.run(options, context);
    assert.equal(evidence.path, join(mount, "snapshots", "data.20261121T085700Z"));
    assert.equal(evidence.uuid, null);
    assert.match(message ?? "", /would snapshot/);
    assert.deepEqual(readdirSync(mount), ["data"]);
  });

  it("cancelled half-way leaves at most a whole snapshot", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const controller = new AbortController();
    const cancelling: Execute = (call) => {
      if (call.argv.includes("snapshot")) controller.abort();
      return createExecute({ env: process.env, signal: controller.signal })(call);
    };
    const context = contextFor(path, join(mount, "snapshots"), { execute: cancelling, signal: controller.signal });
    await assert.rejects(snapshotBtrfs.run(options, context), { reason: "cancelled" });
    for (const name of readdirSync(join(mount, "snapshots"))) {
      assert.equal((await showSubvolume(execute, join(mount, "snapshots", name))).readOnly, true);
    }
  });

  describe("refuses, before and while it runs, with a reason of its own and a next step,", () => {
    const both = async (context: RunnerContext, reason: Reason, message: RegExp) => {
      await refused(snapshotBtrfs.check?.(options, context), reason, message);
      await refused(snapshotBtrfs.run(options, context), reason, message);
    };

    it("a name that the configuration does not have", async () => {
      await both(contextOf({}), "config", /no subvolume called data/);
    });

    it("a source that is not there", async (t) => {
      const mount = mountBtrfs(t);
      await both(contextFor(join(mount, "gone"), join(mount, "s")), "source", /gone is not there/);
    });

    it("a source that is not on Btrfs", async (t) => {
      const path = temporaryDirectory(t);
      await both(contextFor(path, join(path, "s")), "config", /not on Btrfs/);
    });

    it("a source that is a directory, not a subvolume", async (t) => {
      const mount = mountBtrfs(t);
      mkdirSync(join(mount, "directory"));
      await both(contextFor(join(mount, "directory"), join(mount, "s")), "config", /not a Btrfs subvolume/);
    });

    it("snapshots on another filesystem", async (t) => {
      const path = createSubvolume(mountBtrfs(t), "data");
      await both(contextFor(path, join(mountBtrfs(t), "snapshots")), "config", /snapshots is on \/dev\/loop/);
    });

    it("a filesystem that is read-only", async (t) => {
      const mount = mountBtrfs(t);
      const path = createSubvolume(mount, "data");
      execFileSync("mount", ["-o", "remount,ro", mount]);
      await both(contextFor(path, join(mount, "snapshots")), "source", /read-only/);
    });

    it("a missing btrfs", async (t) => {
      const mount = mountBtrfs(t);
      const path = createSubvolume(mount, "data");
      const missing: Execute = (call) =>
        execute({ ...call, argv: [`/nowhere/${call.argv[0]}`, ...call.argv.slice(1)] });
      await both(contextFor(path, join(mount, "s"), { execute: missing }), "tool_missing", /btrfs/);
    });

    it("a user without the privilege", async (t) => {
      const mount = mountBtrfs(t);
      chmodSync(dirname(mount), 0o755);
      const path = createSubvolume(mount, "data");
      await both(contextFor(path, join(mount, "s"), { execute: unprivileged }), "auth", /not permitted/);
    });
  });

  it("fails for lack of space when the filesystem is full", async (t) => {
    const mount = mountBtrfs(t, { mebibytes: 32, mkfs: ["--mixed"] });
    const path = createSubvolume(mount, "data");
    mkdirSync(join(mount, "snapshots"));
    assert.throws(() => writeFileSync(join(path, "large"), Buffer.alloc(64 * 1024 * 1024)), { code: "ENOSPC" });
    await refused(snapshotBtrfs.run(options, contextFor(path, join(mount, "snapshots"))), "space", /No space left/);
  });

  it("does not believe a tool that says it has made one and has not", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const lying: Execute = async (call) => {
      if (!call.argv.includes("snapshot")) return execute(call);
      const destination = call.argv.at(-1) ?? "";
      return execute({ argv: ["btrfs", "subvolume", "snapshot", path, destination] });
    };
    const context = contextFor(path, join(mount, "snapshots"), { execute: lying });
    await refused(snapshotBtrfs.run(options, context), "verification", /not read-only/);
    const idle: Execute = async (call) => execute(call.argv.includes("snapshot") ? { argv: ["true"] } : call);
    const context2 = contextFor(path, join(mount, "snapshots"), { execute: idle, timestamp: "x" });
    await refused(snapshotBtrfs.run(options, context2), "source", /cannot be examined/);
  });
});
