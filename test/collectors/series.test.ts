import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { declaredSeries } from "../../src/collectors/declared/series.ts";
import { bounded, series } from "../../src/collectors/series.ts";
import type { Config } from "../../src/config/schema.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { s3Client, startS3 } from "../support/s3.ts";
import { configOf, readable } from "./ledger.ts";

const upload = (prefix: string) => ({ uses: "backup.rclone", from: "/srv", to: "b2", prefix });
const jobs = {
  db: {
    steps: [
      upload("db-${run.timestamp}"),
      upload("by-time/${run.timestamp}/dump"),
      { uses: "archive.btrfs-send", subvolume: "home", to: "b2", prefix: "archives" },
    ],
  },
};

async function look(config: Config, more: Partial<CollectorContext> = {}) {
  const context = {
    config,
    signal: new AbortController().signal,
    readSecret: () => new Secret("x", "a test"),
    now: 0,
    ...more,
  };
  const { samples, artifacts = [], problems = [] } = await series.collect(context as CollectorContext);
  return { counts: readable(samples), artifacts, problems };
}

const configAt = (place: object) =>
  configOf({ retention: { short: { daily: 3 } }, destinations: { b2: { retention: "short", ...place } }, jobs });

const objects = [
  "db-20261120T020000Z/dump.sql",
  "db-20261121T020000Z/dump.sql",
  "db-20261121T020000Z/more.sql",
  "db-20260231T020000Z/dump.sql",
  "db-latest/dump.sql",
  "db-20261122T020000Z",
  "by-time/20261121T020000Z/dump/x",
  "archives/testhost/2026/11/home-20261101T020000Z-full.btrfs.zst",
  "archives/testhost/2026/11/home-20261101T020000Z-full.btrfs.zst.json",
  "archives/testhost/2026/11/home-20261102T020000Z-incr.btrfs.zst",
  "archives/testhost/2026/11/other-20261102T020000Z-full.btrfs.zst",
  "archives/testhost/2026/11/other-20261102T020000Z-full.btrfs.zst.json",
  "archives/elsewhere/2026/11/home-20261101T020000Z-full.btrfs.zst",
];
const seen = (prefix: string) => [
  { subject: "b2", name: `${prefix}db-20261120T020000Z`, at: Date.UTC(2026, 10, 20, 2) / 1000, group: "db-" },
  { subject: "b2", name: `${prefix}db-20261121T020000Z`, at: Date.UTC(2026, 10, 21, 2) / 1000, group: "db-" },
  { subject: "b2", name: `${prefix}by-time/20261121T020000Z`, at: Date.UTC(2026, 10, 21, 2) / 1000, group: "by-time/" },
  {
    subject: "b2",
    name: `${prefix}${objects[7]}`,
    at: Date.UTC(2026, 10, 1, 2) / 1000,
    group: "archives/testhost/home",
  },
];
const counted = {
  "destinationSeries{destination=b2,series=db-}": 2,
  "destinationSeries{destination=b2,series=by-time/}": 1,
  "destinationSeries{destination=b2,series=archives/testhost/home}": 1,
};

