import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, suite, type TestContext, test } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { readObject } from "../../src/tools/s3/download.ts";
import { createS3, type S3 } from "../../src/tools/s3/s3.ts";
import { uploadInParts } from "../../src/tools/s3/upload.ts";
import { collect } from "../support/collect.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { failureOf } from "../support/failure.ts";
import { type Fault, startFaultyS3 } from "../support/faulty-s3.ts";
import { type S3Server, startS3 } from "../support/s3.ts";
import { sharedByTests } from "../support/shared.ts";

const mebibyte = 2 ** 20;

function connect(t: TestContext, endpoint: string, more: { timeoutSeconds?: number } = {}): S3 {
  const credentials = { accessKeyId: new Secret("the-key-id", "test"), secretAccessKey: new Secret("the-key", "test") };
  const s3 = createS3({ endpoint, region: "us-east-1", ...credentials, timeoutSeconds: 20, attempts: 2, ...more });
  t.after(() => s3.close());
  return s3;
}

const shared = sharedByTests();
let server: S3Server;
before(async () => {
  if (!needs("s3").skip) server = await startS3(shared);
});
/** Each test has its own. */
let bucket = "";
let buckets = 0;

/** A real server, and one before it that spoils what it is told to. */
async function stage(
  t: TestContext,
  fault: (method: string, path: string, query: URLSearchParams) => Fault = () => "pass",
) {
  buckets += 1;
  bucket = `bucket-${buckets}`;
  await server.createBucket(bucket);
  const faulty = await startFaultyS3(t, server.endpoint, fault);
  return { faulty, direct: connect(t, server.endpoint), s3: connect(t, faulty.endpoint) };
}

const at = (key: string, signal?: AbortSignal) => ({ bucket, key, ...(signal ? { signal } : {}) });

/** Bytes that tell where they are from. */
async function* stream(bytes: number, chunk = 64 * 1024): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes; from += chunk) {
    const part = Buffer.alloc(Math.min(chunk, bytes - from), (from / chunk) % 251);
    part.writeUInt32BE(from >>> 0);
    yield part;
  }
}

async function digest(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}

const noSpool = () => assert.fail("no part was to be put into a file");

suite("single objects", needs("s3"), () => {
  test("are written, looked at, read, and removed, twice without harm", async (t) => {
    const { s3 } = await stage(t);
    const key = "folder/a b+c␊ä";
    assert.equal(await s3.headObject(at(key)), null);
    const etag = await s3.putObject(at(key), Buffer.from("content"), "application/json");
    assert.equal(etag, createHash("md5").update("content").digest("hex"));
    const head = await s3.headObject(at(key));
    assert.deepEqual([head?.key, head?.size, head?.etag], [key, 7, etag]);
    assert.equal(Buffer.concat(await collect(readObject(s3, at(key), 7))).toString(), "content");
    await s3.deleteObject(at(key));
    await s3.deleteObject(at(key));
    assert.equal(await s3.headObject(at(key)), null);
  });

  test("that are not there cannot be read, and it is not the bucket's fault", async (t) => {
    const { s3 } = await stage(t);
    const error = await failureOf(collect(readObject(s3, at("nothing"), 1)));
    assert.equal(error.reason, "source");
    assert.match(error.message, /bucket bucket-\d+, nothing: the server answered 404 NoSuchKey/);
    assert.equal((await failureOf(s3.getObject({ bucket: "nowhere", key: "x" }))).reason, "config");
  });

  test("of a bucket with versions are hidden by removing, and gone by removing each version", async (t) => {
    const { s3 } = await stage(t);
    const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    const answer = await fetch(`${server.endpoint}/${bucket}?versioning`, { method: "PUT", body: versioning });
    assert.ok(answer.ok);
    for (const text of ["one", "four"]) await s3.putObject(at("a/key"), Buffer.from(text));
    await s3.putObject(at("a/other"), Buffer.from("x"));
    await s3.deleteObject(at("a/key"));
    const versions = await collect(s3.listVersions({ bucket, prefix: "a/key" }));
    assert.deepEqual(versions.map(({ size, isLatest, isDeleteMarker }) => [size, isLatest, isDeleteMarker]).sort(), [
      [0, true, true],
      [3, false, false],
      [4, false, false],
    ]);
    for (const { key, versionId } of versions) await s3.deleteObject(at(key), versionId);
    const left = await collect(s3.listVersions({ bucket, prefix: "a/" }));
    assert.deepEqual(
      left.map(({ key }) => key),
      ["a/other"],
    );
  });

  test("have more versions than a page holds: the next page begins where the server says, and never where one began", async (t) => {
    const page = (key: string) =>
      `<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>${key}</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>
        <Version><Key>${key}</Key><VersionId>v1</VersionId><Size>3</Size></Version></ListVersionsResult>`;
    const markers: unknown[] = [];
    const { s3 } = await stage(t, (_, __, query) => {
      markers.push([query.get("key-marker"), query.get("version-id-marker")]);
      return { instead: page(`page-${Math.min(markers.length, 2)}`) };
    });
    const seen: string[] = [];
    const list = async () => {
      for await (const { key } of s3.listVersions({ bucket })) seen.push(key);
    };
    assert.match((await failureOf(list())).message, /lead in a circle/);
    assert.deepEqual(markers, [
      [null, null],
      ["page-1", "v2"],
      ["page-2", "v2"],
    ]);
    assert.deepEqual(seen, ["page-1", "page-2", "page-2"]);
  });
});

