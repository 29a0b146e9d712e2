import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { snapshotSizes as collector } from "../../src/collectors/snapshot-sizes.ts";
import { snapshots } from "../../src/collectors/snapshots.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { collectorContextOf } from "../support/collector-context.ts";
import { needs } from "../support/components.ts";

const mebibyte = 2 ** 20;
const btrfs = (...args: string[]) => execFileSync("btrfs", args, { stdio: "pipe", encoding: "utf8" });

/** A subvolume whose three snapshots hold one, two and three mebibytes alone. */
function stage(t: TestContext, snapshotSizes?: string) {
  const mount = mountBtrfs(t);
  const data = createSubvolume(mount, "data");
  const directory = join(mount, "snapshots");
  mkdirSync(directory);
  const sync = () => btrfs("filesystem", "sync", mount);
  const fill = () => {
    for (const [index, size] of [1, 2, 3].entries()) {
      writeFileSync(join(data, "changing"), Buffer.alloc(size * mebibyte, `${index} content `));
      sync();
      btrfs("-q", "subvolume", "snapshot", "-r", data, join(directory, `${index}`));
    }
    writeFileSync(join(data, "changing"), "small");
    sync();
  };
  const subvolumes = {
    data: {
      path: data,
      snapshots: directory,
      ...(snapshotSizes === undefined ? {} : { snapshot_sizes: snapshotSizes }),
    },
  };
  const collect = async () => {
    const context = collectorContextOf({ subvolumes });
    const { samples, artifacts = [] } = await snapshots.collect(context);
    const ledger = { observations: () => [{ collector: "snapshots", samples, artifacts }] };
    const calls: string[] = [];
    const counting: CollectorContext["execute"] = (call) => {
      calls.push(call.argv.join(" "));
      return context.execute(call);
    };
    const found = await collector.collect({ ...context, ledger, execute: counting } as unknown as CollectorContext);
    const size = found.samples.find(({ metric }) => metric === "snapshotSize");
    return { size: size?.value, problems: found.problems, calls };
  };
  return { mount, directory, fill, collect };
}

describe("the sizes of snapshots", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  it("come from quotas where they are on", async (t) => {
    const { mount, fill, collect } = stage(t);
    btrfs("quota", "enable", mount);
    btrfs("quota", "rescan", "-w", mount);
    fill();
    const { size, problems } = await collect();
    const shown = btrfs("qgroup", "show", "--raw", mount);
    const exclusive = [...shown.matchAll(/^0\/\d+ +\d+ +(\d+) +snapshots\//gm)].map(([, bytes]) => Number(bytes));
    assert.equal(exclusive.length, 3);
    assert.deepEqual([size, problems], [exclusive.reduce((sum, bytes) => sum + bytes, 0), []]);
    assert.ok((size ?? 0) > 6 * mebibyte && (size ?? 0) < 7 * mebibyte);
  });

  it("are unknown where quotas are off, nothing is asked, and quotas stay off", async (t) => {
    const { mount, fill, collect } = stage(t);
    fill();
    assert.deepEqual(await collect(), { size: undefined, problems: [], calls: [] });
    assert.throws(() => btrfs("qgroup", "show", mount), /not enabled|can't list/);
  });

  it("are unknown where quotas are simple: those charge who wrote first", async (t) => {
    const { mount, fill, collect } = stage(t);
    enableSimpleQuotas(mount);
    fill();
    assert.deepEqual(await collect(), { size: undefined, problems: [], calls: [] });
  });

  it("are measured where the configuration asks for it", async (t) => {
    const { fill, collect, directory } = stage(t, "du");
    fill();
    const { size, problems, calls } = await collect();
    assert.deepEqual(problems, []);
    const alone = ["0", "1", "2"].map((name) => {
      return Number(
        btrfs("filesystem", "du", "-s", "--raw", join(directory, name)).split("\n")[1]?.trim().split(/ +/)[1],
      );
    });
    assert.equal(
      size,
      alone.reduce((sum, bytes) => sum + bytes, 0),
    );
    assert.equal(size, 6 * mebibyte);
    assert.equal(calls.length, 3);
  });

  it("of a subvolume without snapshots is nothing, where sizes are known at all", async (t) => {
    assert.equal((await stage(t, "du").collect()).size, 0);
    assert.equal((await stage(t, "off").collect()).size, undefined);
  });
});

/** btrfs-progs 6.2 cannot: BTRFS_IOC_QUOTA_CTL with BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA (linux/btrfs.h), kernel 6.7. */
function enableSimpleQuotas(mount: string): void {
  const script = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0xC0109428, bytearray(struct.pack("QQ", 4, 0)))
`;
  execFileSync("python3", ["-c", script, mount], { stdio: "pipe", cwd: "/" });
}
