import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { needs, resticPrograms } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { rejectsWith } from "../support/failure.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { backUpPostgres, type PostgresStage, preparePostgres, serverPassword } from "../support/postgres-stage.ts";
import { list } from "../support/restic-stage.ts";
import { sharedByTests } from "../support/shared.ts";

const odd = "it's 100%, really/odd";

describe("backup.postgres", { ...needs("postgres", "restic", "several restics"), concurrency: 1 }, () => {
  const shared = sharedByTests();
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres(shared);
    for (const name of ["app", "bare", "large"]) server.sql(`CREATE DATABASE ${name}`);
    server.sql(`CREATE DATABASE "${odd}" TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`);
    server.sql("CREATE TABLE small AS SELECT i, md5(i::text) AS text FROM generate_series(1, 2000) AS i", "app");
    server.sql("CREATE TABLE small AS SELECT convert_from('\\xe9', 'SQL_ASCII') AS no_utf8", odd);
    const rows = "SELECT i, repeat(md5(i::text), 10) AS text FROM generate_series(1, 200000) AS i";
    server.sql(`CREATE TABLE large AS ${rows}`, "large");
    server.sql("CREATE ROLE stranger LOGIN");
  });

  const programs = needs("restic").skip ? [] : resticPrograms();
  for (const { version, program } of programs) {
    describe(`with restic ${version}`, { concurrency: 1 }, () => storing((t) => preparePostgres(t, program, server)));
  }
  const [oldest] = programs;
  const newest = programs.at(-1);
  describe("with any restic", { concurrency: 1 }, () => {
    asking((t) => preparePostgres(t, newest?.program ?? "restic", server));
    tight((t) => preparePostgres(t, oldest?.program ?? "restic", server));
  });
});

/** What depends on how a restic takes a dump in. */
function storing(stageOf: (t: TestContext) => PostgresStage): void {
  it("stores each database and the globals as a snapshot of its own, proves them, and leaves no dump and no secret about", async (t) => {
    const stage = stageOf(t);
    const server = { ...stage.connection, host: "127.0.0.1", password: serverPassword };
    const { evidence, message, files } = await backUpPostgres(stage, {
      databases: [odd, "bare"],
      server,
      verify: true,
    });
    assert.deepEqual(
      evidence.dumps.map(({ database, tables }) => [database, tables]),
      [
        [odd, 1],
        ["bare", 0],
      ],
    );
    assert.deepEqual([evidence.globals, evidence.verified, files], ["with passwords", true, 3]);
    assert.match(
      message ?? "",
      /^2 databases and the globals, .* in main as snapshot \w{8}; bare without a single table/,
    );
    const seen = list(stage);
    assert.deepEqual(seen.map(({ id }) => id).toSorted(), evidence.snapshot_ids.toSorted());
    assert.equal(evidence.snapshot_id, evidence.dumps.at(-1)?.snapshot_id);
    const place = `path:postgresql://127.0.0.1:${stage.server.port}/`;
    assert.deepEqual(
      seen.map(({ tags }) => tags?.find((tag) => tag.startsWith("path:"))?.replace(place, "")),
      ["", "it's%2520100%2525%252C%2520really%252Fodd", "bare"],
    );
    const globals = stage.restic("dump", evidence.snapshot_ids[0] ?? "", "/globals.sql");
    assert.match(globals, /CREATE ROLE stranger;[\s\S]*dump complete/);
    assert.doesNotMatch(stage.started.flat().join(" "), /opensesame|hunter2/);
    const left = readdirSync(stage.scratch).flatMap((folder) => readdirSync(join(stage.scratch, folder)));
    assert.deepEqual(
      left.filter((file) => !file.endsWith(".errors")),
      [],
    );
  });

  it("stores nothing when the connection is cut in mid-dump", async (t) => {
    const stage = stageOf(t);
    const running = backUpPostgres(stage, { database: "large", globals: false });
    const failed = rejectsWith(running, "network", /closed the connection|terminating connection/);
    await inTheMiddle(stage, (pid) => stage.server.sql(`SELECT pg_terminate_backend(${pid})`));
    const error = await failed;
    assert.match(error.message, /could not dump the database large: Dumping the contents of table "large" failed: /);
    assert.deepEqual(listOrNone(stage), []);
  });

  it("stores nothing when it is cancelled in mid-dump, and leaves no connection", async (t) => {
    const stage = stageOf(t);
    const stop = new AbortController();
    const running = backUpPostgres(stage, { database: "large", globals: false }, { signal: stop.signal });
    const cancelled = rejectsWith(running, "cancelled", /./);
    await inTheMiddle(stage, () => stop.abort());
    await cancelled;
    assert.deepEqual(listOrNone(stage), []);
    await eventually("the server to notice", () => dumpsOf(stage).length === 0);
  });

  it("takes a dump out again that is implausibly small, unless that is accepted", async (t) => {
    const stage = stageOf(t);
    const options = { database: "bare", globals: false };
    const { evidence } = await backUpPostgres(stage, options);
    const [good] = evidence.dumps;
    const before = { ...evidence, dumps: [{ ...good, bytes: 10 * (good?.bytes ?? 0) }] };
    const past = { bytes: null, files: null, evidence: before, runId: "before", startedAt: 0, finishedAt: 0 };
    const more = { history: () => [past] };
    const error = await rejectsWith(backUpPostgres(stage, options, more), "verification", /implausibly small/);
    assert.match(error.message, /its snapshot \w{8} was taken out of main$/);
    assert.deepEqual(
      list(stage).map(({ id }) => id),
      evidence.snapshot_ids,
    );
    await backUpPostgres(stage, { ...options, minimum_ratio: 0 }, more);
    assert.equal(list(stage).length, 2);
  });

  it("runs pg_dump as another user, who gets to see nothing of restic's", needs("root"), async (t) => {
    const stage = stageOf(t);
    const programs = join(stage.base, "programs");
    mkdirSync(programs);
    chmodSync(stage.base, 0o755);
    for (const program of ["psql", "pg_dump"]) {
      const says = program === "psql" ? "printf '1\\037500\\0'" : 'id -un; echo "$HOME $PGDATABASE"; env';
      writeFileSync(
        join(programs, program),
        `#!/bin/sh\n[ "$1" = --version ] && echo "$0 (PostgreSQL) 15.0" || { ${says}; }\n`,
        { mode: 0o755 },
      );
    }
    const { evidence } = await backUpPostgres(stage, {
      database: "app",
      globals: false,
      server: { programs, run_as: "nobody" },
    });
    const said = stage.restic("dump", evidence.snapshot_id, "/app.dump");
    assert.match(said, /^nobody\n\/nonexistent app\n/);
    assert.doesNotMatch(said, /RESTIC_PASSWORD|hunter2/);
  });
}

