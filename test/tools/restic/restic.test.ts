import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { BackupRequest } from "../../../src/tools/restic/backup.ts";
import { openRepository, type ResticRepository, repositoryExists } from "../../../src/tools/restic/repository.ts";
import { createRestic, isOlder } from "../../../src/tools/restic/restic.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { rejectsWith } from "../../support/failure.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

const remote: ResticRepository = {
  name: "main",
  location: "rest:https://anna:opensesame@backup.example/",
  program: "restic",
  password: new Secret("hunter2 hunter2", "a test"),
  environment: { AWS_SECRET_ACCESS_KEY: new Secret("shadow-key", "a test"), AWS_REGION: "here" },
  cacheDirectory: "/state/cache/restic",
  timezone: "Europe/Berlin",
};
const local: ResticRepository = { ...remote, location: "/srv/restic", environment: {} };

const request: BackupRequest = {
  targets: ["/home"],
  host: "web1",
  tags: ["pantheros", "job:nightly"],
  exclude: ["*.tmp", "-x"],
  oneFileSystem: true,
  parent: "by-path",
  dryRun: false,
};
const quiet = () => undefined;

describe("a call of restic", () => {
  it("carries no secret and no place in its arguments, only in its environment", async () => {
    const { execute, calls } = fakeExecute(() => ended({ stdout: "[]" }));
    const restic = createRestic(remote, execute);
    await restic.snapshots();
    await restic.init();
    await restic.reach();
    assert.doesNotMatch(JSON.stringify(calls.map(({ argv }) => argv)), /hunter2|shadow|opensesame|backup\.example/);
    assert.deepEqual(calls[0]?.environment, {
      AWS_REGION: "here",
      AWS_SECRET_ACCESS_KEY: remote.environment["AWS_SECRET_ACCESS_KEY"],
      RESTIC_CACHE_DIR: "/state/cache/restic",
      RESTIC_PASSWORD: remote.password,
      RESTIC_PROGRESS_FPS: "1",
      RESTIC_REPOSITORY: remote.location,
      TZ: "Europe/Berlin",
    });
  });

  it("never repeats a secret in what it says about a failure", async () => {
    const stderr = "Fatal: https://anna:opensesame@backup.example/ said shadow-key, hunter2 hunter2";
    const { execute } = fakeExecute(() => ended({ exitCode: 1, stderr }));
    await assert.rejects(createRestic(remote, execute).snapshots(), (error) => {
      assert.ok(error instanceof StepError);
      assert.doesNotMatch(`${error.message} ${error.details.tail}`, /opensesame|shadow-key|hunter2/);
      return true;
    });
  });

  it("looks without a lock", async () => {
    const { execute, calls } = fakeExecute(() => ended({ stdout: "[]" }));
    const restic = createRestic(remote, execute);
    await restic.snapshots({ ids: ["-abc"], host: "web1", tags: ["a", "b"] });
    await restic.rawDataSize(60).catch(() => 0);
    assert.deepEqual(calls[0]?.argv.slice(1), [
      ...["snapshots", "--json", "--no-lock", "--host=web1", "--tag=a,b", "--", "-abc"],
    ]);
    assert.ok(calls[1]?.argv.includes("--no-lock"));
  });

  it("is made once more without a cache when 0.19 cannot use its cache, and only then", async () => {
    const stderr = "unable to open cache: mkdir /state/cache: no space left on device";
    for (const [exitCode, calls] of [
      [1, 2],
      [0, 1],
    ] as const) {
      const fake = fakeExecute((command) =>
        command === "--no-cache" ? ended({ stdout: "[]" }) : ended({ exitCode, stderr, stdout: "[]" }),
      );
      assert.deepEqual(await createRestic(local, fake.execute).snapshots(), []);
      assert.equal(fake.calls.length, calls);
    }
  });

  it("does not ask a repository in a folder whether it can be reached", async () => {
    const { execute, calls } = fakeExecute(() => ended());
    await createRestic(local, execute).reach();
    assert.deepEqual(calls, []);
  });

  it("gives a silent remote repository up after a minute, as network", async () => {
    const { execute, calls } = fakeExecute(() => {
      throw new StepError("timeout", "restic did not end within 60s and was ended", { tail: "" });
    });
    await rejectsWith(createRestic(remote, execute).reach(), "network", /main within 60 s: .*does not answer/);
    assert.equal(calls[0]?.timeoutSeconds, 60);
  });

  it("tells what was in the way when restic had to be ended while it was repeating a request", async () => {
    const tail = recording("0.19.1", "s3-too-many-requests").stderr;
    const { execute } = fakeExecute(() => {
      throw new StepError("timeout", "ended", { tail });
    });
    await rejectsWith(createRestic(remote, execute).reach(), "throttled", /429 Too Many Requests/);
  });

  it("of a local repository that hangs stays a timeout", async () => {
    const { execute } = fakeExecute(() => {
      throw new StepError("timeout", "restic did not end within 9s and was ended");
    });
    await rejectsWith(createRestic(local, execute).snapshots({}, 9), "timeout", /did not end/);
  });

  it("names the process that left its lock behind when it is gone from this host", async () => {
    const gone = 2 ** 22 + 1;
    const message = (host: string, pid: number) =>
      `unable to create lock in backend: repository is already locked exclusively by PID ${pid} on ${host} by root (UID 0, GID 0)`;
    const adviceFor = async (stderr: string) => {
      const { execute } = fakeExecute(() => ended({ exitCode: 11, stderr }));
      const failure = await createRestic(local, execute)
        .backup(request, quiet)
        .then(
          () => assert.fail(),
          (error: StepError) => error,
        );
      assert.equal(failure.reason, "repository_locked");
      return `${failure.message} – ${failure.details.advice}`;
    };
    assert.match(await adviceFor(message(hostname(), gone)), /process 4194305 of this host is gone – .*restic unlock/);
    assert.match(await adviceFor(message(hostname(), process.pid)), /wait until that process has ended/);
    assert.match(await adviceFor(message("elsewhere", gone)), /wait until that process has ended/);
  });
});

