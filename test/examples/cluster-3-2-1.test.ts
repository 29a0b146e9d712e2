import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { needs, onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { createNamespace } from "../support/namespace.ts";
import { type RestServer, startRestServer } from "../support/rest-server.ts";
import { s3Client, startS3 } from "../support/s3.ts";
import { type PlacedExample, placeExample } from "./place.ts";

const components = needs("root", "restic", "rclone", "s3", "rest-server", "network namespaces");
const users = { q: "q-secret-of-the-hub", raishan: "r-secret-of-the-hub" };

/** The cluster of seed 004: a hub and a friend's server on machines of their own, a bucket, and clients. */
async function cluster(t: TestContext) {
  const hubFolder = join(temporaryDirectory(t), "restic-repos");
  mkdirSync(hubFolder);
  const hubServer = await startRestServer(t, { users, tls: true, namespace: createNamespace(t), folder: hubFolder });
  const peerServer = await startRestServer(t, {
    users: { q: "q-secret-of-the-peer" },
    tls: true,
    namespace: createNamespace(t),
  });
  const s3 = await startS3(t);
  await s3.createBucket("fort-backups");
  const place = (server: RestServer) => /\/\/(.*?)\//.exec(server.location(""))?.[1] ?? "";

  const client = (user: keyof typeof users): { readonly example: PlacedExample; readonly data: string } => {
    const root = temporaryDirectory(t);
    const data = join(root, "lib");
    mkdirSync(data);
    writeFileSync(join(data, "state"), `of ${user}\n`.repeat(1000));
    const certificate = hubServer.certificate ?? "";
    const example = placeExample(
      t,
      "cluster-3-2-1/client.yaml",
      {
        "host: q\n": `host: ${user}\n`,
        "backup.fort.example.org:8000/q": `${place(hubServer)}/${user}`,
        "backup.fort.example.org:8000": place(hubServer),
        "RESTIC_REST_USERNAME: q": `RESTIC_REST_USERNAME: ${user}`,
        "/etc/pantheros/hub.crt": certificate,
        "from: /var/lib": `from: ${data}`,
      },
      root,
    );
    example.secret("restic-password", `passphrase of ${user}`);
    example.secret("hub-password", users[user]);
    return { example, data };
  };

  const hub = placeExample(t, "cluster-3-2-1/hub.yaml", {
    "/var/lib/restic-repos": hubFolder,
    "peer.example.org:8000": place(peerServer),
    "https://s3.us-west-004.backblazeb2.com": s3.endpoint,
    "RESTIC_REST_USERNAME: q": `RESTIC_REST_USERNAME: q\n      RESTIC_CACERT: ${peerServer.certificate}`,
  });
  hub.secret("q-restic-password", "passphrase of q");
  hub.secret("raishan-restic-password", "passphrase of raishan");
  hub.secret("peer-password", "q-secret-of-the-peer");
  hub.secret("b2-key-id", s3.accessKeyId);
  hub.secret("b2-application-key", s3.secretAccessKey);
  return { client, hub, hubFolder, hubServer, peerServer, s3 };
}

const copies = (metrics: ReadonlyMap<string, number>) =>
  ["copies", "offsite_copies"].map((what) => metrics.get(`pantheros_objective_${what}{host="ursula",objective="q"}`));

describe("example cluster-3-2-1", { timeout: 290_000 }, () => {
  it(
    "clients push, the hub syncs to cloud and peer, and each copy counts by its own listing",
    components,
    async (t) => {
      const { client, hub, hubFolder, peerServer, s3 } = await cluster(t);
      const q = client("q");
      await q.example.succeed("system");
      await client("raishan").example.succeed("system");
      assert.deepEqual(readdirSync(hubFolder).sort(), ["q", "raishan"]);

      await hub.status();
      assert.deepEqual(copies(await hub.metrics()), [2, 0], "the client's disk and the hub");
      await hub.succeed("hub-cloud");
      await hub.succeed("hub-peer");
      const status = await hub.status();
      assert.deepEqual(status.problems, []);
      assert.deepEqual(
        status.backups.map(({ job, target, proof }) => [job, target, proof?.state]),
        [
          ["hub-cloud", "b2", "proven"],
          ["hub-peer", "q-peer", "proven"],
        ],
      );
      assert.deepEqual(copies(await hub.metrics()), [4, 2]);
      const media = (await hub.metrics()).get('pantheros_objective_media{host="ursula",objective="q"}');
      assert.equal(media, 4);

      await hub.succeed("hub-forget");
      await hub.succeed("hub-drill");
      const { drill } = await hub.evidence("hub-drill");
      assert.equal(drill?.["files"], 1);

      // The bucket itself restores, without pantheros: the copy is a repository.
      const target = temporaryDirectory(t);
      execFileSync(onPath("restic") ?? "", ["restore", "latest", "--no-lock", "--target", target], {
        env: {
          PATH: process.env["PATH"],
          RESTIC_REPOSITORY: `s3:${s3.endpoint}/fort-backups/q`,
          RESTIC_PASSWORD: "passphrase of q",
          RESTIC_CACHE_DIR: join(target, "cache"),
          AWS_ACCESS_KEY_ID: s3.accessKeyId,
          AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        },
        stdio: "pipe",
      });
      execFileSync("diff", ["-r", q.data, join(target, q.data)]);

      // What somebody removes from a copy is missed at the next look.
      rmSync(join(peerServer.folder, "q/snapshots"), { recursive: true });
      mkdirSync(join(peerServer.folder, "q/snapshots"));
      const bucket = s3Client(t, s3);
      for await (const { key } of bucket.listObjects({ bucket: "fort-backups", prefix: "q/snapshots/" }))
        await bucket.deleteObject({ bucket: "fort-backups", key });
      await hub.status();
      assert.deepEqual(copies(await hub.metrics()), [2, 0]);
    },
  );

  it("a client cannot remove what it has pushed, and reaches no other client's folder", components, async (t) => {
    const { client, hubServer } = await cluster(t);
    const { example } = client("q");
    await example.succeed("system");
    const restic = (user: keyof typeof users, folder: string, ...args: string[]) => {
      execFileSync(onPath("restic") ?? "", ["--cacert", hubServer.certificate ?? "", "--no-cache", ...args], {
        env: {
          PATH: process.env["PATH"],
          RESTIC_REPOSITORY: hubServer.location(folder, user),
          RESTIC_PASSWORD: "passphrase of q",
        },
        stdio: "pipe",
        timeout: 60_000,
      });
    };
    restic("q", "q/", "snapshots");
    assert.throws(() => restic("q", "q/", "forget", "latest"));
    assert.throws(() => restic("raishan", "q/", "snapshots", "--no-lock"));
  });

  it(
    "a host that is silent for two days shows by its own age, also when nobody pushes at all",
    components,
    async (t) => {
      const { client, hub } = await cluster(t);
      await client("q").example.succeed("system");
      await hub.status();
      const newest = (await hub.metrics()).get(
        'pantheros_repository_newest_snapshot_timestamp_seconds{host="ursula",repository="q",snapshot_host="q"}',
      );
      assert.ok(newest !== undefined && Math.abs(Date.now() / 1000 - newest) < 600);
      // No repository of raishan: declared, unreachable, and no objective is met by silence.
      assert.equal((await hub.metrics()).get('pantheros_repository_reachable{host="ursula",repository="raishan"}'), 0);
    },
  );

  it("a client away from the mesh is skipped with the reason, which refreshes nothing", components, async (t) => {
    const { client, hubServer } = await cluster(t);
    const { example } = client("q");
    await hubServer.stop();
    assert.equal((await example.run(["run", "system"])).code, 4);
    const [run] = await example.runs();
    assert.deepEqual([run?.outcome, run?.reason], ["skipped", "condition"]);
    assert.match(run?.message ?? "", /cannot be reached/);
    const metrics = await example.metrics();
    assert.equal(metrics.get('pantheros_job_last_success_timestamp_seconds{host="q",job="system"}'), undefined);
  });
});
