import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { pruneSnapshots } from "../../src/runners/prune-snapshots.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { contextOf } from "../support/runner-context.ts";

const snapshot = (source: string, path: string, ...more: string[]) =>
  execFileSync("btrfs", ["-q", "subvolume", "snapshot", ...more, "--", source, path]);

function prune(mount: string, more: Partial<RunnerContext> = {}, all = true) {
  const options = pruneSnapshots.options.parse({ subvolume: "data", keep: { last: 2 }, all });
  const subvolumes = { data: { path: join(mount, "data"), snapshots: join(mount, "snapshots") } };
  return pruneSnapshots.run(options, contextOf({ subvolumes }, more));
}

describe("prune.snapshots on real Btrfs", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  it("leaves what others made in the same directory, and does not count on it", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const snapshots = join(mount, "snapshots");
    mkdirSync(snapshots);
    const own = ["data.20261119T000000Z", "data.20261120T000000Z", "data.20261120T000000Z_1"];
    for (const name of ["before-dist-upgrade", ...own, "data.20261121T1030"])
      snapshot(path, join(snapshots, name), "-r");
    const { evidence } = await prune(mount, {}, false);
    assert.deepEqual(evidence.removed, ["data.20261119T000000Z"]);
    assert.deepEqual(evidence.spared, [
      { name: "before-dist-upgrade", why: "not made by pantheros" },
      { name: "data.20261121T1030", why: "not made by pantheros" },
    ]);
    assert.deepEqual(readdirSync(snapshots).sort(), ["before-dist-upgrade", ...own.slice(1), "data.20261121T1030"]);
  });

  it("removes with all only read-only snapshots of its subvolume in its directory, with any name", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    const other = createSubvolume(mount, "other");
    const snapshots = join(mount, "snapshots");
    mkdirSync(join(snapshots, "deeper"), { recursive: true });
    for (const name of ["-a", "b c", "d\ne", "newer", "newest"]) snapshot(path, join(snapshots, name), "-r");
    snapshot(path, join(snapshots, "writable"));
    snapshot(path, join(snapshots, "deeper", "nested"), "-r");
    snapshot(other, join(snapshots, "of other"), "-r");
    snapshot(path, join(mount, "elsewhere"), "-r");
    const { evidence, outcome } = await prune(mount);
    assert.deepEqual(evidence.removed, ["d\ne", "b c", "-a"]);
    assert.deepEqual(
      evidence.kept.map(({ name }) => name),
      ["newest", "newer"],
    );
    assert.deepEqual(
      evidence.spared.map(({ name }) => name),
      ["writable"],
    );
    assert.equal(outcome, undefined);
    assert.deepEqual(readdirSync(snapshots).sort(), ["deeper", "newer", "newest", "of other", "writable"]);
    assert.deepEqual(readdirSync(join(mount, "elsewhere")), ["file.txt"]);
  });

  it("is partial and says why where removing is not permitted", async (t) => {
    const mount = mountBtrfs(t);
    chmodSync(dirname(mount), 0o755);
    const path = createSubvolume(mount, "data");
    mkdirSync(join(mount, "snapshots"));
    for (const name of ["a", "b", "c"]) snapshot(path, join(mount, "snapshots", name), "-r");
    const execute = createExecute({ env: process.env });
    const unprivileged = ["setpriv", "--reuid", "65534", "--clear-groups"] as const;
    const notAllowed: Execute = ({ argv, ...call }) =>
      execute({ ...call, argv: argv.includes("delete") ? [...unprivileged, ...argv] : argv });
    const { evidence, outcome, reason } = await prune(mount, { execute: notAllowed });
    assert.deepEqual([outcome, reason, evidence.removed], ["partial", "auth", []]);
    assert.deepEqual(readdirSync(join(mount, "snapshots")), ["a", "b", "c"]);
  });

  it("two at once remove each snapshot once and both succeed", async (t) => {
    const mount = mountBtrfs(t);
    const path = createSubvolume(mount, "data");
    mkdirSync(join(mount, "snapshots"));
    for (let n = 0; n < 12; n += 1) snapshot(path, join(mount, "snapshots", `${n}`), "-r");
    const both = await Promise.all([prune(mount), prune(mount)]);
    assert.deepEqual(readdirSync(join(mount, "snapshots")).sort(), ["10", "11"]);
    const removed = both.flatMap(({ evidence }) => evidence.removed);
    assert.equal(new Set(removed).size, removed.length);
    assert.deepEqual(
      both.map(({ outcome }) => outcome),
      [undefined, undefined],
    );
  });
});
