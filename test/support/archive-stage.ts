import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { timestampMoment } from "../../src/model/quantity.ts";
import { Secret } from "../../src/model/secret.ts";
import { archiveBtrfsSend } from "../../src/runners/archive-btrfs-send.ts";
import { archiveVerify } from "../../src/runners/archive-verify.ts";
import { drillArchive } from "../../src/runners/drill-archive.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { makeScratch, scratchName } from "../../src/tools/files/scratch.ts";
import { createSubvolume, mountBtrfs } from "./btrfs.ts";
import { type Fault, startFaultyS3 } from "./faulty-s3.ts";
import { contextOf } from "./runner-context.ts";
import type { S3Server } from "./s3.ts";

type More = Readonly<Record<string, unknown>>;

/** A Btrfs with a subvolume `data`, a bucket of its own (destination `offsite`) and a folder (`nearby`) to archive it to. */
export interface ArchiveStage {
  readonly mount: string;
  /** The subvolume. */
  readonly data: string;
  readonly snapshots: string;
  /** Of the destination `nearby`. */
  readonly folder: string;
  readonly bucket: string;
  /** `PUT /bucket/key?partNumber=1` of every request of ours so far. */
  readonly requests: readonly string[];
  /** What becomes of requests from now on. */
  spoil(fault: (method: string, path: string, query: URLSearchParams) => Fault): void;
  /** What is in the bucket, in truth. */
  keys(): Promise<readonly string[]>;
  /** Keys of unfinished uploads, in truth. */
  uploads(): Promise<readonly string[]>;
  /** Asks the server itself. */
  call(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Buffer>;
  context(more?: Partial<RunnerContext>): RunnerContext;
  /** Makes a read-only snapshot of `data`. @returns its path */
  snapshot(name: string): string;
  /** Archives a snapshot at a moment. @param at like `20261121T085700Z` */
  archive(
    snapshot: string,
    at: string,
    options?: More,
    more?: Partial<RunnerContext>,
  ): ReturnType<typeof archiveBtrfsSend.run>;
  verify(options?: More, more?: Partial<RunnerContext>): ReturnType<typeof archiveVerify.run>;
  drill(options?: More, more?: Partial<RunnerContext>): ReturnType<typeof drillArchive.run>;
}

const authorization =
  "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";

let buckets = 0;

/** @param server for several stages: it takes seconds to start */
export async function setArchiveStage(
  t: Pick<TestContext, "after">,
  server: S3Server,
  options: { readonly mebibytes?: number } = {},
): Promise<ArchiveStage> {
  buckets += 1;
  const bucket = `archives-${buckets}`;
  await server.createBucket(bucket);
  let fault: Parameters<ArchiveStage["spoil"]>[0] = () => "pass";
  const faulty = await startFaultyS3(t, server.endpoint, (...request) => fault(...request));
  const mount = mountBtrfs(t, { mebibytes: options.mebibytes ?? 512 });
  const data = createSubvolume(mount, "data");
  const snapshots = join(mount, "snapshots");
  const folder = join(mount, "folder");
  for (const path of [snapshots, folder]) mkdirSync(path);
  const config = {
    subvolumes: { data: { path: data, snapshots } },
    destinations: {
      offsite: {
        type: "s3",
        endpoint: faulty.endpoint,
        bucket,
        prefix: "top",
        access_key_id: { environment: "KEY_ID" },
        secret_access_key: { environment: "SECRET_KEY" },
      },
      nearby: { type: "local", path: folder },
    },
  };
  let scratches = 0;
  const context = (more: Partial<RunnerContext> = {}) =>
    contextOf(config, {
      readSecret: () => new Secret("test-secret", "test"),
      scratch: async (parent = mount) => {
        scratches += 1;
        const path = join(parent, scratchName("20261121T085700Z-test", scratches));
        await makeScratch(path);
        return path;
      },
      ...more,
    });
  const call: ArchiveStage["call"] = async (method, path, body) => {
    const response = await fetch(`${server.endpoint}/${bucket}/${path}`, {
      method,
      // Without it, the server shows nobody what was written privately.
      headers: { authorization },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  };
  return {
    ...{ mount, data, snapshots, folder, bucket, context, call },
    requests: faulty.requests,
    spoil: (next) => {
      fault = next;
    },
    keys: () => server.keys(bucket),
    uploads: async () => {
      const body = (await call("GET", "?uploads")).toString();
      return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? "");
    },
    snapshot(name) {
      const path = join(snapshots, name);
      execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", data, path], { stdio: "pipe" });
      return path;
    },
    archive: async (snapshot, at, chosen = {}, more = {}) =>
      archiveBtrfsSend.run(
        archiveBtrfsSend.options.parse({ snapshot, to: "offsite", ...chosen }),
        context({ timestamp: at, now: () => timestampMoment(at), ...more }),
      ),
    verify: async (chosen = {}, more = {}) =>
      archiveVerify.run(archiveVerify.options.parse({ destination: "offsite", ...chosen }), context(more)),
    drill: async (chosen = {}, more = {}) =>
      drillArchive.run(drillArchive.options.parse({ destination: "offsite", ...chosen }), context(more)),
  };
}
