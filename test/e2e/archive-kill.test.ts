import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { collect } from "../support/collect.ts";
import { startPantheros } from "../support/command.ts";
import { needs } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { s3Client, startS3 } from "../support/s3.ts";
import { createHost, jobOf } from "./host.ts";

const bucket = "archives";

/** A subvolume that takes a while to send, and a bucket. */
async function stage(t: TestContext) {
  const host = createHost(t);
  const pool = mountBtrfs(t);
  const path = createSubvolume(pool, "data");
  const snapshots = join(pool, "snapshots");
  mkdirSync(snapshots);
  for (let file = 0; file < 12; file += 1) writeFileSync(join(path, `noise-${file}`), randomBytes(10 * 1024 * 1024));
  const server = await startS3(t);
  await server.createBucket(bucket);
  host.configure({
    subvolumes: { data: { path, snapshots } },
    destinations: {
      offsite: {
        type: "s3",
        endpoint: server.endpoint,
        bucket,
        access_key_id: { file: host.secret("id", server.accessKeyId) },
        secret_access_key: { file: host.secret("key", server.secretAccessKey) },
      },
    },
    jobs: {
      test: jobOf([
        { id: "snap", uses: "snapshot.btrfs", subvolume: "data" },
        { id: "send", uses: "archive.btrfs-send", snapshot: "${snap.path}", to: "offsite" },
      ]),
    },
  });
  const s3 = s3Client(t, server);
  return { host, server, uploads: () => collect(s3.listUploads({ bucket })) };
}

describe("an archive that is killed while it is sent", { timeout: 240_000 }, () => {
  it(
    "leaves no object that looks whole; reconciliation takes its parts away, and the next run archives",
    needs("root", "btrfs", "s3", "zstd"),
    async (t) => {
      const { host, server, uploads } = await stage(t);
      const run = startPantheros(t, host.config, ["run", "test", "--json"], { seconds: 120 });
      await eventually("the upload in parts to begin", async () => (await uploads()).length > 0);
      run.kill("SIGKILL");
      await run.ended;
      assert.equal((await uploads()).length, 1, "the parts are there: nobody could take them away");
      assert.deepEqual(await server.keys(bucket), []);
      assert.equal(host.query("SELECT * FROM leftovers").length, 1);

      assert.equal((await host.run(["reconcile"])).code, 0);
      assert.deepEqual(await uploads(), []);
      assert.deepEqual(await server.keys(bucket), []);
      assert.deepEqual(host.query("SELECT * FROM leftovers"), []);
      const [killed] = await host.runs();
      assert.deepEqual([killed?.outcome, killed?.reason], ["failed", "killed"]);

      assert.equal((await host.run(["run", "test"], { seconds: 120 })).code, 0);
      const keys = await server.keys(bucket);
      assert.deepEqual(
        keys.map((key) => key.replace(/^.*\.btrfs/, "")),
        [".zst", ".zst.json"],
      );
    },
  );

  it(
    "while the server is down its parts stay journaled, and are taken away once it is back",
    needs("root", "btrfs", "s3", "zstd"),
    async (t) => {
      const { host, uploads } = await stage(t);
      const run = startPantheros(t, host.config, ["run", "test", "--json"], { seconds: 120 });
      await eventually("the upload in parts to begin", async () => (await uploads()).length > 0);
      run.kill("SIGKILL");
      await run.ended;
      // Without the key nobody can reach the bucket, as little as while it is down.
      const { stderr } = await host.run(["reconcile"], { without: [join(host.root, "key")] });
      assert.match(stderr, /what run .* left behind could not be removed/);
      assert.equal((await uploads()).length, 1);
      assert.equal(host.query("SELECT * FROM leftovers").length, 1);
      assert.equal((await host.run(["reconcile"])).code, 0);
      assert.deepEqual(await uploads(), []);
      assert.deepEqual(host.query("SELECT * FROM leftovers"), []);
    },
  );
});