describe("the collector series", () => {
  const fill = (t: TestContext) => {
    const path = temporaryDirectory(t);
    for (const name of objects) {
      mkdirSync(join(path, dirname(name)), { recursive: true });
      writeFileSync(join(path, name), "x");
    }
    return path;
  };

  it("finds folders by the time in their names, and archives that have their manifest, in a folder", async (t) => {
    const { counts, artifacts, problems } = await look(configAt({ type: "local", path: fill(t) }));
    assert.deepEqual(problems, []);
    assert.deepEqual(artifacts, seen(""));
    assert.deepEqual(counts, counted);
  });

  it("finds the same in a bucket, below the destination's own prefix", needs("s3"), async (t) => {
    const server = await startS3(t);
    await server.createBucket("backups");
    const client = s3Client(t, server);
    for (const name of objects) await client.putObject({ bucket: "backups", key: `host/${name}` }, Buffer.from("x"));
    const secret = { environment: "X" };
    const place = { type: "s3", endpoint: server.endpoint, bucket: "backups", prefix: "host" };
    const config = configAt({ ...place, access_key_id: secret, secret_access_key: secret });
    const { counts, artifacts, problems } = await look(config);
    assert.deepEqual(problems, []);
    assert.deepEqual(artifacts, seen("host/"));
    assert.deepEqual(counts, counted);
  });

  it("counts nothing where a series holds nothing yet, which is not unknown", async (t) => {
    const { counts } = await look(configAt({ type: "local", path: temporaryDirectory(t) }));
    assert.deepEqual(Object.values(counts), [0, 0, 0]);
  });

  it("says that a destination is not there, and counts nothing of it", async (t) => {
    const { counts, problems } = await look(configAt({ type: "local", path: join(temporaryDirectory(t), "gone") }));
    assert.deepEqual(counts, {});
    assert.match(problems[0] ?? "", /^b2, db-: .*gone/);
  });

  it("names a destination whose credentials cannot be read", async () => {
    const secret = { environment: "X" };
    const config = configAt({
      type: "s3",
      endpoint: "http://127.0.0.1:1",
      bucket: "b",
      access_key_id: secret,
      secret_access_key: secret,
    });
    const readSecret = () => {
      throw new StepError("auth", "it is not there");
    };
    const { problems } = await look(config, { readSecret });
    assert.deepEqual(problems, ["b2: access_key_id of the destination b2: it is not there"]);
  });

  it("gives up what has no end: too many names are incomplete, not few", async () => {
    async function* endless() {
      for (let index = 0; ; index += 1) yield index;
    }
    let last = -1;
    const read = async () => {
      for await (const item of bounded(endless())) last = item;
    };
    await assert.rejects(read, /more than 20000 names: the listing was given up, it is incomplete/);
    assert.equal(last, 19_999);
  });

  it("asks for nothing where no retention is promised", async () => {
    const config = configOf({ destinations: { b2: { type: "local", path: "/nonexistent" } }, jobs });
    assert.deepEqual(await look(config), { counts: {}, artifacts: [], problems: [] });
  });
});

describe("the series that a configuration declares", () => {
  const names = (...steps: object[]) => declaredSeries(configOf({ jobs: { job: { steps } } })).map(({ name }) => name);

  it("are what stands before the time of the run", () => {
    assert.deepEqual(names(upload("a/${host}-${run.job}-${run.timestamp}")), ["a/testhost-job-"]);
    assert.deepEqual(names(upload("${run.timestamp}")), [""]);
  });

  it("are not what has no time, or something behind it, or before it what only a run knows", () => {
    assert.deepEqual(names(upload("db"), upload("db-${run.timestamp}-x"), upload("${a.b}-${run.timestamp}")), []);
  });

  it("are also what is pruned, wherever it is made", () => {
    const prune = { uses: "prune.objects", destination: "b2" };
    assert.deepEqual(names({ ...prune, prefix: "x-" }, { ...prune, archives: "home", host: "q" }), ["x-", "q/home"]);
  });

  it("are archives by the name of step, subvolume or snapshot", () => {
    const send = { uses: "archive.btrfs-send", to: "b2" };
    const snap = { id: "snap", uses: "snapshot.btrfs", subvolume: "root" };
    const all = [
      snap,
      { ...send, name: "n", subvolume: "s" },
      { ...send, subvolume: "s" },
      { ...send, snapshot: "${snap.path}" },
    ];
    assert.deepEqual(names(...all), ["testhost/n", "testhost/s", "testhost/root"]);
    assert.deepEqual(names({ ...send, snapshot: "/s/home.20261121T000000Z" }, { ...send, snapshot: "${x.path}" }), [
      "testhost/home",
      "testhost",
    ]);
  });
});
