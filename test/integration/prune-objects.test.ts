import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { formatTimestamp } from "../../src/model/quantity.ts";
import { Secret } from "../../src/model/secret.ts";
import { pruneObjects } from "../../src/runners/prune-objects.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { collect } from "../support/collect.ts";
import { needs } from "../support/components.ts";
import { startAnswering } from "../support/hostile-server.ts";
import { contextOf } from "../support/runner-context.ts";
import { s3Client, startS3 } from "../support/s3.ts";

const now = Date.UTC(2026, 10, 21, 8, 57);
const folderAt = (daysAgo: number) => `top/falkordb-${formatTimestamp(now - daysAgo * 86_400_000)}`;

async function bucketOf(t: TestContext, settings: { readonly versions: boolean }) {
  const server = await startS3(t);
  await server.createBucket("bucket");
  if (settings.versions) {
    const body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert.ok((await fetch(`${server.endpoint}/bucket?versioning`, { method: "PUT", body })).ok);
  }
  const s3 = s3Client(t, server);
  return {
    endpoint: server.endpoint,
    put: (key: string, content: string) => s3.putObject({ bucket: "bucket", key }, Buffer.from(content)),
    keys: () => server.keys("bucket"),
    versions: async (prefix: string) => (await collect(s3.listVersions({ bucket: "bucket", prefix }))).length,
  };
}

function contextAt(endpoint: string, more: Partial<RunnerContext> = {}): RunnerContext {
  const credentials = { access_key_id: { environment: "ID" }, secret_access_key: { environment: "KEY" } };
  const offsite = { type: "s3", endpoint, bucket: "bucket", prefix: "top", ...credentials };
  return contextOf(
    { timezone: "UTC", destinations: { offsite } },
    { now: () => now, readSecret: () => new Secret("hunter2", "test"), ...more },
  );
}

const prune = (context: RunnerContext, step: Record<string, unknown> = {}) =>
  pruneObjects.run(
    pruneObjects.options.parse({ destination: "offsite", prefix: "falkordb-", keep: { within: "30d" }, ...step }),
    context,
  );

suite("prune.objects at S3", needs("s3"), () => {
  test("given folders that are too old, then their objects go and all others stay", async (t) => {
    const bucket = await bucketOf(t, { versions: false });
    const stays = [
      `${folderAt(0)}/dump.rdb`,
      `${folderAt(29)}/dump.rdb`,
      "top/falkordb-x/a",
      "top/valkey-20200101T000000Z/a",
    ];
    for (const key of stays) await bucket.put(key, "12345");
    for (let n = 0; n < 20; n += 1) await bucket.put(`${folderAt(31)}/part ${n}+ü`, "123");
    const { evidence } = await prune(contextAt(bucket.endpoint));
    assert.deepEqual([evidence.kept, evidence.removed, evidence.removed_bytes], [2, 1, 60]);
    assert.equal(evidence.prefix, "top/falkordb-");
    assert.deepEqual(await bucket.keys(), stays.toSorted());
  });

  test("given a bucket with versions, then they stay, hidden, unless they are asked to go too", async (t) => {
    const bucket = await bucketOf(t, { versions: true });
    for (const day of [0, 40, 50]) {
      await bucket.put(`${folderAt(day)}/dump.rdb`, "first");
      await bucket.put(`${folderAt(day)}/dump.rdb`, "second");
    }
    await prune(contextAt(bucket.endpoint), { keep: { last: 2 } });
    assert.equal(await bucket.versions(folderAt(50)), 3, "two versions and a delete marker");
    await prune(contextAt(bucket.endpoint), { keep: { last: 1 }, hidden_versions: true });
    assert.equal(await bucket.versions(folderAt(40)), 0);
    assert.equal(await bucket.versions(folderAt(0)), 2, "what is kept keeps its versions");
    assert.deepEqual(await bucket.keys(), [`${folderAt(0)}/dump.rdb`]);
  });

  test("given a server that does not list, then nothing is removed", async (t) => {
    const server = await startAnswering(t, 503);
    await assert.rejects(prune(contextAt(server.endpoint)), { reason: "throttled" });
  });

  test("given a listing that breaks off in the middle, then nothing is removed", async (t) => {
    const bucket = await bucketOf(t, { versions: false });
    for (const day of [0, 40]) await bucket.put(`${folderAt(day)}/dump.rdb`, "12345");
    let deletions = 0;
    let listings = 0;
    const liar = createServer(async (request, response) => {
      if (request.method === "DELETE") deletions += 1;
      listings += 1;
      const answer = await fetch(`${bucket.endpoint}${request.url}`, { method: request.method ?? "GET" });
      const body = await answer.text();
      response.writeHead(answer.status, { "content-type": "application/xml" });
      // After the probe: it says that there is more, and names no place to go on from.
      response.end(listings > 1 ? body.replace("<IsTruncated>false", "<IsTruncated>true") : body);
    }).listen(0, "127.0.0.1");
    t.after(() => liar.close());
    await once(liar, "listening");
    const { port } = liar.address() as AddressInfo;
    await assert.rejects(prune(contextAt(`http://127.0.0.1:${port}`)), {
      message: /without a whole listing nothing was removed/,
    });
    assert.equal(deletions, 0);
    assert.equal((await bucket.keys()).length, 2);
  });
});
