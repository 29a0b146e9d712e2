import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs } from "../support/components.ts";
import { s3Client, startS3 } from "../support/s3.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";

/** What the status says of the one backup of the host. */
async function proof(host: TestHost, { look = true } = {}) {
  if (look) await host.run(["collect"]);
  const { stdout } = await host.run(["status", "--json"]);
  return JSON.parse(stdout).backups[0].proof as { state: string; why: string };
}

async function metric(host: TestHost): Promise<readonly string[]> {
  const { stdout } = await host.run(["metrics"]);
  return stdout.split("\n").filter((line) => line.startsWith("pantheros_job_pro"));
}

describe("what a job says and what can be seen", { timeout: 120_000 }, () => {
  it("folder: a backup is unproven until somebody looks, proven then, and disagrees when a file is gone", async (t) => {
    const host = createHost(t);
    const from = host.folder("letters");
    writeFileSync(join(from, "second"), "2");
    const path = join(host.root, "copies");
    mkdirSync(path);
    host.configure({
      destinations: { shelf: { type: "local", path } },
      jobs: { test: jobOf([{ uses: "backup.rclone", from, to: "shelf", prefix: "letters-${run.timestamp}" }]) },
    });
    assert.equal((await host.run(["run", "test"])).code, 0);
    assert.equal((await proof(host, { look: false })).state, "unproven");
    assert.equal((await proof(host)).state, "proven");
    assert.deepEqual(await metric(host), [
      'pantheros_job_proven{host="e2e",job="test",target="shelf"} 1',
      'pantheros_job_proof{host="e2e",job="test",target="shelf",state="disagrees"} 0',
      'pantheros_job_proof{host="e2e",job="test",target="shelf",state="proven"} 1',
      'pantheros_job_proof{host="e2e",job="test",target="shelf",state="unproven"} 0',
    ]);

    const [folder = ""] = readdirSync(path);
    rmSync(join(path, folder, "second"));
    const one = await proof(host);
    assert.equal(one.state, "disagrees");
    assert.match(one.why, /1 of 2 files are at letters-\d{8}T\d{6}Z\/ of destination shelf/);
    assert.ok((await metric(host)).includes('pantheros_job_proven{host="e2e",job="test",target="shelf"} 0'));

    rmSync(join(path, folder), { recursive: true });
    assert.match((await proof(host)).why, /^nothing is at letters-/);
    assert.match((await host.run(["status"])).stdout, /no: nothing is at letters-/);
  });

  it("a destination that cannot be looked at proves nothing, and says that it cannot", async (t) => {
    const host = createHost(t);
    const path = host.folder("copies");
    host.configure({
      destinations: { shelf: { type: "local", path } },
      jobs: { test: jobOf([{ uses: "backup.rclone", from: host.folder("letters"), to: "shelf", prefix: "a" }]) },
    });
    assert.equal((await host.run(["run", "test"])).code, 0);
    rmSync(path, { recursive: true });
    const { state } = await proof(host);
    assert.notEqual(state, "proven");
    const { stdout } = await host.run(["status"]);
    assert.match(stdout, /collector destinations: shelf: .*copies.* cannot be looked at/);
    assert.equal(existsSync(path), false);
  });

  it("bucket: an object that is deleted is missed at the next look", needs("s3", "rclone"), async (t) => {
    const host = createHost(t);
    const server = await startS3(t);
    await server.createBucket("bucket");
    host.configure({
      destinations: {
        offsite: {
          type: "s3",
          endpoint: server.endpoint,
          bucket: "bucket",
          prefix: "e2e",
          access_key_id: { file: host.secret("id", server.accessKeyId) },
          secret_access_key: { file: host.secret("key", server.secretAccessKey) },
        },
      },
      jobs: { test: jobOf([{ uses: "backup.rclone", from: host.folder("letters"), to: "offsite", prefix: "x" }]) },
    });
    assert.equal((await host.run(["run", "test"])).code, 0);
    assert.equal((await proof(host)).state, "proven");
    const [key = ""] = await server.keys("bucket");
    assert.equal(key, "e2e/x/letter.txt");
    await s3Client(t, server).deleteObject({ bucket: "bucket", key });
    assert.equal((await proof(host)).state, "disagrees");
  });

  it("repository: a snapshot that somebody forgets is missed at the next look", needs("restic"), async (t) => {
    const host = createHost(t);
    const repository = join(host.root, "repository");
    const password = host.secret("password", "correct horse battery staple");
    host.configure({
      repositories: { main: { repository, password: { file: password }, initialize: true } },
      jobs: { test: jobOf([{ uses: "backup.restic", repository: "main", from: host.folder("letters") }]) },
    });
    assert.equal((await host.run(["run", "test"])).code, 0);
    assert.equal((await proof(host)).state, "proven");
    execFileSync("restic", ["-r", repository, "--password-file", password, "--no-cache", "forget", "latest"]);
    assert.match((await proof(host)).why, /^snapshot [0-9a-f]+ is not in repository main/);
  });
});
