import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import type { Config } from "../../src/config/schema.ts";
import type { DestinationConfig } from "../../src/config/sections/places.ts";
import { Secret } from "../../src/model/secret.ts";
import { backupRclone } from "../../src/runners/backup-rclone.ts";
import type { Progress, RunnerContext } from "../../src/runners/runner.ts";
import { createExecute } from "../../src/tools/exec.ts";
import { excludeFilter } from "../../src/tools/rclone/filter.ts";
import { objectName } from "../../src/tools/rclone/names.ts";
import { rcloneArgv, rcloneEnvironment } from "../../src/tools/rclone/rclone.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/failure.ts";
import { refusingEndpoint, startAnswering } from "../support/hostile-server.ts";
import { contextOf } from "../support/runner-context.ts";
import { startS3 } from "../support/s3.ts";

function s3At(endpoint: string, bucket = "bucket"): DestinationConfig {
  return {
    type: "s3",
    endpoint,
    region: "us-east-1",
    bucket,
    prefix: "top/",
    access_key_id: { environment: "KEY_ID" },
    secret_access_key: { environment: "KEY" },
    offsite: true,
  };
}

interface Attempt {
  readonly from: string;
  readonly prefix?: string;
  readonly mode?: "copy" | "sync";
  readonly exclude?: string[];
}

/** The runner with everything real but the engine around it. */
function prepare(destination: DestinationConfig, attempt: Attempt, more: Partial<RunnerContext> = {}) {
  const signal = more.signal ?? new AbortController().signal;
  const children: number[] = [];
  const updates: Progress[] = [];
  const context: RunnerContext = {
    ...contextOf({}),
    config: { destinations: { offsite: destination } } as unknown as Config,
    job: "job",
    runId: "run",
    timestamp: "20261121T085700Z",
    execute: createExecute({ env: process.env, signal, onStart: ({ pid }) => children.push(pid), graceSeconds: 5 }),
    signal,
    now: Date.now,
    dryRun: false,
    readSecret: (reference) => new Secret(`secret-of-${JSON.stringify(reference)}`, "test"),
    progress: (update) => updates.push(update),
    log: () => undefined,
    pathsInUse: () => [],
    lastSteps: () => [],
    resolveProgram: ({ argv: [program] }) => program,
    ...more,
  };
  const options = backupRclone.options.parse({ to: "offsite", ...attempt });
  return {
    check: async () => backupRclone.check?.(options, context),
    run: () => backupRclone.run(options, context),
    children,
    updates,
  };
}

/** Names that break tools: options, quotes, line breaks, other scripts, bytes that are not UTF-8. */
const oddNames = [
  "-rf",
  "--delete",
  "a b'\"c",
  "new\nline",
  "$(id)",
  "a:b",
  "*?[x]",
  "ünï 漢字 👩‍👩‍👧",
  " lead",
  "tail ",
  "back\\slash",
  "␊",
  "％41%41",
  "..hidden",
];

