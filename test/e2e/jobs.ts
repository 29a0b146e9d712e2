import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { jobOf, type TestHost } from "./host.ts";

/** Configurations whose only job is `test`. */
export function command(argv: readonly string[], step: object = {}, job: object = {}): object {
  return { jobs: { test: jobOf([{ uses: "command", argv, ...step }], job) } };
}

/** The folder `letters` to a repository that is created on request. */
export function restic(host: TestHost, repository: object = {}, step: object = {}) {
  const password = { file: host.secret("password", "correct horse battery staple") };
  const main = { repository: join(host.root, "repository"), password, initialize: true, ...repository };
  return {
    repositories: { main },
    jobs: { test: jobOf([{ uses: "backup.restic", repository: "main", from: host.folder("letters"), ...step }]) },
  };
}

/** The folder `letters` to a bucket at an endpoint, or to another destination. */
export function rclone(host: TestHost, to: string | object, step: object = {}): object {
  const bucket = {
    type: "s3",
    endpoint: to,
    bucket: "bucket",
    access_key_id: { file: host.secret("key-id", "test-key-id") },
    secret_access_key: { file: host.secret("key", "test-secret-key") },
  };
  return {
    destinations: { offsite: typeof to === "string" ? bucket : to },
    jobs: { test: jobOf([{ uses: "backup.rclone", from: host.folder("letters"), to: "offsite", ...step }]) },
  };
}

export function snapshot(path: string, snapshots: string): object {
  return {
    subvolumes: { data: { path, snapshots } },
    jobs: { test: jobOf([{ uses: "snapshot.btrfs", subvolume: "data" }]) },
  };
}

/**
 * Makes the repository of `restic` and lets a restic die while it holds an exclusive lock.
 * @param hostname of another host that it dies on
 */
export async function leaveLock(t: Pick<TestContext, "after">, host: TestHost, hostname?: string): Promise<void> {
  const repository = join(host.root, "repository");
  const options = {
    env: {
      ...process.env,
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD_FILE: host.secret("password", "correct horse battery staple"),
      RESTIC_CACHE_DIR: join(host.root, "cache"),
    },
    stdio: "ignore",
  } as const;
  writeFileSync(join(host.folder("letters"), "noise"), randomBytes(2 * 1024 * 1024));
  execFileSync("restic", ["init"], options);
  execFileSync("restic", ["backup", join(host.root, "letters")], options);
  // So slow that it is still there when its lock has been seen.
  const check = ["restic", "check", "--read-data", "--limit-download=50"];
  const elsewhere = ["unshare", "--uts", "sh", "-c", 'hostname "$1" && shift && exec "$@"', "sh", hostname ?? ""];
  const [program, ...args] = hostname === undefined ? check : [...elsewhere, ...check];
  const holder = spawn(program as string, args, options);
  t.after(() => holder.kill("SIGKILL"));
  const locks = join(repository, "locks");
  await eventually("restic to take its lock", () => readdirSync(locks).some((file) => /^[0-9a-f]{64}$/.test(file)));
  holder.kill("SIGKILL");
  await once(holder, "exit");
}
