import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../../../src/model/run/outcome.ts";
import { lockHolder, resticFailure, resticImpatience } from "../../../src/tools/restic/failure.ts";
import { ended, recordedCases, recordedVersions, recording } from "../../support/restic-recordings.ts";

const reasons: Readonly<Record<string, Reason>> = {
  "repository-missing": "repository_missing",
  "repository-missing-snapshots": "repository_missing",
  "repository-forbidden": "auth",
  "wrong-password": "auth",
  locked: "repository_locked",
  "locked-stale": "repository_locked",
  "source-all-missing": "source",
  "source-closed": "source",
  "repository-unwritable": "auth",
  "repository-damaged": "verification",
  "repository-without-keys": "auth",
  space: "space",
  sigint: "killed",
  sigterm: "killed",
  sigkill: "killed",
  "out-of-memory": "oom",
  "s3-no-such-bucket": "repository_missing",
  "s3-access-denied": "auth",
  "s3-invalid-key": "auth",
  "s3-signature": "auth",
  "rest-unauthorized": "auth",
  "rest-forbidden": "auth",
  "rest-not-found": "repository_missing",
};

/** restic goes on with most of them for 15 minutes – which ones differs from version to version –, so that it had to be ended. */
const impatient: Readonly<Record<string, Reason>> = {
  "s3-refused": "network",
  "rest-refused": "network",
  "s3-no-such-host": "network",
  "s3-server-error": "network",
  "s3-slow-down": "throttled",
  "s3-too-many-requests": "throttled",
  "s3-untrusted": "network",
  "s3-not-tls": "network",
  "s3-silent": "network",
  "s3-reset": "network",
  "s3-put-access-denied": "auth",
  "s3-put-clock": "auth",
  "s3-put-cap-exceeded": "space",
  "s3-put-slow-down": "throttled",
  "s3-put-too-many-requests": "throttled",
  "s3-put-server-error": "network",
  "s3-put-silent": "network",
  "s3-put-no-such-bucket": "repository_missing",
  "rest-unavailable": "throttled",
  "rest-too-many-requests": "throttled",
  "rest-no-such-host": "network",
  "rest-untrusted": "network",
  "rest-not-tls": "network",
  "rest-silent": "network",
  "rest-reset": "network",
  "rest-server-error": "network",
  "rest-bad-gateway": "network",
  "rest-full": "space",
  "repository-read-only": "config",
  quota: "space",
};
/** Where 0.14 repeats requests to S3 without a word, all that can be told is that there is no answer. */
const unheard = ["s3-slow-down", "s3-too-many-requests", "s3-put-slow-down"];

/** Those that the parsers of single commands judge, in tests of their own. */
const judgedElsewhere =
  /^(?:check|copy|restore|forget|init|unlock|snapshots|source-one-missing$|unreadable$|s3-no-credentials$)/;

for (const version of recordedVersions) {
  describe(`failures of restic ${version}`, () => {
    for (const [name, reason] of Object.entries(reasons)) {
      it(`${name} is ${reason}`, () => {
        const failure = resticFailure({ task: "back up", ...recording(version, name) });
        assert.equal(failure.reason, reason, failure.message);
        assert.ok(failure.message.startsWith("restic could not back up: "), failure.message);
        assert.ok(!failure.message.includes("{"), "a sentence, not JSON");
        assert.ok(failure.details.advice, "it says what to do");
      });
    }

    for (const [name, seen] of Object.entries(impatient)) {
      const reason = version === "0.14.0" && unheard.includes(name) ? "network" : seen;
      it(`${name} is ${reason}`, () => {
        const end = recording(version, name);
        const wasEnded = end.exitCode === null || /context canceled/.test(end.stderr);
        const failure = wasEnded
          ? resticImpatience("open it", 8, end.stderr)
          : resticFailure({ task: "open it", ...end });
        assert.equal(failure.reason, reason, failure.message);
        assert.ok(failure.details.advice, "it says what to do");
      });
    }

    it("every failure that was recorded has its reason here, and every reason its recording", () => {
      const failed = recordedCases(version).filter((name) => recording(version, name).exitCode !== 0);
      const known = [...Object.keys(reasons), ...Object.keys(impatient)];
      assert.deepEqual(failed.filter((name) => !judgedElsewhere.test(name)).sort(), known.sort());
    });

    it("no credentials at all are auth, where restic notices", () => {
      const seen = recording(version, "s3-no-credentials");
      const failure = resticFailure({ task: "open it", ...seen });
      assert.equal(failure.reason, version === "0.14.0" ? "network" : "auth");
    });

    it("who holds the lock can be told", () => {
      assert.deepEqual(lockHolder(recording(version, "locked").stderr), { pid: 4242, host: "thishost" });
      assert.equal(lockHolder(recording(version, "wrong-password").stderr), null);
    });
  });
}

