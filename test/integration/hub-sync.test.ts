import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { forgetRestic } from "../../src/runners/forget-restic.ts";
import { hubSync } from "../../src/runners/hub-sync.ts";
import { resticInit } from "../../src/runners/restic-init.ts";
import { resticUnlock } from "../../src/runners/restic-unlock.ts";
import { verifyResticCheck } from "../../src/runners/verify-restic-check.ts";
import { needs, rclonePrograms, resticPrograms } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { rejectsWith } from "../support/failure.ts";
import { type HubStage, hubConfig, prepareHub } from "../support/hub-stage.ts";
import { startRestServer } from "../support/rest-server.ts";
import { runOn } from "../support/restic-runs.ts";
import { execute, stopWithLock } from "../support/restic-stage.ts";
import { startS3 } from "../support/s3.ts";

const users = { alice: "apple-tart", bob: "blackberry" };
const versions = needs("restic").skip ? [] : resticPrograms();

describe("a hub with real rest-server", {
  ...needs("restic", "several restics", "rest-server"),
  concurrency: 3,
}, () => {
  for (const { version, program } of versions) describe(version, { concurrency: 1 }, () => cases(program));
});

function cases(program: string) {
  it("gives its snapshots to a peer over TLS: created alike, copied, proved, and nothing twice", async (t) => {
    const hub = await startRestServer(t, { users, tls: true });
    const peer = await startRestServer(t, { users: { hub: "peer-secret" } });
    const stage = prepareHub(t, hub, program);
    const place = hub.location("alice/", "alice");
    stage.restic(place, "init");
    stage.backUp(place, "web1");
    stage.backUp(place, "web2");
    const config = hubConfig(stage, {
      alice: { repository: place, environment: { SSL_CERT_FILE: hub.certificate } },
      peer: { repository: peer.location("hub/alice/", "hub"), environment: { SSL_CERT_FILE: hub.certificate } },
    });
    const made = await runOn(t, resticInit, { config }, { repository: "peer", copy_chunker_params_from: "alice" });
    assert.equal(made.evidence.created, true);
    const again = await runOn(t, resticInit, { config }, { repository: "peer" });
    assert.deepEqual([again.evidence.created, again.evidence.repository_id], [false, made.evidence.repository_id]);

    const sync = { method: "restic", repository: "alice", into: "peer" };
    const dry = await runOn(t, hubSync, { config }, sync, { dryRun: true });
    assert.deepEqual([dry.evidence.missing, dry.evidence.copied], [2, 0]);
    const first = await runOn(t, hubSync, { config }, sync);
    const { repository, copied, missing, snapshots_source, snapshots_target } = first.evidence;
    assert.deepEqual([repository, copied, missing, snapshots_source, snapshots_target], ["peer", 2, 0, 2, 2]);
    const ids = stage.ids(peer.location("hub/alice/", "hub"));
    assert.ok(ids.includes(first.evidence.snapshot_id ?? ""), "the newest, as the peer numbers it");
    assert.ok(!stage.ids(place).includes(first.evidence.snapshot_id ?? ""));

    const second = await runOn(t, hubSync, { config }, sync);
    assert.equal(second.evidence.copied, 0);
    stage.backUp(place, "web1");
    const third = await runOn(t, hubSync, { config }, { ...sync, hosts: ["web1"] });
    assert.deepEqual(
      [third.evidence.copied, third.evidence.snapshots_source, third.evidence.snapshots_target],
      [1, 2, 3],
    );
    stage.restic(peer.location("hub/alice/", "hub"), "check", "--read-data");
  });

  it("lets nobody forget what is on it: append-only is config, and says where to do it", async (t) => {
    const hub = await startRestServer(t, { users });
    const stage = prepareHub(t, hub, program);
    const place = hub.location("bob/", "bob");
    stage.restic(place, "init");
    stage.backUp(place, "hub");
    stage.backUp(place, "hub");
    const config = hubConfig(stage, { bob: { repository: place }, folder: { repository: join(hub.folder, "bob") } });
    const keep = { keep: { last: 1 } };
    const error = await rejectsWith(
      runOn(t, forgetRestic, { config }, { repository: "bob", ...keep }),
      "config",
      /403/,
    );
    assert.match(error.details.advice ?? "", /where the repository lives/);
    assert.doesNotMatch(JSON.stringify([error.message, error.details.tail]), /blackberry/);
    assert.equal(stage.ids(place).length, 2);
    const local = await runOn(t, forgetRestic, { config }, { repository: "folder", ...keep });
    assert.equal(local.evidence.removed.length, 1);
    assert.equal(stage.ids(place).length, 1);
  });

  it("lets a user into no repository but the own one, and refuses wrong passwords, as auth", async (t) => {
    const hub = await startRestServer(t, { users });
    const stage = prepareHub(t, hub, program);
    stage.restic(hub.location("bob/", "bob"), "init");
    const config = hubConfig(stage, {
      foreign: { repository: hub.location("bob/", "alice") },
      wrong: { repository: hub.location("bob/", "bob").replace("blackberry", "raspberry") },
    });
    for (const repository of ["foreign", "wrong"]) {
      const error = await rejectsWith(runOn(t, resticInit, { config }, { repository }), "auth", /40[13]/);
      assert.doesNotMatch(JSON.stringify([error.message, error.details]), /apple-tart|raspberry/);
    }
  });

  it("has a lock whose holder is gone removed over HTTP, append-only or not", async (t) => {
    const hub = await startRestServer(t);
    const stage = prepareHub(t, hub, program);
    const place = hub.location("shared/");
    stage.restic(place, "init");
    const config = hubConfig(stage, { shared: { repository: place } });
    const locks = () => readdirSync(join(hub.folder, "shared", "locks"));
    const sees = () => locks().some((file) => /^[0-9a-f]{64}$/.test(file));
    const holder = await stopWithLock(t, [program, "backup", "--stdin"], sees, {
      RESTIC_REPOSITORY: place,
      RESTIC_CACHE_DIR: join(stage.base, "cache"),
    });
    const alive = await runOn(t, resticUnlock, { config }, { repository: "shared" });
    assert.deepEqual([alive.evidence.removed.length, alive.evidence.kept.length, locks().length], [0, 1, 1]);
    await holder.kill();
    const { evidence } = await runOn(t, resticUnlock, { config }, { repository: "shared" });
    assert.deepEqual([evidence.removed.length, evidence.kept.length, locks().length], [1, 0, 0]);
  });
}

