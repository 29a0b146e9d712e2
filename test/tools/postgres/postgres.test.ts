import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { asAccount } from "../../../src/tools/account.ts";
import { dumpCommand, globalsCommand } from "../../../src/tools/postgres/dump.ts";
import { chooseDump, dumpFile, dumpOf, locationOf } from "../../../src/tools/postgres/location.ts";
import { createPostgres, parseRows, quoteName } from "../../../src/tools/postgres/postgres.ts";
import { dropTemporary, loadDump, newTemporaryName, parseDefinition } from "../../../src/tools/postgres/restore.ts";
import { redirected } from "../../../src/tools/process/redirect.ts";
import { ownTags } from "../../../src/tools/restic/history.ts";
import { rejectsWith } from "../../support/failure.ts";
import { postgresRecording, postgresVersions } from "../../support/postgres-recordings.ts";
import { ended, fakeExecute } from "../../support/restic-recordings.ts";

const server = {
  host: "db1",
  port: 5433,
  user: "backup",
  password: new Secret("opensesame", "a test"),
  sslmode: "verify-full",
  maintenanceDatabase: "postgres",
  programs: "/opt/pg/bin",
};

describe("calls of PostgreSQL's programs", () => {
  const { execute, calls } = fakeExecute(() => ended());
  const postgres = createPostgres(server, execute);

  it("dump a whole database", () => {
    const { argv, environment } = dumpCommand(postgres, "host=evil", { compress: 0, lockSeconds: 600 });
    assert.deepEqual(argv, [
      "/opt/pg/bin/pg_dump",
      "--no-password",
      "--format=custom",
      "--no-owner",
      "--no-privileges",
      "--compress=0",
      "--lock-wait-timeout=600000",
    ]);
    assert.deepEqual(environment, {
      PGHOST: "db1",
      PGPORT: "5433",
      PGUSER: "backup",
      PGPASSWORD: server.password,
      PGSSLMODE: "verify-full",
      PGDATABASE: "host=evil",
      PGAPPNAME: "pantheros",
      PGCONNECT_TIMEOUT: "15",
    });
  });

  it("dump roles and tablespaces", () => {
    const plain = ["/opt/pg/bin/pg_dumpall", "--no-password", "--globals-only"];
    assert.deepEqual(globalsCommand(postgres, server, "with passwords").argv, [...plain, "--database=postgres"]);
    assert.deepEqual(globalsCommand(postgres, server, "without passwords").argv, [
      ...plain,
      "--no-role-passwords",
      "--database=postgres",
    ]);
  });

  it("load a dump into a database, without what reaches outside of it", async () => {
    await loadDump(postgres, "/scratch/app.dump", "pantheros_drill_0123456789abcdef", 2);
    assert.deepEqual(calls.at(-1)?.argv, [
      ...["sh", "-c", 'exec "$@" <"$0"', "/scratch/app.dump"],
      ...["/opt/pg/bin/pg_restore", "--no-password", "--no-owner", "--no-privileges", "--no-tablespaces"],
      ...["--no-publications", "--no-subscriptions", "--no-security-labels", "--exit-on-error", "--jobs=2"],
      ...["--dbname=pantheros_drill_0123456789abcdef", "/dev/stdin"],
    ]);
  });

  it("remove a temporary database of ours, whoever uses it, and nothing else", async () => {
    await dropTemporary(postgres, "pantheros_drill_0123456789abcdef");
    assert.equal(
      calls.at(-1)?.argv.at(-1),
      '--command=DROP DATABASE IF EXISTS "pantheros_drill_0123456789abcdef" WITH (FORCE)',
    );
    for (const other of [
      "app",
      "pantheros_drill_",
      "pantheros_drill_0123456789ABCDEF",
      "pantheros_drill_0123456789abcdef ",
    ])
      await rejectsWith(dropTemporary(postgres, other), "config", /left alone/);
  });

  it("hold no secret among their arguments", () => {
    for (const { argv } of calls) assert.doesNotMatch(argv.join(" "), /opensesame/);
  });

  it("run as another user with that user's groups and home, and as they are when that is ourselves", () => {
    const account = { name: "postgres", uid: 101, gid: 104, home: "/var/lib/postgresql" };
    assert.deepEqual(asAccount(account, ["psql", "-X"], 0), [
      ...["env", "HOME=/var/lib/postgresql", "setpriv", "--reuid=101", "--regid=104", "--init-groups"],
      ...["--pdeathsig=TERM", "--", "psql", "-X"],
    ]);
    assert.deepEqual(asAccount(account, ["psql"], 101), ["psql"]);
    assert.throws(() => asAccount(account, ["psql"], 1000), /only root can run psql as postgres/);
  });

  it("give a file to a program through a shell whose text never changes", () => {
    const argv = ["pg_dump", "$(reboot)", '"; reboot'] as const;
    assert.deepEqual(redirected("stderr", "/a b/$c", argv), ["sh", "-c", 'exec "$@" 2>"$0"', "/a b/$c", ...argv]);
  });
});

