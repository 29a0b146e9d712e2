import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { drillResticPostgres } from "../../src/runners/drill-restic-postgres.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { rejectsWith } from "../support/failure.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import {
  backUpPostgres,
  drillPostgres,
  type PostgresStage,
  postgresContext,
  preparePostgres,
  removeLeftovers,
} from "../support/postgres-stage.ts";
import { sharedByTests } from "../support/shared.ts";

describe("drill.restic-postgres", { ...needs("postgres", "restic", "several restics"), concurrency: 1 }, () => {
  const shared = sharedByTests();
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres(shared);
    server.sql("CREATE DATABASE app TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    server.sql(
      "CREATE TABLE items AS SELECT i, md5(i::text) AS text, now() AS at FROM generate_series(1, 2000) AS i",
      "app",
    );
    server.sql(
      "CREATE TABLE words (word text PRIMARY KEY); INSERT INTO words VALUES ('Grüße'), ('a' || chr(10) || 'b')",
      "app",
    );
    server.sql(
      "CREATE VIEW latest AS SELECT max(at) FROM items; CREATE ROLE owner; ALTER TABLE items OWNER TO owner",
      "app",
    );
    server.sql("CREATE PUBLICATION everything FOR ALL TABLES", "app");
    server.sql("CREATE ROLE driller LOGIN CREATEDB; CREATE ROLE stranger LOGIN");
  });

  const programs = needs("restic").skip ? [] : resticPrograms();
  for (const { version, program } of programs) {
    describe(`with restic ${version}`, { concurrency: 1 }, () => restoring((t) => preparePostgres(t, program, server)));
  }
  const newest = programs.at(-1);
  describe("with any restic", { concurrency: 1 }, () => {
    // One backup for all of them, that not each has to make it.
    let stage: PostgresStage;
    before(async () => {
      stage = preparePostgres(shared as TestContext, newest?.program ?? "restic", server);
      await backUpPostgres(stage, { database: "app", globals: false });
    });
    using(() => stage);
  });
});

const sum = "SELECT md5(string_agg(items::text, ',' ORDER BY i)) FROM items";

/** What depends on how a restic gives a dump back. */
function restoring(stageOf: (t: TestContext) => PostgresStage): void {
  it("restores the newest dump into a database of its own, with the same data, and says how long that takes", async (t) => {
    const stage = stageOf(t);
    const { server } = stage;
    const backup = await backUpPostgres(stage, { database: "app", globals: false });
    const { evidence, message, bytes } = await drillPostgres(stage, {
      queries: [
        { name: "items", sql: "SELECT count(*) FROM items", expect: { at_least: 2000 } },
        { name: "sum", sql: sum, expect: { equals: server.sql(sum, "app") } },
        {
          name: "words",
          sql: "SELECT string_agg(word, ';' ORDER BY word) FROM words",
          expect: { equals: "Grüße;a\nb" },
        },
        { name: "newest", sql: "SELECT max FROM latest", expect: { newest_within: "1h" } },
        { name: "encoding", sql: "SHOW server_encoding", expect: { equals: "LATIN1" } },
      ],
    });
    assert.deepEqual(
      evidence.queries.map(({ name, met }) => [name, met]),
      [
        ["items", true],
        ["sum", true],
        ["words", true],
        ["newest", true],
        ["encoding", true],
      ],
    );
    assert.equal(evidence.snapshot_id, backup.evidence.snapshot_id);
    assert.deepEqual([evidence.tables, evidence.rows, evidence.database], [2, 2002, "app"]);
    assert.equal(bytes, backup.evidence.dumps[0]?.bytes);
    const { fetch_seconds, load_seconds, query_seconds, rto_seconds } = evidence;
    for (const seconds of [fetch_seconds, load_seconds, query_seconds]) assert.ok(seconds > 0);
    assert.equal(rto_seconds, fetch_seconds + load_seconds + query_seconds);
    assert.match(message ?? "", /^the dump of app in snapshot \w{8} of main restored in .*: 2 tables, 2002 rows, /);
    assertGone(stage);
  });

  it("finds out a dump that is cut off, or damaged within, although restic gives it back as it was stored", async (t) => {
    const stage = stageOf(t);
    const { evidence } = await backUpPostgres(stage, { database: "app", globals: false });
    const file = join(stage.base, "app.dump");
    const tags = "--tag=pantheros,job:nightly,path:postgresql:///app";
    const store = () =>
      execFileSync(stage.program, ["backup", "--quiet", "--host=web1", tags, "app.dump"], resticOptions(stage));
    writeFileSync(file, execFileSync(stage.program, ["dump", evidence.snapshot_id, "/app.dump"], resticOptions(stage)));
    truncateSync(file, readFileSync(file).length - 3000);
    store();
    await rejectsWith(drillPostgres(stage), "verification", /could not restore the dump .*end of file/);
    assertGone(stage);
    writeFileSync(file, "not a dump at all");
    store();
    await rejectsWith(drillPostgres(stage), "verification", /could not read the dump/);
    assertGone(stage);
    await drillPostgres(stage, { snapshot: evidence.snapshot_id.slice(0, 8) });
  });
}