suite("an upload in parts", needs("s3"), () => {
  test("holds what was streamed, also when the last part is small", async (t) => {
    const { s3 } = await stage(t);
    const size = 20 * mebibyte + 17;
    assert.equal(await uploadInParts(s3, at("key"), stream(size), { expectedBytes: size, spool: noSpool }), size);
    const head = await s3.headObject(at("key"));
    assert.deepEqual([head?.size, head?.etag.split("-")[1]], [size, "5"]);
    assert.equal(await digest(readObject(s3, at("key"), size)), await digest(stream(size)));
    assert.deepEqual(await collect(s3.listUploads({ bucket })), []);
  });

  test("of much is put into files, which are gone afterwards", async (t) => {
    const { s3, faulty } = await stage(t);
    const directory = temporaryDirectory(t);
    const size = 50 * mebibyte;
    let spools = 0;
    const spool = async () => {
      spools += 1;
      return directory;
    };
    await uploadInParts(s3, at("key"), stream(size), { expectedBytes: 100e9, spool });
    assert.equal(spools, 1);
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(faulty.requests.filter((it) => it.includes("partNumber=")).length, 3);
    assert.equal(await digest(readObject(s3, at("key"), size)), await digest(stream(size)));
  });

  test("of nothing is no object, and no upload is left", async (t) => {
    const { s3 } = await stage(t);
    const error = await failureOf(uploadInParts(s3, at("key"), stream(0), { expectedBytes: 0, spool: noSpool }));
    assert.equal(error.reason, "empty_artifact");
    assert.deepEqual([await s3.headObject(at("key")), await collect(s3.listUploads({ bucket }))], [null, []]);
  });

  test("whose stream breaks is no object, and no upload is left", async (t) => {
    const { s3 } = await stage(t);
    const why = new StepError("source", "the disk is broken");
    async function* broken() {
      yield* stream(20 * mebibyte);
      throw why;
    }
    const call = uploadInParts(s3, at("key"), broken(), { expectedBytes: 0, spool: noSpool });
    assert.equal(await failureOf(call), why);
    assert.deepEqual([await s3.headObject(at("key")), await collect(s3.listUploads({ bucket }))], [null, []]);
  });

  for (const [expectedBytes, where] of [
    [0, "memory"],
    [100e9, "a file"],
  ] as const) {
    test(`tries a part in ${where} again when the server fails for a moment`, async (t) => {
      let failures = 0;
      const { s3 } = await stage(t, (_, __, query) => {
        if (query.get("partNumber") !== "1" || failures >= 2) return "pass";
        failures += 1;
        return 503;
      });
      const size = 30 * mebibyte;
      const directory = temporaryDirectory(t);
      await uploadInParts(s3, at("key"), stream(size), { expectedBytes, spool: async () => directory });
      assert.equal(failures, 2);
      assert.equal(await digest(readObject(s3, at("key"), size)), await digest(stream(size)));
    });
  }

  test("that the server refuses is no object, no upload is left, and the stream is not read any further", async (t) => {
    const { s3, direct } = await stage(t, (_, __, query) => (query.get("partNumber") === "2" ? 403 : "pass"));
    let read = 0;
    async function* counted() {
      for await (const chunk of stream(1000 * mebibyte)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const call = uploadInParts(s3, at("key"), counted(), { expectedBytes: 0, spool: noSpool });
    assert.equal((await failureOf(call)).reason, "auth");
    assert.ok(read < 100 * mebibyte, `${read}`);
    assert.deepEqual([await direct.headObject(at("key")), await collect(direct.listUploads({ bucket }))], [null, []]);
  });

  test("that is cancelled is no object, and no upload is left", async (t) => {
    const { s3, direct } = await stage(t);
    const stop = new AbortController();
    async function* stopping() {
      yield* stream(12 * mebibyte);
      stop.abort();
      yield* stream(12 * mebibyte);
    }
    const call = uploadInParts(s3, at("key", stop.signal), stopping(), { expectedBytes: 0, spool: noSpool });
    assert.equal((await failureOf(call)).reason, "cancelled");
    assert.deepEqual([await direct.headObject(at("key")), await collect(direct.listUploads({ bucket }))], [null, []]);
  });

  test("that cannot be aborted says that its parts are still there", async (t) => {
    const { s3, direct } = await stage(t, (method, _, query) => {
      if (method === "DELETE") return 403;
      return query.get("partNumber") === "1" ? 403 : "pass";
    });
    const call = uploadInParts(s3, at("key"), stream(mebibyte), { expectedBytes: 0, spool: noSpool });
    assert.match((await failureOf(call)).message, /its parts are still there/);
    const [left] = await collect(direct.listUploads({ bucket }));
    assert.equal(left?.key, "key");
    for (const _ of [1, 2]) await direct.abortUpload(at("key"), left?.uploadId ?? "");
    assert.deepEqual(await collect(direct.listUploads({ bucket })), []);
  });

  test("whose completion was done, though its answer was lost, is there", async (t) => {
    let completions = 0;
    const { s3, direct } = await stage(t, (method, _, query) => {
      if (method !== "POST" || !query.has("uploadId")) return "pass";
      completions += 1;
      return completions === 1 ? { cutAfter: 0 } : "pass";
    });
    await uploadInParts(s3, at("key"), stream(mebibyte), { expectedBytes: 0, spool: noSpool });
    assert.equal((await direct.headObject(at("key")))?.size, mebibyte);
  });

  test("whose completion fails with an answer of 200 is no object, and no upload is left", async (t) => {
    const instead = "<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We failed</Message></Error>";
    const { s3, direct } = await stage(t, (method, _, query) =>
      method === "POST" && query.has("uploadId") ? { instead } : "pass",
    );
    const call = uploadInParts(s3, at("key"), stream(mebibyte), { expectedBytes: 0, spool: noSpool });
    assert.match((await failureOf(call)).message, /We failed/);
    assert.deepEqual([await direct.headObject(at("key")), await collect(direct.listUploads({ bucket }))], [null, []]);
  });

  test("has no room for its parts: space, and no upload is left", async (t) => {
    const { s3 } = await stage(t);
    const gone = join(temporaryDirectory(t), "not-there");
    const call = uploadInParts(s3, at("key"), stream(mebibyte), { expectedBytes: 100e9, spool: async () => gone });
    assert.equal((await failureOf(call)).reason, "source");
    mkdirSync(gone);
    assert.deepEqual(await collect(s3.listUploads({ bucket })), []);
  });
});

suite("reading an object", needs("s3"), () => {
  const size = 5 * mebibyte;
  const prepare = async (t: TestContext, fault: (attempt: number) => Fault) => {
    let attempt = 0;
    const staged = await stage(t, (method, path) => {
      if (method !== "GET" || !path.endsWith("/key")) return "pass";
      attempt += 1;
      return fault(attempt);
    });
    await staged.direct.putObject(at("key"), Buffer.concat(await collect(stream(size))));
    return { ...staged, attempts: () => attempt };
  };

  test("goes on where the connection broke off, as often as it gets on", async (t) => {
    const { s3, attempts, faulty } = await prepare(t, (attempt) => (attempt <= 6 ? { cutAfter: 300_000 } : "pass"));
    assert.equal(await digest(readObject(s3, at("key"), size)), await digest(stream(size)));
    assert.equal(attempts(), 7);
    assert.equal(faulty.requests.filter((it) => it.startsWith("GET")).length, 7);
  });

  test("gives up when it does not get on any more", async (t) => {
    const { s3, attempts } = await prepare(t, (attempt) => (attempt === 1 ? { cutAfter: 300_000 } : 403));
    assert.equal((await failureOf(collect(readObject(s3, at("key"), size)))).reason, "auth");
    assert.equal(attempts(), 2);
  });

  test("that was replaced meanwhile fails instead of mixing two", async (t) => {
    const { s3, direct } = await prepare(t, (attempt) => (attempt === 1 ? { cutAfter: 300_000 } : "pass"));
    const read = async () => {
      let replaced = false;
      for await (const _ of readObject(s3, at("key"), size)) {
        if (replaced) continue;
        replaced = true;
        await direct.putObject(at("key"), Buffer.alloc(size));
      }
    };
    assert.equal((await failureOf(read())).reason, "source");
  });

  test("of another size than the listing says is no whole", async (t) => {
    const { s3 } = await prepare(t, () => "pass");
    for (const expected of [size - 1, size + 1]) {
      const error = await failureOf(collect(readObject(s3, at("key"), expected)));
      assert.equal(error.reason, "verification");
      assert.match(error.message, /key has 5242880 bytes, the listing says/);
    }
  });

  test("ends when it is cancelled", async (t) => {
    const { s3 } = await prepare(t, () => "pass");
    const stop = new AbortController();
    const read = async () => {
      for await (const _ of readObject(s3, at("key", stop.signal), size)) stop.abort();
    };
    assert.equal((await failureOf(read())).reason, "cancelled");
  });
});
