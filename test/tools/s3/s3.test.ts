import assert from "node:assert/strict";
import { createServer } from "node:http";
import { suite, type TestContext, test } from "node:test";
import type { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import { createS3, type S3 } from "../../../src/tools/s3/s3.ts";
import { collect } from "../../support/collect.ts";
import { needs } from "../../support/components.ts";
import { failureOf as anyFailureOf } from "../../support/failure.ts";
import { refusingEndpoint, startAnswering, startBlackHole } from "../../support/hostile-server.ts";
import { listenOnLoopback } from "../../support/loopback.ts";
import { startS3 } from "../../support/s3.ts";

function connect(t: TestContext, endpoint: string, timeoutSeconds = 20): S3 {
  const s3 = createS3({
    endpoint,
    region: "us-east-1",
    accessKeyId: new Secret("the-key-id", "test"),
    secretAccessKey: new Secret("the-secret-key", "test"),
    timeoutSeconds,
    attempts: 2,
  });
  t.after(() => s3.close());
  return s3;
}

async function failureOf(work: Promise<unknown>): Promise<StepError> {
  const failure = await anyFailureOf(work);
  assert.doesNotMatch(`${failure.message} ${JSON.stringify(failure.details)}`, /the-secret-key/);
  return failure;
}

suite("listing a real S3 server", needs("s3"), () => {
  test("comes in pages, with every key as it is", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const keys = [" lead", "a b'\"c", "a&b<c>", "a+b", "new␊line", "tail ", "x%41", "漢字"].map(
      (name) => `odd/${name}`,
    );
    const many = Array.from({ length: 1001 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
    for (const chunk of [keys, ...Array.from({ length: 11 }, (_, n) => many.slice(n * 100, n * 100 + 100))]) {
      await Promise.all(
        chunk.map(async (key) => {
          const path = key.split("/").map(encodeURIComponent).join("/");
          const response = await fetch(`${server.endpoint}/bucket/${path}`, { method: "PUT", body: "12" });
          assert.ok(response.ok);
          await response.arrayBuffer();
        }),
      );
    }
    const s3 = connect(t, server.endpoint);
    const odd = await collect(s3.listObjects({ bucket: "bucket", prefix: "odd/" }));
    assert.deepEqual(odd.map(({ key }) => key).sort(), keys.sort());
    assert.deepEqual([odd[0]?.size, odd[0]?.etag], [2, "c20ad4d76fe97759aa27a0c99bff6710"]);
    const all = await collect(s3.listObjects({ bucket: "bucket", prefix: "many/" }));
    assert.deepEqual(
      all.map(({ key }) => key),
      many,
    );
    assert.deepEqual(await collect(s3.listObjects({ bucket: "bucket", prefix: "nothing/" })), []);
    await s3.probe({ bucket: "bucket" });
  });

  test("a bucket that does not exist is config, and says to create it", async (t) => {
    const server = await startS3(t);
    const failure = await failureOf(connect(t, server.endpoint).probe({ bucket: "nowhere" }));
    assert.equal(failure.reason, "config");
    assert.match(failure.message, /bucket nowhere: the server answered 404 NoSuchBucket/);
    assert.match(failure.details.advice ?? "", /create the bucket/);
  });
});

suite("a server that does not help", () => {
  test("403 is auth, and is not asked again", async (t) => {
    const server = await startAnswering(t, 403);
    assert.equal((await failureOf(connect(t, server.endpoint).probe({ bucket: "b" }))).reason, "auth");
    assert.equal(server.attempts(), 1);
  });

  test("503 is throttled after the attempts that were allowed", async (t) => {
    const server = await startAnswering(t, 503);
    assert.equal((await failureOf(connect(t, server.endpoint).probe({ bucket: "b" }))).reason, "throttled");
    assert.equal(server.attempts(), 2);
  });

  test("500 is network", async (t) => {
    const server = await startAnswering(t, 500);
    assert.equal((await failureOf(connect(t, server.endpoint).probe({ bucket: "b" }))).reason, "network");
  });

  test("a port where nobody listens is network", async (t) => {
    const failure = await failureOf(connect(t, await refusingEndpoint(t)).probe({ bucket: "b" }));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /ECONNREFUSED/);
  });

  test("a server that never answers is network when the time is over", async (t) => {
    const server = await startBlackHole(t);
    const failure = await failureOf(connect(t, server.endpoint, 0.2).probe({ bucket: "b" }));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /no answer within 0.2 s/);
  });

  test("being asked to stop is cancelled, not network", async (t) => {
    const server = await startBlackHole(t);
    const stop = new AbortController();
    const failing = failureOf(connect(t, server.endpoint).probe({ bucket: "b", signal: stop.signal }));
    stop.abort();
    assert.equal((await failing).reason, "cancelled");
  });

  for (const status of [200, 403, 404]) {
    test(`a web page instead of S3's answer (${status}) is told as such`, async (t) => {
      const endpoint = await serve(t, (response) => {
        response.writeHead(status, { "content-type": "text/html" }).end("Welcome to nginx!");
      });
      const failure = await failureOf(connect(t, endpoint).probe({ bucket: "b" }));
      assert.equal(failure.reason, { 200: "unknown", 403: "auth", 404: "config" }[status]);
      assert.match(failure.message, /in a language that is not S3's/);
    });
  }

  test("a continuation token that comes back ends the listing", async (t) => {
    let page = 0;
    const endpoint = await serve(t, (response) => {
      page += 1;
      response.writeHead(200, { "content-type": "application/xml" });
      response.end(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${page % 2 ? "a" : "b"}</NextContinuationToken></ListBucketResult>`,
      );
    });
    const failure = await failureOf(collect(connect(t, endpoint).listObjects({ bucket: "b" })));
    assert.equal(failure.reason, "unknown");
    assert.match(failure.message, /in a circle/);
    assert.equal(page, 3);
  });
});

async function serve(t: TestContext, answer: (response: import("node:http").ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  return `http://127.0.0.1:${await listenOnLoopback(t, server)}`;
}
