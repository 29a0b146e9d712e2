import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { cost } from "../../src/collectors/cost.ts";
import { costFigures } from "../../src/collectors/costs/figures.ts";
import { Secret } from "../../src/model/secret.ts";
import { configOf, day, emptyLedger, noon, readable } from "../collectors/ledger.ts";
import { needs } from "../support/components.ts";
import { s3Client, startS3 } from "../support/s3.ts";

const secrets = { access_key_id: { environment: "ID" }, secret_access_key: { environment: "KEY" } };
const secret = () => new Secret("x", "a test");

async function look(config: ReturnType<typeof configOf>, ledger = emptyLedger(), now = noon) {
  const context = {
    ...{ config, ledger, now, readSecret: secret, signal: new AbortController().signal },
    recall: (name: string) => ledger.recall("cost", name),
    remember: (name: string, value: never) => ledger.remember("cost", name, value),
  } as unknown as CollectorContext;
  const { samples, measurements = [], problems } = await cost.collect(context);
  ledger.recordMeasurements(measurements);
  return { series: readable(samples), problems, ledger };
}

async function stage(t: TestContext, bucket: string) {
  const server = await startS3(t);
  await server.createBucket(bucket);
  const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
  const answer = await fetch(`${server.endpoint}/${bucket}?versioning`, { method: "PUT", body: versioning });
  assert.ok(answer.ok, await answer.text());
  return { server, s3: s3Client(t, server) };
}

suite("the cost of a bucket of a real S3 server", needs("s3"), () => {
  test("counts old versions, what delete markers hide, and unfinished uploads, by the jobs that write them", async (t) => {
    const { server, s3 } = await stage(t, "vault");
    const put = (key: string, size: number) => s3.putObject({ bucket: "vault", key }, Buffer.alloc(size));
    await put("home/a b+c%41&<x>/漢字", 100);
    await put("home/a b+c%41&<x>/漢字", 10);
    await put("db-20261121T000000Z/dump", 1000);
    await put("db-20261120T000000Z/dump", 5000);
    await s3.deleteObject({ bucket: "vault", key: "db-20261120T000000Z/dump" });
    const upload = await s3.createUpload({ bucket: "vault", key: "home/big" });
    await s3.uploadPart({ bucket: "vault", key: "home/big" }, upload, 1, Buffer.alloc(5 * 2 ** 20));
    await s3.uploadPart({ bucket: "vault", key: "home/big" }, upload, 2, Buffer.alloc(77));
    const step = (prefix: string) => ({ uses: "backup.rclone", from: "/srv", to: "offsite", prefix });
    const { series, problems, ledger } = await look(
      configOf({
        destinations: { offsite: { type: "s3", endpoint: server.endpoint, bucket: "vault", ...secrets } },
        jobs: { db: { steps: [step("db-${run.timestamp}")] }, home: { steps: [step("home")] } },
      }),
    );
    assert.deepEqual(problems, []);
    const states = ["live", "hidden", "unfinished"].map((state) => [
      series[`bucketBytes{bucket=vault,state=${state}}`],
      series[`bucketObjects{bucket=vault,state=${state}}`],
    ]);
    assert.deepEqual(states, [
      [1010, 2],
      [5100, 2],
      [5 * 2 ** 20 + 77, 1],
    ]);
    const values = (name: string) => ledger.measurements({ series: name })[0]?.values;
    assert.deepEqual([values("cost/vault/home/")?.["live"], values("cost/vault/home/")?.["hidden"]], [10, 100]);
    assert.equal(values("cost/vault/home/")?.["unfinished"], 5 * 2 ** 20 + 77);
    assert.deepEqual([values("cost/vault/db-")?.["live"], values("cost/vault/db-")?.["hidden"]], [1000, 5000]);
  });

  test("goes through many pages, divided by folders", async (t) => {
    const { server, s3 } = await stage(t, "vault");
    const keys = Array.from({ length: 1010 }, (_, n) => `restic/data/${n % 3}/${String(n).padStart(5, "0")}`);
    for (let from = 0; from < keys.length; from += 100) {
      await Promise.all(
        keys.slice(from, from + 100).map((key) => s3.putObject({ bucket: "vault", key }, Buffer.alloc(3))),
      );
    }
    const repository = {
      repository: `s3:${server.endpoint}/vault/restic`,
      password: { environment: "PW" },
      environment: { AWS_ACCESS_KEY_ID: { environment: "ID" }, AWS_SECRET_ACCESS_KEY: { environment: "KEY" } },
    };
    const { series, problems } = await look(configOf({ repositories: { main: repository } }));
    assert.deepEqual(problems, []);
    assert.equal(series["bucketBytes{bucket=vault,state=live}"], 3030);
    assert.equal(series["bucketObjects{bucket=vault,state=live}"], 1010);
  });

  test("is taken from Backblaze's usage reports where they are, each read once", async (t) => {
    const { server, s3 } = await stage(t, "vault");
    await server.createBucket("b2-reports-0123");
    const report = (date: string, bytes: number) =>
      s3.putObject(
        { bucket: "b2-reports-0123", key: `${date}/usage.account-0123.csv` },
        Buffer.from(
          `date,bucket_id,bucket_name,downloaded_bytes,storage_byte_hours,api_txn_class_c\n${date},id,vault,0,${24 * bytes},5\n${date},,,0,${24 * bytes},5\n`,
        ),
      );
    await report("2026-11-18", 2.01e12);
    await report("2026-11-19", 2.01e12);
    await s3.putObject({ bucket: "b2-reports-0123", key: "2026-11-20/usage.account-0123.csv" }, Buffer.from("broken"));
    const config = configOf({
      destinations: {
        offsite: { type: "s3", endpoint: server.endpoint, bucket: "vault", account: "main", ...secrets },
      },
      accounts: { main: { card: "b2", reports: { account_id: "0123", endpoint: server.endpoint, ...secrets } } },
    });
    const first = await look(config);
    assert.match(first.problems?.join() ?? "", /2026-11-20\/usage\.account-0123\.csv: the usage report cannot be read/);
    const { buckets } = costFigures(config, first.ledger, noon);
    assert.equal(buckets[0]?.reportedUntil, Date.UTC(2026, 10, 20) / 1000);
    assert.ok(Math.abs((buckets[0]?.cost?.total ?? 0) - (6.95 * 2 * 2) / 30) < 1e-6, `${buckets[0]?.cost?.total}`);
    assert.equal(first.series["bucketReported{bucket=vault}"], Date.UTC(2026, 10, 20) / 1000);
    const again = await look(config, first.ledger, noon + day / 4);
    assert.equal(again.problems?.length, 1, "only what could not be read is read again");
    assert.equal(again.series["bucketCost{bucket=vault}"]?.toFixed(3), ((6.95 * 4) / 30).toFixed(3));
  });
});