/** What does not. */
function using(stageOf: () => PostgresStage): void {
  it("fails when an expectation is missed, and says what it found", async () => {
    const stage = stageOf();
    const queries = [
      { name: "items", sql: "SELECT count(*) FROM items", expect: { at_least: 2001 } },
      { name: "nothing", sql: "SELECT i FROM items WHERE false", expect: { at_most: 1 } },
    ];
    const error = await rejectsWith(
      drillPostgres(stage, { queries }),
      "verification",
      /items gives 2000, not at least 2001; nothing gives nothing/,
    );
    assert.deepEqual([error.details.evidence?.["tables"], error.details.evidence?.["rows"]], [2, 2002]);
    assertGone(stage);
  });

  it("lets queries read, one value each, and not for ever", async () => {
    const stage = stageOf();
    const ask = (sql: string) =>
      drillPostgres(stage, { queries: [{ sql, expect: { at_least: 1 } }], query_timeout: "1s" });
    await rejectsWith(
      ask("DELETE FROM items RETURNING 1"),
      "verification",
      /cannot execute DELETE in a read-only transaction/,
    );
    await rejectsWith(ask("SELECT i, text FROM items LIMIT 1"), "verification", /more than one value/);
    await rejectsWith(ask("SELECT nothing FROM nowhere"), "verification", /relation "nowhere" does not exist/);
    await rejectsWith(ask("SELECT pg_sleep(60)"), "timeout", /statement timeout/);
    assertGone(stage);
  });

  it("loads in parallel, with a role that owns nothing but the right to create databases", async () => {
    const stage = stageOf();
    const server = { ...stage.connection, user: "driller" };
    const { evidence } = await drillPostgres(stage, { server, jobs: 3 });
    assert.equal(evidence.tables, 2);
    assertGone(stage);
    const stranger = { ...stage.connection, user: "stranger" };
    const error = await rejectsWith(
      drillPostgres(stage, { server: stranger }),
      "auth",
      /permission denied to create database/,
    );
    assert.match(error.details.advice ?? "", /CREATEDB/);
    assertGone(stage);
  });

  it("lets nobody else into the database while it is there", async () => {
    const stage = stageOf();
    let access = "";
    const execute = postgresContext(stage).context.execute;
    await drillPostgres(
      stage,
      { queries: [{ sql: "SELECT 1", expect: { equals: 1 } }] },
      {
        execute: async (call) => {
          const result = await execute(call);
          const [name] = temporary(stage);
          if (name !== undefined && call.argv.some((word) => word.includes("SELECT 1")))
            access = stage.server.sql(
              `SELECT has_database_privilege('stranger', '${name}', 'CONNECT'), datconnlimit FROM pg_database WHERE datname = '${name}'`,
            );
          return result;
        },
      },
    );
    assert.equal(access, "f|2");
  });

  it("is stopped in the middle, and what it leaves is removed by what it has journaled, also a second time", async () => {
    const stage = stageOf();
    const stop = new AbortController();
    const queries = [{ sql: "SELECT pg_sleep(60)::text", expect: { equals: "" } }];
    const running = drillPostgres(stage, { queries }, { signal: stop.signal });
    const cancelled = rejectsWith(running, "cancelled", /./);
    await eventually(
      "the query to run",
      () => stage.server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") !== "0",
    );
    stop.abort();
    await cancelled;
    assert.equal(temporary(stage).length, 1);
    assert.equal(stage.leftovers.size, 1);
    assert.doesNotMatch(JSON.stringify([...stage.leftovers.values()]), /opensesame|hunter2/);
    await removeLeftovers(stage);
    assert.deepEqual(temporary(stage), []);
    await removeLeftovers(stage);
    stage.leftovers.clear();
  });

  it("removes a database although somebody is connected to it, and no other database than its own", async () => {
    const stage = stageOf();
    const { context } = postgresContext(stage);
    const server = JSON.stringify(stage.connection);
    const remove = (database: string) =>
      Promise.resolve(drillResticPostgres.removeLeftover?.({ database, server }, context));
    for (const other of [
      "app",
      "postgres",
      "pantheros_drill_",
      'pantheros_drill_0123456789abcdef"; DROP DATABASE app; --',
    ]) {
      await rejectsWith(remove(other), "config", /no temporary database of ours/);
    }
    await remove("pantheros_drill_0123456789abcdef");
    assert.ok(stage.server.databases().includes("app"));
  });

  it("tells that the scratch folder is full before it writes into it", needs("root"), async (t) => {
    const stage = stageOf();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", stage.scratch]);
    t.after(() => execFileSync("umount", ["--lazy", stage.scratch]));
    await rejectsWith(drillPostgres(stage), "space", /do not fit into/);
    assertGone(stage);
  });

  it("says what there is when nothing fits", async () => {
    const stage = stageOf();
    const error = await rejectsWith(
      drillPostgres(stage, { database: "other" }),
      "source",
      /no dump of the database other/,
    );
    assert.match(error.details.advice ?? "", /there are dumps of app/);
    await rejectsWith(drillPostgres(stage, { backup_of: "another" }), "source", /no dump of a PostgreSQL database/);
    await rejectsWith(drillPostgres(stage, { snapshot: "ffffffff" }), "source", /no dump/);
  });

  it("restores nothing in a dry run", async () => {
    const stage = stageOf();
    const { message, evidence } = await drillPostgres(stage, {}, { dryRun: true });
    assert.match(message ?? "", /^would restore the dump of app in snapshot/);
    assert.equal(evidence.rto_seconds, 0);
    assert.equal(stage.leftovers.size, 0);
  });
}

function temporary({ server }: PostgresStage): readonly string[] {
  return server.databases().filter((name) => name.startsWith("pantheros_drill_"));
}

function assertGone(stage: PostgresStage): void {
  assert.deepEqual(temporary(stage), []);
  assert.deepEqual([...stage.leftovers.values()], []);
}

function resticOptions(stage: PostgresStage) {
  const { main } = stage.repositories as { main: { repository: string } };
  return {
    cwd: stage.base,
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      RESTIC_REPOSITORY: main.repository,
      RESTIC_PASSWORD: "hunter2 hunter2",
      RESTIC_CACHE_DIR: join(stage.base, "cache"),
    },
  } as const;
}