describe("failures of restic in general", () => {
  const reasonOf = (end: Parameters<typeof ended>[0]) => resticFailure({ task: "x", ...ended(end) }).reason;

  it("stay unknown when nobody knows them", () => {
    assert.equal(reasonOf({ exitCode: 1, stderr: "Fatal: the moon is full" }), "unknown");
    assert.equal(reasonOf({ exitCode: 2, stderr: "" }), "unknown");
    assert.equal(reasonOf({ exitCode: 77 }), "unknown");
  });

  it("are empty_artifact when there was nothing to store, which restic itself refuses when it runs in the folder", () => {
    assert.equal(
      reasonOf({ exitCode: 1, stderr: "Fatal: unable to save snapshot: snapshot is empty" }),
      "empty_artifact",
    );
  });

  it("are throttled when S3 says so in words, which no recording has because opening asks with HEAD", () => {
    for (const said of ["Please reduce your request rate. SlowDown", "SlowDown", "ThrottlingException"]) {
      assert.equal(
        reasonOf({ exitCode: 1, stderr: `Fatal: unable to save snapshot: client.PutObject: ${said}` }),
        "throttled",
      );
    }
  });

  for (const [reason, ...said] of [
    [
      "config",
      ...["Remove(<lock/1>) failed: forbidden", "Remove(<lock/1>) failed: access denied", "Remove(<lock/1>): (403)"],
    ],
    ["empty_artifact", "nothing to backup"],
    ["oom", "cannot allocate memory"],
    ["space", "storage limit exceeded", "Insufficient Storage", "unexpected HTTP response (507)"],
    ["throttled", "unexpected HTTP response (429)", "unexpected HTTP response (503)"],
    [
      "auth",
      ...["InvalidAccessKeyId", "SignatureDoesNotMatch", "unauthorized", "forbidden"],
      ...["unexpected HTTP response (401)", "unexpected HTTP response (403)"],
    ],
    [
      "network",
      ...["x509: unknown authority", "certificate has expired", "context deadline exceeded", "i/o timeout"],
      ...["it timed out", "no route to host", "network is unreachable", "broken pipe", "unexpected EOF"],
      ...["server misbehaving", "TLS handshake failure", "Internal Server Error", "InternalError", "Bad Gateway"],
      "unexpected HTTP response (500)",
    ],
    ["repository_missing", "repository does not exist", "unable to open config file: key not found"],
    ["verification", "config is damaged", "ciphertext verification failed", "invalid data returned"],
  ] satisfies readonly [Reason, ...string[]][]) {
    for (const words of said) {
      it(`are ${reason} when it says ${words}`, () => {
        assert.equal(reasonOf({ exitCode: 1, stderr: words }), reason);
      });
    }
  }

  it("come with the advice for what was said, but for a reason that the exit code gave", () => {
    const advice = (end: Parameters<typeof ended>[0]) => resticFailure({ task: "x", ...ended(end) }).details.advice;
    assert.match(advice({ exitCode: 1, stderr: "Remove(<lock/1>): (403)" }) ?? "", /append-only/);
    assert.match(advice({ exitCode: 12, stderr: "Fatal: read-only file system" }) ?? "", /repository's password/);
    assert.match(advice({ exitCode: 77 }) ?? "", /last lines of restic's output/);
  });

  it("name the signal when restic said nothing, and are told from the first line of what it said", () => {
    const message = (end: Parameters<typeof ended>[0]) => resticFailure({ task: "x", ...ended(end) }).message;
    assert.equal(message({ exitCode: null, signal: "SIGKILL" }), "restic could not x: it was ended by SIGKILL");
    assert.equal(message({ exitCode: 1, stderr: "\n the moon\nis full" }), "restic could not x: the moon");
    assert.equal(message({ exitCode: 1, stderr: "lost\nFatal: the moon" }), "restic could not x: the moon");
    const skipped = "/srv/a does not exist, skipping\nthe moon";
    assert.equal(message({ exitCode: 1, stderr: skipped }), "restic could not x: the moon");
  });

  it("are killed when a signal ended it, oom when Go says that memory ran out", () => {
    assert.equal(reasonOf({ exitCode: null, signal: "SIGKILL" }), "killed");
    assert.equal(reasonOf({ exitCode: 137 }), "killed");
    assert.equal(reasonOf({ exitCode: 129 }), "killed", "SIGHUP, as a shell tells of it");
    assert.equal(reasonOf({ exitCode: 128 }), "unknown");
    assert.equal(reasonOf({ exitCode: 137, stderr: "fatal error: out of memory" }), "oom");
    assert.equal(
      reasonOf({ exitCode: 2, stderr: "fatal error: runtime: out of memory\n\ngoroutine 1 [running]:" }),
      "oom",
    );
  });

  it("are no missing repository just because restic asks whether there is one", () => {
    const asked = "Is there a repository at the following location?\ns3:http://h/bucket";
    assert.equal(
      reasonOf({ exitCode: 1, stderr: `Fatal: unable to open config file: the moon is full\n${asked}` }),
      "unknown",
    );
  });

  it("are not taken from the names of files and folders", () => {
    const item =
      '{"message_type":"error","error":{"message":"x"},"item":"/connection refused/no space left on device"}';
    assert.equal(reasonOf({ exitCode: 1, stderr: `${item}\nFatal: the moon is full` }), "unknown");
    const missing =
      "Fatal: unable to open config file: stat /srv/forbidden/unreachable/config: no such file or directory\nIs there a repository at the following location?\n/srv/forbidden/unreachable";
    assert.equal(reasonOf({ exitCode: 1, stderr: missing }), "repository_missing");
  });

  it("tell the exit code when restic said nothing", () => {
    assert.match(resticFailure({ task: "x", ...ended({ exitCode: 1 }) }).message, /exit code 1/);
  });
});