/** What does not. */
function asking(stageOf: (t: TestContext) => PostgresStage): void {
  it("finds all databases by itself, but no templates and no drill of ours", async (t) => {
    const stage = stageOf(t);
    const { message } = await backUpPostgres(stage, { databases: "all", globals: false }, { dryRun: true });
    assert.equal(message, `would dump app, bare, ${odd}, large, postgres into main`);
    stage.server.sql("CREATE DATABASE pantheros_drill_0123456789abcdef");
    t.after(() => stage.server.sql("DROP DATABASE pantheros_drill_0123456789abcdef"));
    const again = await backUpPostgres(stage, { databases: "all", globals: false }, { dryRun: true });
    assert.equal(again.message, message);
  });

  it("refuses a wrong password as auth, a server that is not there as network, a database that is not as source", async (t) => {
    const stage = stageOf(t);
    const wrong = { ...stage.connection, host: "127.0.0.1", password: { file: "/another" } };
    await rejectsWith(
      backUpPostgres(stage, { database: "app", server: wrong }),
      "auth",
      /password authentication failed/,
    );
    const away = { ...stage.connection, port: 1 };
    await rejectsWith(
      backUpPostgres(stage, { databases: "all", server: away }),
      "network",
      /Connection refused|No such file/,
    );
    await rejectsWith(
      backUpPostgres(stage, { database: "nowhere", globals: false }),
      "source",
      /database "nowhere" does not exist/,
    );
    assert.deepEqual(listOrNone(stage), []);
  });

  it("stores the others when one of several fails, and is partial", async (t) => {
    const stage = stageOf(t);
    const options = { databases: ["nowhere", "bare"], globals: false };
    const { outcome, reason, evidence, message } = await backUpPostgres(stage, options);
    assert.deepEqual([outcome, reason, evidence.dumps.length], ["partial", "source", 1]);
    assert.match(message ?? "", /bare, .*, but could not look at the database nowhere/);
  });

  it("leaves the passwords of roles out where it may not read them, and says so", async (t) => {
    const stage = stageOf(t);
    const { evidence, message } = await backUpPostgres(stage, {
      database: "bare",
      server: { ...stage.connection, user: "stranger" },
    });
    assert.equal(evidence.globals, "without passwords");
    assert.match(message ?? "", /the roles without their passwords/);
    const server = { ...stage.connection, user: "stranger" };
    const error = await rejectsWith(
      backUpPostgres(stage, { database: "app", globals: false, server }),
      "source",
      /permission denied for table small/,
    );
    assert.match(error.details.advice ?? "", /pg_read_all_data/);
  });

  it("does nothing in a dry run but to look", async (t) => {
    const stage = stageOf(t);
    const { message } = await backUpPostgres(stage, { databases: ["app", "bare"] }, { dryRun: true });
    assert.equal(message, "would dump app, bare and the globals into main");
    assert.ok(!readdirSync(stage.base).includes("repository"));
    await rejectsWith(backUpPostgres(stage, { database: "nowhere" }, { dryRun: true }), "source", /nowhere/);
  });
}

/** What only an old restic does: the dump lies on a disk for a while. */
function tight(stageOf: (t: TestContext) => PostgresStage): void {
  it("tells that the scratch folder is full, where a dump has to lie there", needs("root"), async (t) => {
    const stage = stageOf(t);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", stage.scratch]);
    stage.cleanups.push(() => execFileSync("umount", ["--lazy", stage.scratch]));
    const running = backUpPostgres(stage, { database: "large", globals: false });
    await rejectsWith(running, "space", /No space left on device/);
    assert.deepEqual(listOrNone(stage), []);
  });
}

/** Without a repository there are none. */
function listOrNone(stage: PostgresStage) {
  return readdirSync(stage.base).includes("repository") ? list(stage) : [];
}

function dumpsOf(stage: PostgresStage): string[] {
  const seen = stage.server.sql(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'pantheros' AND query LIKE 'COPY%'",
  );
  return seen.split("\n").filter(Boolean);
}

async function inTheMiddle(stage: PostgresStage, then: (pid: string) => unknown): Promise<void> {
  const [pid = ""] = await eventually("pg_dump to copy a table", () => {
    const pids = dumpsOf(stage);
    return pids.length > 0 ? pids : null;
  });
  await then(pid);
}