function oddSource(t: TestContext): string {
  const source = join(temporaryDirectory(t), "odd:source 'of'\n-x");
  mkdirSync(join(source, "sub\tfolder"), { recursive: true });
  mkdirSync(join(source, "empty"));
  for (const name of oddNames) writeFileSync(join(source, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${source}/sub\tfolder/`), Buffer.from([0x62, 0xff])]), "bytes");
  symlinkSync("-rf", join(source, "link"));
  return source;
}

suite("backup.rclone to S3", needs("rclone", "s3"), () => {
  test("given files with odd names, when copied, then each is proved by the bucket's own listing", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const source = oddSource(t);
    const step = prepare(s3At(server.endpoint), { from: source, prefix: "db-${run}" });
    await step.check();
    const { evidence, bytes, files, message } = await step.run();
    assert.deepEqual(backupRclone.produces.parse(evidence), evidence);
    assert.deepEqual(
      [files, evidence.objects_listed, evidence.skipped_special],
      [oddNames.length + 1, oddNames.length + 1, 1],
    );
    assert.equal(evidence.url, "s3://bucket/top/db-${run}/");
    assert.equal(
      bytes,
      oddNames.reduce((sum, name) => sum + Buffer.byteLength(name), 5),
    );
    assert.equal(evidence.bytes_copied, bytes);
    assert.match(message ?? "", /found at s3:\/\/bucket\/top\/db/);
    assert.ok((await server.keys("bucket")).includes("top/db-${run}/new␊line"));

    const again = await step.run();
    assert.equal(again.evidence.bytes_copied, 0, "what is there already is not uploaded again");
    assert.equal(again.files, files);
  });

  test("given 2 000 files, when copied, then all are found and progress was told", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const source = temporaryDirectory(t);
    for (let n = 0; n < 2000; n += 1) {
      const folder = join(source, `folder${n % 20}`);
      if (n < 20) mkdirSync(folder);
      writeFileSync(join(folder, `file${n}`), `${n}`);
    }
    const step = prepare(s3At(server.endpoint), { from: source });
    const { files, evidence } = await step.run();
    assert.deepEqual([files, evidence.objects_listed], [2000, 2000]);
    assert.ok(step.updates.some(({ ratio, filesDone }) => ratio !== undefined && (filesDone ?? 0) > 0));
  });

  test("given excluded files and mode sync, then the rest is there, and what the source lost goes", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const source = temporaryDirectory(t);
    for (const name of ["a", "b", "c.tmp"]) writeFileSync(join(source, name), name);
    await prepare(s3At(server.endpoint), { from: source, prefix: "p", exclude: ["*.tmp"] }).run();
    assert.deepEqual(await server.keys("bucket"), ["top/p/a", "top/p/b"]);
    rmSync(join(source, "b"));
    const { evidence } = await prepare(s3At(server.endpoint), {
      from: source,
      prefix: "p",
      mode: "sync",
      exclude: ["*.tmp"],
    }).run();
    assert.deepEqual(await server.keys("bucket"), ["top/p/a"]);
    assert.equal(evidence.objects_listed, 1);
  });

  test("given a dry run, then nothing is written and it says what would be", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const source = temporaryDirectory(t);
    writeFileSync(join(source, "a"), "12345");
    const { message, evidence } = await prepare(s3At(server.endpoint), { from: source }, { dryRun: true }).run();
    assert.match(message ?? "", /would copy 1 of 1 files, 5 B, to s3:\/\/bucket\/top\//);
    assert.equal(evidence.bytes_copied, 0);
    assert.deepEqual(await server.keys("bucket"), []);
    const later = await prepare(s3At(server.endpoint), { from: "/not/there/yet" }, { dryRun: true }).run();
    assert.match(later.message ?? "", /not there yet/);
  });

  test("given a bucket that does not exist, then check and run both say config", async (t) => {
    const server = await startS3(t);
    const source = temporaryDirectory(t);
    writeFileSync(join(source, "a"), "a");
    const step = prepare(s3At(server.endpoint, "nowhere"), { from: source });
    assert.equal((await failureOf(step.check())).reason, "config");
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "config");
    assert.match(failure.message, /NoSuchBucket/);
    assert.doesNotMatch(failure.details.tail ?? "", /secret-of/);
  });

  test("given a run that is cancelled half-way, then no rclone is left and it is cancelled", async (t) => {
    const server = await startS3(t);
    await server.createBucket("bucket");
    const source = temporaryDirectory(t);
    for (let n = 0; n < 1000; n += 1) writeFileSync(join(source, `file${n}`), `${n}`);
    const stop = new AbortController();
    const step = prepare(
      s3At(server.endpoint),
      { from: source },
      { signal: stop.signal, progress: ({ filesDone }) => (filesDone ?? 0) > 0 && stop.abort() },
    );
    assert.equal((await failureOf(step.run())).reason, "cancelled");
    const uploaded = (await server.keys("bucket")).length;
    assert.ok(uploaded > 0 && uploaded < 1000, `it was half-way: ${uploaded}`);
    assert.equal(step.children.length, 1);
    await eventually("rclone to be gone", () => step.children.every((pid) => !existsSync(`/proc/${pid}`)));
  });
});

suite("backup.rclone and servers that do not help", needs("rclone"), () => {
  const source = (t: TestContext) => {
    const folder = temporaryDirectory(t);
    writeFileSync(join(folder, "a"), "a");
    return folder;
  };

  test("given credentials that are refused, then check says auth before anything is touched", async (t) => {
    const server = await startAnswering(t, 403);
    const step = prepare(s3At(server.endpoint), { from: source(t) });
    const failure = await failureOf(step.check());
    assert.equal(failure.reason, "auth");
    assert.match(failure.details.advice ?? "", /access_key_id/);
    assert.equal((await failureOf(step.run())).reason, "auth");
  });

  test("given a port where nobody listens, then it is network", async (t) => {
    const step = prepare(s3At(await refusingEndpoint(t)), { from: source(t) });
    assert.equal((await failureOf(step.check())).reason, "network");
    assert.equal((await failureOf(step.run())).reason, "network");
  });

  test("given a server that asks to slow down, then it is throttled", async (t) => {
    const server = await startAnswering(t, 503);
    const step = prepare(s3At(server.endpoint), { from: source(t) });
    assert.equal((await failureOf(step.check())).reason, "throttled");
    assert.equal((await failureOf(step.run())).reason, "throttled");
  });
});

suite("backup.rclone to a folder", needs("rclone"), () => {
  test("given files with odd names, when copied, then bytes and names are the same", async (t) => {
    const source = oddSource(t);
    const path = temporaryDirectory(t);
    const step = prepare({ type: "local", path, offsite: false }, { from: source, prefix: "run 1" });
    await step.check();
    const { files, evidence } = await step.run();
    assert.equal(files, oddNames.length + 1);
    assert.equal(evidence.url, `${path}/run 1/`);
    for (const name of oddNames) assert.equal(readFileSync(join(path, "run 1", name), "utf8"), name);
  });

  test("given a source that looks like a remote, then it is read as a folder", async (t) => {
    const base = temporaryDirectory(t);
    mkdirSync(join(base, "destination:bucket"));
    writeFileSync(join(base, "destination:bucket", "a"), "a");
    const { files } = await prepare(
      { type: "local", path: base, offsite: false },
      { from: join(base, "destination:bucket"), prefix: "x:y" },
    ).run();
    assert.equal(files, 1);
    assert.equal(readFileSync(join(base, "x:y", "a"), "utf8"), "a");
  });

  test("given a destination that fills up, then it is space", needs("root"), async (t) => {
    const path = smallFilesystem(t);
    const source = temporaryDirectory(t);
    writeFileSync(join(source, "big"), Buffer.alloc(3_000_000, 1));
    const step = prepare({ type: "local", path, offsite: false }, { from: source });
    await step.check();
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "space");
    assert.match(failure.message, /big of /);

    spawnSync("dd", ["if=/dev/zero", `of=${join(path, "filler")}`, "bs=4096"], { stdio: "ignore" });
    assert.equal((await failureOf(step.check())).reason, "space");
  });

  test("given an empty source, then nothing is called a backup and sync removes nothing", async (t) => {
    const [source, path] = [temporaryDirectory(t), temporaryDirectory(t)];
    mkdirSync(join(path, "p"));
    writeFileSync(join(path, "p", "precious"), "");
    const failure = await failureOf(
      prepare({ type: "local", path, offsite: false }, { from: source, prefix: "p", mode: "sync" }).run(),
    );
    assert.equal(failure.reason, "empty_artifact");
    assert.equal(readFileSync(join(path, "p", "precious"), "utf8"), "");
  });

  test("given a source that vanishes after the check, then it is source", async (t) => {
    const source = temporaryDirectory(t);
    writeFileSync(join(source, "a"), "a");
    const step = prepare({ type: "local", path: temporaryDirectory(t), offsite: false }, { from: source });
    await step.check();
    rmSync(source, { recursive: true });
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "source");
    assert.match(failure.message, /is not there/);
  });

  test("given a file that vanishes while it is copied, then it is source and names the file", async (t) => {
    const source = temporaryDirectory(t);
    writeFileSync(join(source, "a"), "a");
    const path = temporaryDirectory(t);
    const real = createExecute({ env: process.env });
    const step = prepare(
      { type: "local", path, offsite: false },
      { from: source },
      {
        execute: async (call) => {
          chmodSync(source, 0o755);
          rmSync(source, { recursive: true });
          return real(call);
        },
      },
    );
    assert.equal((await failureOf(step.run())).reason, "source");
  });

  test("given a source that cannot be read, then it is source", needs("root"), async (t) => {
    const base = mkdtempSync(join(tmpdir(), "pantheros-unreadable-"));
    t.after(() => rmSync(base, { recursive: true, force: true }));
    chmodSync(base, 0o755);
    const [source, path] = [join(base, "source"), join(base, "destination")];
    mkdirSync(source);
    mkdirSync(path);
    writeFileSync(join(source, "secret"), "s", { mode: 0o600 });
    chmodSync(path, 0o777);
    const real = createExecute({ env: process.env });
    const asNobody: Partial<RunnerContext> = {
      execute: (call) =>
        real({ ...call, argv: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...call.argv] }),
    };
    const failure = await failureOf(prepare({ type: "local", path, offsite: false }, { from: source }, asNobody).run());
    assert.equal(failure.reason, "source");
    assert.match(failure.message, /secret of .*permission denied/);
  });
});

suite("what we say about rclone is what rclone does", needs("rclone"), () => {
  test("object names", async (t) => {
    const [source, path] = [oddSource(t), temporaryDirectory(t)];
    for (const name of ["\x01", "\x7f", "‛‛two", "a／b", "．", "..."]) writeFileSync(join(source, name), "");
    const s3 = {
      type: "s3",
      endpoint: "http://x",
      region: "r",
      bucket: "b",
      accessKeyId: new Secret("k", ""),
      secretAccessKey: new Secret("k", ""),
    } as const;
    const encoding = String(rcloneEnvironment(s3)["RCLONE_CONFIG_DESTINATION_ENCODING"]);
    const [program, ...args] = rcloneArgv({ mode: "copy", source, destination: s3, prefix: "" });
    // A local remote with S3's encoding shows as file names what would be keys.
    await createExecute({ env: process.env })({
      argv: [program, ...args.slice(0, -1), `destination:${path}/`],
      environment: { RCLONE_CONFIG_DESTINATION_TYPE: "local", RCLONE_CONFIG_DESTINATION_ENCODING: encoding },
    });
    const list = (root: string) =>
      execFileSync("find", [root, "-type", "f", "-printf", "%P\\0"])
        .toString("latin1")
        .split("\0")
        .filter(Boolean)
        .map((name) => Buffer.from(name, "latin1"));
    assert.deepEqual(list(path).map(String).sort(), list(source).map(objectName).sort());
  });

  test("excluded files", async (t) => {
    const source = temporaryDirectory(t);
    const names = [
      "a.tmp",
      "b",
      "cache/x",
      "cache/deep/y",
      "sub/cache/z",
      "sub/a.tmp",
      "sub/b",
      "x1",
      "x2",
      "x漢",
      "{c}",
      ".hidden",
      "a.jpg",
    ];
    for (const name of names) {
      mkdirSync(join(source, name, ".."), { recursive: true });
      writeFileSync(join(source, name), "");
    }
    const patterns = [
      "*.tmp",
      "/b",
      "cache/",
      "/cache/**",
      "x?",
      "x[0-1]",
      "x[^1]",
      "**/b",
      "sub/*",
      "/*",
      "*.{tmp,jpg}",
      "\\{c\\}",
      ".*",
      "b",
      "/sub/**",
      "cache/*",
    ];
    for (const pattern of patterns) {
      const kept = execFileSync(
        "rclone",
        ["--config", "/dev/null", "lsf", "-R", "--files-only", `--exclude=${pattern}`, source],
        {
          encoding: "utf8",
          env: { PATH: process.env["PATH"] },
        },
      );
      const excluded = excludeFilter([pattern]);
      assert.deepEqual(
        kept.split("\n").filter(Boolean).sort(),
        names.filter((name) => !excluded(name)).sort(),
        pattern,
      );
    }
  });
});

/** One mebibyte in memory. */
function smallFilesystem(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "pantheros-small-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]);
  t.after(() => {
    execFileSync("umount", ["--lazy", path]);
    rmSync(path, { recursive: true });
  });
  return path;
}
