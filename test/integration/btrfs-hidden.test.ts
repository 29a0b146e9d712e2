import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

describe("a Btrfs of which /sys does not tell, as in many containers", needs("root", "btrfs"), () => {
  it("is not taken for well: what nobody can see is unknown", (t) => {
    const mountPoint = mountBtrfs(t);
    const path = createSubvolume(mountPoint, "home");
    execFileSync("mkdir", ["-p", join(mountPoint, "snapshots")]);
    const config = join(mountPoint, "pantheros.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        host: "contained",
        state_directory: join(mountPoint, "state"),
        subvolumes: { home: { path, snapshots: join(mountPoint, "snapshots") } },
      }),
    );
    const look = (...words: readonly string[]) => {
      const hidden = 'mount -t tmpfs tmpfs /sys/fs/btrfs && exec "$@"';
      const argv = ["--mount", "sh", "-c", hidden, "sh", process.execPath, main, ...words, "--config", config];
      return spawnSync("unshare", argv, { encoding: "utf8", timeout: 30_000 });
    };
    const disks = look("disks");
    assert.equal(disks.status, 3, disks.stderr);
    assert.match(disks.stdout, /What is not known:\n.*health: .*\/sys\/fs\/btrfs/);
    const doctor = look("doctor", "--json");
    const { state, found } = JSON.parse(doctor.stdout).find(({ what }: { what: string }) => what === mountPoint);
    assert.equal(state, "warning");
    assert.match(found, /\/sys\/fs\/btrfs/);
  });
});
