import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../../../src/model/run/outcome.ts";
import { deniesRolePasswords, postgresFailure } from "../../../src/tools/postgres/failure.ts";
import { postgresCases, postgresRecording, postgresVersions } from "../../support/postgres-recordings.ts";

/** Every recorded case that ended badly, and what it means. */
const reasons: Readonly<Record<string, Reason>> = {
  "check-empty": "unknown",
  "check-flipped": "oom",
  "check-garbage": "unknown",
  "check-text": "unknown",
  "check-truncated": "unknown",
  "create-refused": "auth",
  damaged: "source",
  "database-missing": "source",
  "database-missing-dump": "source",
  "dump-newer": "config",
  "globals-permission": "source",
  "host-refused": "auth",
  "load-database-missing": "source",
  "load-terminated": "network",
  "load-truncated": "unknown",
  "load-twice": "unknown",
  "locale-missing": "config",
  "lock-timeout": "timeout",
  "no-password": "auth",
  "no-such-host": "network",
  "peer-refused": "auth",
  "permission-table": "source",
  "query-cancelled": "killed",
  "query-wrong": "unknown",
  "read-only": "unknown",
  refused: "network",
  "refused-dump": "network",
  "role-missing-peer": "auth",
  "server-crashed": "network",
  "server-newer": "config",
  "server-newer-globals": "config",
  "shutting-down": "network",
  "socket-missing": "network",
  space: "space",
  "ssl-refused": "config",
  "statement-timeout": "timeout",
  terminated: "network",
  "too-many-connections": "throttled",
  "wrong-password": "auth",
  "wrong-password-dump": "auth",
};

describe("recorded failures of PostgreSQL's programs", () => {
  it("are of the versions 15 and 17", () => {
    assert.deepEqual(
      postgresVersions.map((version) => version.split(".")[0]),
      ["15", "17"],
    );
  });

  for (const version of postgresVersions) {
    describe(version, () => {
      for (const name of postgresCases(version)) {
        const end = postgresRecording(version, name);
        if (end.exitCode === 0) continue;
        it(`${name} is ${reasons[name]}`, () => {
          const failure = postgresFailure({ task: "do it", ...end });
          assert.equal(failure.reason, reasons[name], end.stderr);
          assert.match(failure.message, /^could not do it: \S/);
          assert.doesNotMatch(failure.message, /error: |FATAL|Query was|Command was|\n/);
          assert.ok(failure.details.advice);
        });
      }
    });
  }

  it("name table and cause of a dump that was cut off", () => {
    const { message } = postgresFailure({ task: "dump app", ...postgresRecording("17.11", "terminated") });
    assert.equal(
      message,
      'could not dump app: Dumping the contents of table "large" failed: terminating connection due to administrator command',
    );
  });

  it("tell both versions and what to install when the server is newer", () => {
    const { message, details } = postgresFailure({ task: "dump app", ...postgresRecording("15.18", "server-newer") });
    assert.match(message, /server version: 17\.11 .*; pg_dump version: 15\.18/);
    assert.match(details.advice ?? "", /postgresql-client of the server's version/);
  });

  it("tell the passwords of roles from other things that may not be read", () => {
    for (const version of postgresVersions) {
      const of = (name: string) => postgresFailure({ task: "dump", ...postgresRecording(version, name) });
      assert.equal(deniesRolePasswords(of("globals-permission")), true);
      assert.equal(deniesRolePasswords(of("permission-table")), false);
    }
  });
});

describe("failures of PostgreSQL's programs in general", () => {
  const reasonOf = (stderr: string, more: object = {}) =>
    postgresFailure({ task: "x", exitCode: 1, signal: null, stderr, ...more }).reason;

  it("are not taken from names, from warnings, or from the statement that failed", () => {
    assert.equal(reasonOf('pg_dump: error: schema "connection refused" is odd'), "unknown");
    assert.equal(reasonOf("pg_dump: warning: no space left on device\npg_dump: error: odd"), "unknown");
    assert.equal(
      reasonOf("pg_dump: error: query failed: ERROR:  odd\npg_dump: detail: Query was: SELECT 'out of memory'"),
      "unknown",
    );
    assert.equal(reasonOf("ERROR:  odd\nLINE 1: SELECT 'connection refused'"), "unknown");
  });

  for (const [reason, ...said] of [
    ["space", "disk quota exceeded", 'could not extend file "base/1/2"'],
    ["oom", "cannot allocate memory"],
    ["tool_missing", "Error: You must install at least one postgresql-client-<version> package"],
    ["config", 'invalid sslmode value: "odd"', "could not create locale"],
    ["auth", 'role "x" is not permitted to log in', 'permission denied for database "x"'],
    [
      "source",
      ...[
        'could not read block 1 in file "x"',
        "missing chunk number 0 for toast value 1",
        "unexpected chunk number 1",
      ],
      ...["cache lookup failed for relation 1", "compressed pglz data is corrupt"],
      "canceling statement due to conflict with recovery",
    ],
    ["throttled", "sorry, too many clients already", "remaining connection slots are reserved"],
    ["timeout", "canceling statement due to lock timeout"],
    [
      "network",
      ...["Connection refused", "the database system is starting up", "the database system is in recovery mode"],
      ...["the database system is not accepting connections", "Connection timed out", "timeout expired"],
      ...["SSL error: unexpected eof", "SSL SYSCALL error: EOF detected", "certificate verify failed"],
      ...["Network is unreachable", "No route to host", "Connection reset by peer", "Broken pipe"],
      "could not receive data from server",
    ],
  ] satisfies readonly [Reason, ...string[]][]) {
    for (const words of said) {
      it(`are ${reason} when it says ${words}`, () => assert.equal(reasonOf(`pg_dump: error: ${words}`), reason));
    }
  }

  it("come with the advice for what was said, else for the reason, else with where to look", () => {
    const advice = (words: string) =>
      postgresFailure({ task: "x", exitCode: 1, signal: null, stderr: `pg_dump: error: ${words}` }).details.advice;
    assert.match(advice("permission denied to create database") ?? "", /CREATEDB/);
    assert.match(advice("password authentication failed") ?? "", /pg_hba\.conf/);
    assert.match(advice("canceling statement due to conflict with recovery") ?? "", /max_standby_streaming_delay/);
    assert.match(advice("odd") ?? "", /last lines of its output/);
  });

  it("are killed when a signal ended the program, and else what the caller says", () => {
    assert.equal(reasonOf("", { exitCode: null, signal: "SIGKILL" }), "killed");
    assert.equal(reasonOf("", { exitCode: 137 }), "killed");
    assert.equal(reasonOf("", { exitCode: 129 }), "killed", "SIGHUP, as a shell tells of it");
    assert.equal(reasonOf("", { exitCode: 128 }), "unknown");
    assert.match(
      postgresFailure({ task: "x", exitCode: null, signal: "SIGTERM", stderr: "\n" }).message,
      /ended by SIGTERM/,
    );
    assert.equal(reasonOf("pg_restore: error: odd", { otherwise: "verification" }), "verification");
    assert.match(postgresFailure({ task: "x", exitCode: 3, signal: null, stderr: "" }).message, /exit code 3/);
  });
});
