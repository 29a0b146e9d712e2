import assert from "node:assert/strict";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { TestContext } from "node:test";
import { Secret } from "../../src/model/secret.ts";
import { createS3, type S3 } from "../../src/tools/s3/s3.ts";
import { motoServer } from "./components.ts";
import { startProcess } from "./process.ts";

export interface S3Server {
  /** `http://127.0.0.1:PORT`; buckets are addressed by path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly pid: number;
  createBucket(name: string): Promise<void>;
  /** Keys of a bucket, sorted. */
  keys(bucket: string): Promise<readonly string[]>;
  /** Ends the server before the test does. */
  stop(): Promise<unknown>;
}

/** A real S3 server (moto) on loopback for one test; it takes every credential and keeps all in memory. */
export async function startS3(t: Pick<TestContext, "after">): Promise<S3Server> {
  // Port 0: the kernel picks a free one, and the server says which.
  const running = /Running on (http:\/\/127\.0\.0\.1:\d+)/;
  const server = await startProcess(t, [motoServer, "-H", "127.0.0.1", "-p", "0"], { ready: running, seconds: 60 });
  const endpoint = running.exec(server.output())?.[1];
  assert.ok(endpoint, server.output());

  async function call(method: string, path: string): Promise<string> {
    const response = await fetch(`${endpoint}${path}`, { method, signal: AbortSignal.timeout(20_000) });
    const body = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${body}`);
    return body;
  }
  return {
    endpoint,
    region: "us-east-1",
    accessKeyId: "test-key-id",
    secretAccessKey: "test-secret-key",
    pid: server.pid,
    createBucket: async (name) => {
      await call("PUT", `/${encodeURIComponent(name)}`);
    },
    keys: async (bucket) => {
      const body = await call("GET", `/${encodeURIComponent(bucket)}?list-type=2&max-keys=1000&encoding-type=url`);
      assert.match(body, /<IsTruncated>false</, "more than 1000 keys: list them page by page instead");
      return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)]
        .map((match) => decodeURIComponent((match[1] ?? "").replaceAll("+", " ")))
        .sort();
    },
    stop: () => server.stop(),
  };
}

/** A client for what a test does to a bucket by hand; closed with the test. */
export function s3Client(t: Pick<TestContext, "after">, server: S3Server): S3 {
  const { endpoint, region } = server;
  const [accessKeyId, secretAccessKey] = [server.accessKeyId, server.secretAccessKey].map(
    (text) => new Secret(text, "test"),
  ) as [Secret, Secret];
  const client = createS3({ endpoint, region, accessKeyId, secretAccessKey });
  t.after(() => client.close());
  return client;
}

/** Brings everything below a prefix into a folder that is there. */
export async function downloadFolder(client: S3, bucket: string, prefix: string, folder: string): Promise<void> {
  for await (const { key } of client.listObjects({ bucket, prefix })) {
    const file = join(folder, key.slice(prefix.length));
    mkdirSync(dirname(file), { recursive: true });
    const { body } = await client.getObject({ bucket, key });
    await pipeline(body, createWriteStream(file));
  }
}