describe("the files of a hub", { ...needs("restic", "rest-server", "rclone", "s3"), concurrency: 2 }, () => {
  for (const { version, program } of needs("rclone").skip ? [] : rclonePrograms()) {
    describe(`by rclone ${version}`, { concurrency: 1 }, () => fileCases(program));
  }
});

function fileCases(rclone: string) {
  const program = versions.at(-1)?.program ?? "restic";
  const passRclone = { execute: withRclone(rclone) };

  async function prepare(t: Parameters<typeof startRestServer>[0]): Promise<HubStage> {
    const server = await startRestServer(t, { users });
    const stage = prepareHub(t as never, server, program);
    for (const [user, host] of [
      ["alice", "web1"],
      ["bob", "web2"],
    ] as const) {
      stage.restic(server.location(`${user}/`, user), "init");
      stage.backUp(server.location(`${user}/`, user), host);
    }
    return stage;
  }

  it("goes to S3 whole: all private repositories, each of them a repository there", async (t) => {
    const stage = await prepare(t);
    const s3 = await startS3(t);
    await s3.createBucket("offsite");
    const key = { environment: "KEY" };
    const config = hubConfig(
      stage,
      {
        copy: {
          repository: `s3:${s3.endpoint}/offsite/backups/hub/alice`,
          environment: { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_DEFAULT_REGION: "us-east-1" },
        },
      },
      {
        cloud: {
          type: "s3",
          endpoint: s3.endpoint,
          bucket: "offsite",
          prefix: "backups",
          access_key_id: key,
          secret_access_key: key,
        },
      },
    );
    const sync = { method: "rclone", hub: stage.server.folder, to: "cloud", prefix: "hub" };
    const dry = await runOn(t, hubSync, { config }, sync, { ...passRclone, dryRun: true });
    assert.deepEqual([dry.evidence.missing, dry.evidence.snapshots_target, await s3.keys("offsite")], [2, 0, []]);

    const { evidence } = await runOn(t, hubSync, { config }, sync, passRclone);
    assert.deepEqual(evidence.repositories, ["alice", "bob"]);
    assert.deepEqual([evidence.destination, evidence.prefix], ["cloud", "backups/hub"]);
    assert.deepEqual([evidence.snapshots_source, evidence.snapshots_target, evidence.missing], [2, 2, 0]);
    const keys = await s3.keys("offsite");
    assert.equal(keys.length, evidence.files);
    assert.ok(keys.every((name) => /^backups\/hub\/(?:alice|bob)\/(?:config$|keys|data|index|snapshots)/.test(name)));
    const copy = await runOn(t, verifyResticCheck, { config }, { repository: "copy", parts: 1 });
    assert.ok(copy.evidence.packs_read > 0, "what lies in S3 is a repository, and all of it can be read");

    const again = await runOn(t, hubSync, { config }, sync, passRclone);
    assert.deepEqual([again.evidence.bytes_copied, again.evidence.files], [0, evidence.files]);
  });

  it("goes to a folder from which restic restores, and what is new follows", async (t) => {
    const stage = await prepare(t);
    const peer = temporaryDirectory(t);
    const config = hubConfig(stage, {}, { peer: { type: "local", path: peer } });
    const sync = { method: "rclone", hub: stage.server.folder, repositories: ["alice"], to: "peer" };
    await runOn(t, hubSync, { config }, sync, passRclone);
    const place = stage.server.location("alice/", "alice");
    stage.backUp(place, "web1");
    const { evidence } = await runOn(t, hubSync, { config }, sync, passRclone);
    assert.deepEqual([evidence.snapshots_source, evidence.snapshots_target], [2, 2]);
    assert.deepEqual(stage.ids(join(peer, "alice")), stage.ids(place));
    stage.restic(join(peer, "alice"), "check", "--read-data");
    assert.ok(!readdirSync(peer).includes("bob"));
  });

  it("keeps what the hub has lost, and with remove takes out what was pruned there, in order", async (t) => {
    const stage = await prepare(t);
    const peer = temporaryDirectory(t);
    const folder = join(stage.server.folder, "alice");
    stage.backUp(stage.server.location("alice/", "alice"), "web1");
    const config = hubConfig(stage, {}, { peer: { type: "local", path: peer } });
    const sync = { method: "rclone", hub: folder, to: "peer" };
    await runOn(t, hubSync, { config }, sync, passRclone);
    stage.restic(folder, "forget", "--keep-last=1", "--prune", "--quiet");
    const kept = await runOn(t, hubSync, { config }, sync, passRclone);
    assert.deepEqual([kept.evidence.snapshots_source, kept.evidence.snapshots_target], [1, 2]);
    stage.restic(peer, "check", "--read-data");

    const removed = await runOn(t, hubSync, { config }, { ...sync, remove: true }, passRclone);
    assert.ok((removed.evidence.files_removed ?? 0) > 0);
    assert.deepEqual([removed.evidence.snapshots_source, removed.evidence.snapshots_target], [1, 1]);
    stage.restic(peer, "check", "--read-data");
    assert.deepEqual(stage.ids(peer), stage.ids(folder));

    for (const name of readdirSync(join(folder, "snapshots"))) rmSync(join(folder, "snapshots", name));
    await rejectsWith(
      runOn(t, hubSync, { config }, { ...sync, remove: true }, passRclone),
      "empty_artifact",
      /no snapshots/,
    );
    assert.equal(stage.ids(peer).length, 1);
  });

  it("waits for who has the hub to itself, and copies the other repositories all the same", async (t) => {
    const stage = await prepare(t);
    const peer = temporaryDirectory(t);
    const folder = join(stage.server.folder, "alice");
    const config = hubConfig(stage, { alice: { repository: folder } }, { peer: { type: "local", path: peer } });
    // What holds the lock is none of this test's business: there is one, and restic says that it is exclusive.
    writeFileSync(join(folder, "locks", "0".repeat(64)), "x");
    const real = withRclone(rclone);
    const lock = { time: new Date().toISOString(), exclusive: true, hostname: "elsewhere", pid: 7 };
    const fake: typeof real = async (call) => {
      const answer = (stdout: string) => ({
        argv: call.argv,
        exitCode: 0,
        signal: null,
        stdout,
        stderr: "",
        durationSeconds: 0,
      });
      if (call.argv[1] === "cat") return answer(JSON.stringify(lock));
      return await real(call);
    };
    const sync = { method: "rclone", hub: stage.server.folder, to: "peer" };
    const error = await rejectsWith(
      runOn(t, hubSync, { config }, sync, { execute: fake }),
      "repository_locked",
      /process 7 of elsewhere/,
    );
    assert.deepEqual(error.details.evidence?.["repositories"], ["bob"]);
    assert.deepEqual(readdirSync(peer), ["bob"]);
  });

  it("is repository_locked when files vanish while they are copied, and leaves no half copy", async (t) => {
    const stage = await prepare(t);
    const peer = temporaryDirectory(t);
    const folder = join(stage.server.folder, "alice");
    const config = hubConfig(stage, {}, { peer: { type: "local", path: peer } });
    const real = withRclone(rclone);
    let calls = 0;
    const pruning: typeof real = async (call) => {
      calls += 1;
      // Between keys and data.
      if (calls === 2) renameSync(join(folder, "data"), join(folder, "pruned"));
      if (calls === 2) mkdirSync(join(folder, "data"));
      return await real(call);
    };
    const sync = { method: "rclone", hub: folder, to: "peer" };
    await rejectsWith(
      runOn(t, hubSync, { config }, sync, { execute: pruning }),
      "repository_locked",
      /were removed while/,
    );
    assert.ok(!readdirSync(peer).includes("snapshots"), "nothing that looks whole");
  });

  it("says what is not there", async (t) => {
    const stage = await prepare(t);
    const peer = temporaryDirectory(t);
    const config = hubConfig(
      stage,
      {},
      { peer: { type: "local", path: join(peer, "unmounted") }, here: { type: "local", path: peer } },
    );
    const sync = { method: "rclone", hub: stage.server.folder, to: "here" };
    const carol = { ...sync, repositories: ["carol"] };
    const error = await rejectsWith(
      runOn(t, hubSync, { config }, carol, passRclone),
      "repository_missing",
      /called carol/,
    );
    assert.match(error.details.advice ?? "", /there are: alice, bob/);
    await rejectsWith(
      runOn(t, hubSync, { config }, { ...sync, hub: peer }, passRclone),
      "repository_missing",
      /no restic repository/,
    );
    await rejectsWith(runOn(t, hubSync, { config }, { ...sync, to: "peer" }, passRclone), "config", /is not there/);
    writeFileSync(join(stage.server.folder, "alice", "data", "00", "half-tmp-1"), "x");
    const { evidence } = await runOn(t, hubSync, { config }, sync, passRclone);
    assert.equal(evidence.repositories?.length, 2);
    assert.deepEqual(readdirSync(join(peer, "alice", "data")).includes("half-tmp-1"), false);
  });
}

/** Real programs, but the rclone of our choice. */
function withRclone(program: string) {
  const real = execute();
  const withOwn: typeof real = (call) =>
    real(call.argv[0] === "rclone" ? { ...call, argv: [program, ...call.argv.slice(1)] } : call);
  return withOwn;
}
