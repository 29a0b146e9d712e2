import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../../src/model/outcome.ts";
import { lockHolder, resticFailure, resticImpatience } from "../../src/tools/restic-failure.ts";
import { ended, recordedVersions, recording } from "../support/restic-recordings.ts";

const reasons: Readonly<Record<string, Reason>> = {
  "repository-missing": "repository_missing",
  "repository-missing-snapshots": "repository_missing",
  "repository-forbidden": "auth",
  "wrong-password": "auth",
  locked: "repository_locked",
  "locked-stale": "repository_locked",
  "source-all-missing": "source",
  space: "space",
  sigterm: "killed",
  "s3-no-such-bucket": "repository_missing",
  "s3-access-denied": "auth",
  "s3-invalid-key": "auth",
  "s3-signature": "auth",
  "rest-unauthorized": "auth",
};

/** restic would have gone on for 15 minutes (0.14 not with REST servers), so that it had to be ended. */
const impatient: Readonly<Record<string, Reason>> = {
  "s3-refused": "network",
  "rest-refused": "network",
  "s3-no-such-host": "network",
  "s3-server-error": "network",
  "s3-slow-down": "throttled",
  "s3-too-many-requests": "throttled",
  "rest-unavailable": "throttled",
};

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
      // 0.14 repeats requests to S3 without a word; all that can be told then is that there is no answer.
      const reason = version === "0.14.0" && name.startsWith("s3-") ? "network" : seen;
      it(`${name} is ${reason}`, () => {
        const end = recording(version, name);
        const wasEnded = end.exitCode === null || /context canceled/.test(end.stderr);
        const failure = wasEnded
          ? resticImpatience("open it", 8, end.stderr)
          : resticFailure({ task: "open it", ...end });
        assert.equal(failure.reason, reason, failure.message);
      });
    }

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

  it("are killed when a signal ended it, oom when Go says that memory ran out", () => {
    assert.equal(reasonOf({ exitCode: null, signal: "SIGKILL" }), "killed");
    assert.equal(reasonOf({ exitCode: 137 }), "killed");
    assert.equal(
      reasonOf({ exitCode: 2, stderr: "fatal error: runtime: out of memory\n\ngoroutine 1 [running]:" }),
      "oom",
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
