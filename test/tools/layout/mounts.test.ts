import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseLayoutMounts } from "../../../src/tools/layout/mounts.ts";

const table = String.raw`27 1 0:26 /@ / rw,noatime shared:1 - btrfs /dev/sda2 rw,compress=zstd:3,space_cache=v2,subvolid=256,subvol=/@
30 27 0:26 /@home /home rw,relatime shared:2 - btrfs /dev/sda2 rw,compress=zstd:3,space_cache=v2,subvolid=257,subvol=/@home
31 27 0:26 /@a\040b /homework rw - btrfs /dev/sda2 rw,subvol=/@a\040b
32 30 0:30 / /home/x rw,nosuid - tmpfs tmpfs rw,size=1k
`;

describe("the mounts of a layout", () => {
  it("tell the options of a mount from those of its filesystem", () => {
    const [, home] = parseLayoutMounts(table, "/");
    assert.deepEqual(home?.seen, {
      mountPoint: "/home",
      filesystem: "0:26",
      type: "btrfs",
      source: "/dev/sda2",
      subvolume: "@home",
      options: ["rw", "relatime"],
      filesystemOptions: ["rw", "compress=zstd:3", "space_cache=v2", "subvolid=257", "subvol=/@home"],
    });
  });

  it("are those at a directory and below it, not those beside it", () => {
    const below = (root: string) => parseLayoutMounts(table, root).map(({ seen }) => seen.mountPoint);
    assert.deepEqual(below("/home"), ["/home", "/home/x"]);
    assert.deepEqual(below("/"), ["/", "/home", "/homework", "/home/x"]);
    assert.equal(parseLayoutMounts(table, "/homework")[0]?.seen.subvolume, "@a b");
  });

  it("are none in a table of garbage", () => {
    assert.deepEqual(parseLayoutMounts("garbage\n - \n1 2 3\n", "/"), []);
  });
});