describe("a backup by restic", () => {
  it("puts everything where no name can be taken for an option", async () => {
    const { execute, calls } = fakeExecute(() => recording("0.19.1", "backup"));
    const restic = createRestic(local, execute);
    await restic.backup(request, quiet);
    await restic.backup({ ...request, directory: "/snap", targets: ["."], parent: "by-tags", dryRun: true }, quiet);
    await restic.backup({ ...request, parent: { id: "abc" }, exclude: [], oneFileSystem: false }, quiet);
    const common = ["backup", "--json", "--host=web1", "--tag=pantheros,job:nightly"];
    const more = ["--one-file-system", "--exclude=*.tmp", "--exclude=-x"];
    assert.deepEqual(
      calls.map(({ argv, directory }) => [directory, ...argv.slice(1)]),
      [
        [undefined, ...common, ...more, "--", "/home"],
        ["/snap", ...common, "--group-by=host,tags", ...more, "--dry-run", "--", "."],
        [undefined, ...common, "--parent=abc", "--", "/home"],
      ],
    );
  });

  for (const version of recordedVersions) {
    it(`tells with ${version} what could not be read, whatever the exit code`, async () => {
      for (const [name, problem] of [
        ["source-one-missing", /\/data\/nowhere does not exist/],
        ["unreadable", /\/data\/unreadable\/closed\.txt/],
      ] as const) {
        const { execute } = fakeExecute(() => recording(version, name));
        const report = await createRestic(local, execute).backup(request, quiet);
        assert.equal(report.unread, 1, name);
        assert.match(report.problem ?? "", problem);
        assert.notEqual(report.summary.snapshotId, null);
      }
    });
  }

  it("forwards progress and bears lines that are not restic's", async () => {
    const seen: unknown[] = [];
    const stdout = [
      "warning: something of a wrapper",
      '{"message_type":"status","percent_done":0.25,"bytes_done":1,"total_bytes":4}',
      "{broken",
      '{"message_type":"summary","snapshot_id":"0123456789","total_files_processed":1}',
    ].join("\n");
    const { execute } = fakeExecute(() => ended({ stdout }));
    const report = await createRestic(local, execute).backup(request, (progress) => seen.push(progress));
    assert.deepEqual(seen, [{ ratio: 0.25, bytesDone: 1, bytesTotal: 4 }]);
    assert.equal(report.tail, "warning: something of a wrapper\n{broken");
    assert.equal(report.unread, 0);
  });

  it("is nothing to rely on when restic printed no JSON at all, or nothing about a snapshot", async () => {
    for (const [stdout, reason] of [
      ["hello world\n\u0000\u0001", "unknown"],
      ["", "unknown"],
      ['{"message_type":"status"}', "empty_artifact"],
    ] as const) {
      const { execute } = fakeExecute(() => ended({ stdout }));
      await rejectsWith(createRestic(local, execute).backup(request, quiet), reason, /not JSON|without saying/);
    }
  });
});