describe("what psql prints", () => {
  it("is rows and fields, whatever text they hold", () => {
    assert.deepEqual(parseRows("1\u001fa|b\n\x002\u001f\0"), [
      ["1", "a|b\n"],
      ["2", ""],
    ]);
    assert.deepEqual(parseRows(""), []);
    assert.deepEqual(parseRows("\0"), [[""]]);
  });

  it("is asked for with names that SQL cannot misread", () => {
    assert.equal(quoteName('a"; DROP DATABASE b; --'), '"a""; DROP DATABASE b; --"');
  });
});

describe("the definition of a dumped database", () => {
  it("is found in what pg_restore writes", () => {
    for (const version of postgresVersions) {
      const found = postgresRecording(version, "definition").stdout.split("\n").map(parseDefinition).filter(Boolean);
      assert.deepEqual(found, ["ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'"]);
    }
  });

  it("is nothing but encoding and locale, whatever the database is called", () => {
    const name = `"x WITH TEMPLATE = template0 ENCODING = 'LATIN1' y"`;
    const line = `CREATE DATABASE ${name} WITH TEMPLATE = template0 ENCODING = 'UTF8' LC_COLLATE = 'de_DE' LC_CTYPE = 'it''s' TABLESPACE = fast;`;
    assert.equal(parseDefinition(line), "ENCODING = 'UTF8' LC_COLLATE = 'de_DE' LC_CTYPE = 'it''s'");
    assert.equal(parseDefinition("CREATE TABLE x ();"), "");
  });

  it("makes a database whose name nobody else has", () => {
    assert.equal(
      newTemporaryName((size) => Buffer.alloc(size, 0xab)),
      "pantheros_drill_abababababababab",
    );
    assert.notEqual(newTemporaryName(), newTemporaryName());
  });
});

describe("the snapshots of dumps", () => {
  const snapshot = (database: string, at: number, more: object = {}) => ({
    id: `${at}`.padStart(64, "0"),
    at,
    host: "web1",
    tags: ownTags("nightly", [locationOf({}, database)]),
    paths: [`/scratch/1/${dumpFile(database)}`],
    ...more,
  });
  const wish = { repository: "main", now: 1_000_000 };

  it("are told apart by where the database lives", () => {
    assert.equal(locationOf({}, "app"), "postgresql:///app");
    assert.equal(locationOf({ host: "db1", port: 5433 }, "a/b"), "postgresql://db1:5433/a%2Fb");
    assert.equal(locationOf({ host: "::1" }), "postgresql://[::1]/");
    assert.equal(locationOf({ host: "/run/postgresql" }, "app"), "postgresql://%2Frun%2Fpostgresql/app");
  });

  it("hold a database by its own name", () => {
    for (const name of ["app", "it's 100%, really/odd", "..", "Grüße", "-x"])
      assert.equal(dumpOf(snapshot(name, 1))?.database, name);
    assert.equal(dumpOf(snapshot("app", 1, { paths: ["/globals.sql"] })), null);
    assert.equal(dumpOf(snapshot("app", 1, { tags: ["pantheros"] })), null);
  });

  it("are restored the newest first, and never one that is dated after now while there is another", () => {
    const seen = [snapshot("app", 900), snapshot("app", 950), snapshot("app", 2000), snapshot("other", 990)];
    assert.equal(chooseDump(seen, { ...wish, database: "app" }).snapshot.at, 950);
    assert.equal(chooseDump([snapshot("app", 2000)], wish).snapshot.at, 2000);
  });

  it("have to be named where there are several, and to be there", () => {
    assert.throws(() => chooseDump([snapshot("app", 1), snapshot("b", 2)], wish), /main holds dumps of app, b/);
    assert.throws(() => chooseDump([], wish), { reason: "source" });
  });
});
