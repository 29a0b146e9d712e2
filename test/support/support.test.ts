import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { needs, resticPrograms } from "./components.ts";
import { refusingEndpoint, startAnswering, startBlackHole } from "./hostile-server.ts";
import { listenUdp, listenUnix } from "./listener.ts";
import { createRepository } from "./restic.ts";
import { startS3 } from "./s3.ts";

/** The part of unix-dgram that is used here; it has no types of its own. */
interface UnixDatagramSocket {
  send(message: Buffer, offset: number, length: number, path: string, sent: () => void): void;
  close(): void;
}

describe("the stage of the tests", { timeout: 90_000 }, () => {
  it("has an S3 server that keeps buckets and objects", needs("s3"), async (t) => {
    const s3 = await startS3(t);
    await s3.createBucket("offsite");
    await fetch(`${s3.endpoint}/offsite/a%20folder/b%2Bc`, { method: "PUT", body: "content" });
    assert.deepEqual(await s3.keys("offsite"), ["a folder/b+c"]);
    await s3.stop();
    await assert.rejects(fetch(s3.endpoint), "the server is gone once it was stopped");
  });

  it("has servers that lie, are silent or are not there", async (t) => {
    const busy = await startAnswering(t, 503);
    const answer = await fetch(busy.endpoint);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /<Code>SlowDown<\/Code>/);
    assert.equal(busy.attempts(), 1);

    const silent = await startBlackHole(t);
    await assert.rejects(fetch(silent.endpoint, { signal: AbortSignal.timeout(300) }), { name: "TimeoutError" });
    assert.equal(silent.attempts(), 1);

    const nowhere = await refusingEndpoint(t);
    await assert.rejects(fetch(nowhere), (error: Error) => /ECONNREFUSED/.test(String(error.cause)));
  });

  it("hears UDP datagrams", async (t) => {
    const listener = await listenUdp(t);
    const sender = createSocket("udp4");
    sender.send("a:1|c\nb:2|g", listener.port, "127.0.0.1", () => sender.close());
    assert.deepEqual(await listener.waitForLines(2), ["a:1|c", "b:2|g"]);
    assert.deepEqual(listener.datagrams(), ["a:1|c\nb:2|g"]);
  });

  it("hears Unix datagrams", needs("unix datagrams"), async (t) => {
    const listener = await listenUnix(t);
    const message = Buffer.from("a:1|c|#job:ü");
    const sender: UnixDatagramSocket = createRequire(import.meta.url)("unix-dgram").createSocket("unix_dgram");
    sender.send(message, 0, message.length, listener.path, () => sender.close());
    assert.deepEqual(await listener.waitForLines(1), ["a:1|c|#job:ü"]);
  });

  it(
    "has an empty repository of every restic, with a password that only its owner reads",
    needs("several restics"),
    (t) => {
      for (const { version, program } of resticPrograms()) {
        const repository = createRepository(t, program);
        assert.deepEqual(JSON.parse(repository.restic("snapshots", "--json", "--no-lock")) ?? [], [], version);
        assert.equal(statSync(repository.passwordFile).mode & 0o777, 0o600);
      }
    },
  );
});
