import assert from "node:assert/strict";
import { mkdirSync, realpathSync, statfsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import {
  locate,
  locateNearest,
  type Mount,
  parseMountinfo,
  pathThrough,
  usageOf,
} from "../../../src/tools/files/filesystem.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const mountinfo = `22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
43 27 0:39 / /mnt/btrfs rw,noatime - btrfs /dev/mapper/data rw,subvolid=5,subvol=/
45 27 0:39 /@home /home\\040of\\011all\\134 rw,relatime shared:7 master:1 - btrfs /dev/mapper/data rw,subvolid=256,subvol=/@home
46 27 0:40 / /proc/ro ro,relatime - tmpfs tmpfs rw
47 27 0:41 / /iso rw - iso9660 /dev/sr0 ro
garbage
`;

const mountOf = (root: string, mountPoint: string): Mount => ({
  id: 1,
  device: "0:39",
  root,
  mountPoint,
  type: "btrfs",
  source: "/dev/x",
  readOnly: false,
  subvolumeId: 5,
  filesystemOptions: "rw",
});

describe("the mount table", () => {
  it("is read with its escapes, optional fields and read-only mounts and filesystems", () => {
    const mounts = parseMountinfo(mountinfo);
    assert.deepEqual(
      mounts.map(({ device, root, mountPoint, type, readOnly }) => [device, root, mountPoint, type, readOnly]),
      [
        ["259:2", "/", "/", "ext4", false],
        ["0:39", "/", "/mnt/btrfs", "btrfs", false],
        ["0:39", "/@home", "/home of\tall\\", "btrfs", false],
        ["0:40", "/", "/proc/ro", "tmpfs", true],
        ["0:41", "/", "/iso", "iso9660", true],
      ],
    );
    assert.equal(mounts[2]?.source, "/dev/mapper/data");
    assert.deepEqual(
      mounts.map(({ subvolumeId }) => subvolumeId),
      [0, 5, 256, 0, 0],
    );
  });
});

describe("a path of a filesystem through one of its mounts", () => {
  it("starts at the mount point where the mount holds it", () => {
    assert.equal(pathThrough(mountOf("/", "/mnt"), "@home/a"), "/mnt/@home/a");
    assert.equal(pathThrough(mountOf("/@home", "/home"), "@home/a/b"), "/home/a/b");
    assert.equal(pathThrough(mountOf("/@home", "/home"), "@home"), "/home");
    assert.equal(pathThrough(mountOf("/", "/"), "a"), "/a");
  });

  it("is null where the mount does not hold it", () => {
    assert.equal(pathThrough(mountOf("/@home", "/home"), "@home2/a"), null);
    assert.equal(pathThrough(mountOf("/@home", "/home"), ""), null);
  });
});

describe("where a path is", () => {
  it("is told through symbolic links, from the top level of its filesystem", async (t) => {
    const base = realpathSync(temporaryDirectory(t));
    mkdirSync(join(base, "real dir"));
    symlinkSync(join(base, "real dir"), join(base, "link"));
    const { path, pathInFilesystem, mount } = await locate(join(base, "link"));
    assert.equal(path, join(base, "real dir"));
    assert.equal(pathThrough(mount, pathInFilesystem), path);
  });

  it("of a mount point is its root", async () => {
    const { mount, pathInFilesystem } = await locate("/proc");
    assert.deepEqual([mount.type, mount.mountPoint, pathInFilesystem], ["proc", "/proc", ""]);
  });

  it("that does not exist is a failure of the source, unless the nearest above it will do", async (t) => {
    const base = realpathSync(temporaryDirectory(t));
    await assert.rejects(locate(join(base, "a")), (error) => error instanceof StepError && error.reason === "source");
    const nearest = await locateNearest(join(base, "a/b/c"));
    assert.deepEqual([nearest.exists, nearest.place.path], [false, base]);
    assert.equal((await locateNearest(base)).exists, true);
  });

  it("gives its usage as statfs counts it", async (t) => {
    const base = temporaryDirectory(t);
    const { blocks, bsize } = statfsSync(base);
    const { sizeBytes, usedBytes, availableBytes } = await usageOf(base);
    assert.equal(sizeBytes, blocks * bsize);
    assert.ok(usedBytes > 0 && usedBytes + availableBytes <= sizeBytes);
  });
});
