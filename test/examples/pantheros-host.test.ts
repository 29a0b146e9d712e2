import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { startS3 } from "../support/s3.ts";
import { privateSnapper } from "../support/snapper.ts";
import { placeExample } from "./place.ts";

const day = 86_400;

const facter = (name: string) => join(import.meta.dirname, "../fixtures/facter", `0.4.1/${name}.json`);

/** A read-only snapshot as pantheros names its own, so many days old. */
function olderSnapshot(subvolume: string, folder: string, name: string, daysAgo: number): void {
  const at = new Date(Date.now() - daysAgo * day * 1000).toISOString();
  const stamp = `${at.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", subvolume, join(folder, `${name}.${stamp}`)]);
}

describe("example pantheros-host: a workstation", { timeout: 240_000 }, () => {
  async function workstation(t: TestContext) {
    const pool = mountBtrfs(t);
    const root = createSubvolume(pool, "@");
    const home = createSubvolume(pool, "@home");
    const projects = createSubvolume(home, "dev");
    const snapshots = join(pool, "snapshots");
    for (const name of ["root", "home", "projects"]) mkdirSync(join(snapshots, name), { recursive: true });
    const server = await startS3(t);
    await server.createBucket("pantheros-backups");
    const example = placeExample(t, "pantheros-host/workstation.yaml", {
      "path: /,": `path: ${root},`,
      "path: /home,": `path: ${home},`,
      "path: /home/dev,": `path: ${projects},`,
      "/.snapshots/": `${snapshots}/`,
      "https://s3.us-west-004.backblazeb2.com": server.endpoint,
      // The machine of a test may run on its battery.
      "    only_if: { ac_power: true }\n": "",
      "/etc/nixos/facter.json": facter("dual-nvme"),
    });
    example.secret("b2-key-id", server.accessKeyId);
    example.secret("b2-application-key", server.secretAccessKey);
    return { example, home, snapshots, server };
  }

  it(
    "snapshots every subvolume, removes what 7 daily, 4 weekly and 12 monthly ones do not hold, and is found compliant",
    needs("root", "btrfs"),
    async (t) => {
      const { example, home, snapshots } = await workstation(t);
      for (let daysAgo = 1; daysAgo <= 20; daysAgo += 1) olderSnapshot(home, join(snapshots, "home"), "home", daysAgo);
      await example.succeed("snapshots");
      for (const name of ["root", "projects"]) assert.equal(readdirSync(join(snapshots, name)).length, 1);
      // The creation time of a snapshot counts, not what its name says: all of them were made today, so one day holds the newest, and the oldest stays
      // as long as a tier has places left, as with restic.
      assert.equal(readdirSync(join(snapshots, "home")).length, 2);
      const metrics = await example.status().then(() => example.metrics());
      for (const subject of ["root", "home", "projects"])
        assert.equal(
          metrics.get(
            `pantheros_retention_compliant{host="zephyrus",kind="subvolume",subject="${subject}",policy="laptop"}`,
          ),
          1,
        );
    },
  );

  it(
    "shows the snapshots of one subvolume, the disks, and why the layout is that of zephyrus",
    needs("root", "btrfs"),
    async (t) => {
      const { example } = await workstation(t);
      await example.succeed("snapshots");
      await example.status();
      const { stdout } = await example.run(["retention", "home"]);
      assert.match(stdout, /^subvolume home +kept, nothing owed +1 /m);
      assert.match(stdout, /daily weekly monthly +home\.\d{8}T\d{6}Z$/m);
      const disks = await example.run(["disks"]);
      assert.equal(disks.code, 0, disks.stdout);
      assert.match(disks.stdout, /has never been scrubbed\n +\S+ btrfs scrub start/);
      const audit = await example.run(["audit"]);
      assert.match(audit.stdout, /^profile zephyrus, hardware as in .*dual-nvme\.json\n> zephyrus fits: /);
      assert.equal(audit.code, 1, "this machine is laid out otherwise");
    },
  );

  it(
    "archives home in full, then what has changed, in a chain that is whole",
    needs("root", "btrfs", "s3", "zstd"),
    async (t) => {
      const { example, home, server } = await workstation(t);
      await example.succeed("archive");
      writeFileSync(join(home, "new"), "new\n");
      await example.succeed("archive");
      const keys = await server.keys("pantheros-backups");
      const month = new Date().toISOString().slice(0, 7).replace("-", "/");
      for (const key of keys) assert.ok(key.startsWith(`zephyrus/${month}/`), key);
      assert.equal(keys.filter((key) => key.endsWith(".zst")).length, 2);
      const { send } = await example.evidence("archive");
      assert.equal(send?.["mode"], "incremental");
      const { backups } = await example.status();
      assert.equal(backups.find(({ job }) => job === "archive")?.proof?.state, "proven");
    },
  );
});

describe("example pantheros-host: a server", { timeout: 120_000 }, () => {
  it(
    "lets snapper and btrbk make the snapshots, proves and judges them",
    needs("root", "btrfs", "snapper", "btrbk"),
    async (t) => {
      const pool = mountBtrfs(t);
      const root = createSubvolume(pool, "@");
      createSubvolume(root, ".snapshots");
      const databases = createSubvolume(pool, "@postgresql");
      const own = join(pool, "btrbk-snapshots");
      mkdirSync(own);
      const snapper = privateSnapper(t);
      snapper.declare("root", root, { TIMELINE_CREATE: "no", TIMELINE_CLEANUP: "yes", TIMELINE_LIMIT_DAILY: "30" });
      const btrbk = join(snapper.root, "etc/btrbk.conf");
      writeFileSync(
        btrbk,
        `timestamp_format long\nsnapshot_dir btrbk-snapshots\nsnapshot_preserve_min 2d\nsnapshot_preserve 30d 12w 12m\nvolume ${pool}\nsubvolume @postgresql\n`,
      );
      const example = placeExample(t, "pantheros-host/server.yaml", {
        "path: /,": `path: ${root},`,
        "path: /var/lib/postgresql,": `path: ${databases},`,
        "snapshots: /.snapshots,": `snapshots: ${join(root, ".snapshots")},`,
        "/var/lib/btrbk-snapshots": own,
        "config: /etc/btrbk/btrbk.conf": `config: ${btrbk}`,
      });
      const environment = { PATH: snapper.environment["PATH"] ?? "" };
      for (const job of ["system", "databases"]) {
        const { code, stdout, stderr } = await example.run(["run", job], { environment });
        assert.equal(code, 0, `${job}: ${stdout}${stderr}`);
      }
      assert.equal(readdirSync(own).length, 1);
      assert.match((await example.evidence("system"))["snap"]?.["path"] as string, /\.snapshots\/1\/snapshot$/);
      await example.status();
      const metrics = await example.metrics();
      for (const [job, target] of [
        ["system", "root"],
        ["databases", "postgresql"],
      ])
        assert.equal(metrics.get(`pantheros_job_proven{host="hetzner",job="${job}",target="${target}"}`), 1);
      assert.equal(metrics.get('pantheros_snapshots{host="hetzner",subvol="postgresql",type="all"}'), 1);
    },
  );
});