describe("the program called restic", () => {
  const versionOf = (stdout: string) => createRestic(local, fakeExecute(() => ended({ stdout })).execute).version();

  it("has to be restic 0.14 or newer", async () => {
    assert.equal(await versionOf("restic 0.14.0 compiled with go1.19.8 on linux/amd64"), "0.14.0");
    await rejectsWith(versionOf("restic 0.9.6 compiled with go1.12"), "tool_missing", /is restic 0\.9\.6/);
    await rejectsWith(versionOf("hello"), "tool_missing", /does not say which restic it is/);
  });

  it("is older by number, not by letter", () => {
    assert.ok(isOlder("0.9.6", "0.14.0"));
    assert.ok(!isOlder("0.14.0", "0.14.0"));
    assert.ok(!isOlder("1.0.0", "0.16.0"));
  });
});

describe("a repository of the configuration", () => {
  const declared = { repository: "/srv/restic", restic: "restic", password: { file: "/p" }, environment: {} };
  const world = { stateDirectory: "/state", readSecret: () => new Secret("x", "y") };

  it("has to be declared, with an absolute path", () => {
    assert.throws(() => openRepository("main", undefined, world), { reason: "config" });
    for (const repository of ["restic", "local:restic", "./x"]) {
      assert.throws(() => openRepository("main", { ...declared, repository }, world), { reason: "config" });
    }
    for (const repository of ["/srv/restic", "local:/srv/restic", "s3:https://host/bucket", "sftp:user@host:restic"]) {
      assert.equal(openRepository("main", { ...declared, repository }, world).location, repository);
    }
  });

  it("says which of its secrets cannot be read, as auth", () => {
    const readSecret = () => {
      throw new Error("/p is not there");
    };
    assert.throws(() => openRepository("main", declared, { ...world, readSecret }), {
      reason: "auth",
      message: "password of the repository main: /p is not there",
    });
  });

  it("is cached for each user apart: 0.19 refuses a cache that is another user's", () => {
    assert.equal(openRepository("main", declared, { ...world, uid: 7 }).cacheDirectory, "/state/cache/restic-7");
  });

  it("can be looked for where it is a folder", async (t) => {
    const here = temporaryDirectory(t);
    const at = (path: string) => repositoryExists({ ...local, location: path });
    mkdirSync(join(here, "repository"));
    assert.equal(await at(join(here, "repository")), false);
    writeFileSync(join(here, "repository/config"), "");
    assert.equal(await at(join(here, "repository")), true);
    assert.equal(await at(`local:${join(here, "nowhere")}`), false);
    await rejectsWith(at(join(here, "repository/config")), "config", /is not a folder/);
    assert.equal(await repositoryExists(remote), true);
  });
});
