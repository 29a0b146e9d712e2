import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { archiveBtrfsSend } from "../../src/runners/archive-btrfs-send.ts";
import { pruneSnapshots } from "../../src/runners/prune-snapshots.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { createPipeline } from "../../src/tools/exec.ts";
import { type ArchiveStage, setArchiveStage } from "../support/archive-stage.ts";
import { needs } from "../support/components.ts";
import { refused, rejectsWith } from "../support/failure.ts";
import { type S3Server, startS3 } from "../support/s3.ts";
import { sharedByTests } from "../support/shared.ts";
import { mountTmpfs } from "../support/tmpfs.ts";

const archive = needs("root", "btrfs", "zstd", "s3");
const shared = sharedByTests();
let server: S3Server;
before(async () => {
  if (!archive.skip) server = await startS3(shared);
});
const setStage = (t: TestContext, options: { mebibytes?: number } = {}) => setArchiveStage(t, server, options);

const [first, second, third] = ["20261101T030000Z", "20261108T030000Z", "20261115T030000Z"] as const;
const key = (timestamp: string, mode: "full" | "incr", name = "data") =>
  `top/testhost/2026/11/${name}-${timestamp}-${mode}.btrfs.zst`;

/** Full, and two incremental ones on top of it. */
async function archiveThree(stage: ArchiveStage) {
  writeFileSync(join(stage.data, "large"), randomBytes(3e6));
  const one = await stage.archive(stage.snapshot(`data.${first}`), first);
  writeFileSync(join(stage.data, "added"), randomBytes(2e5));
  const two = await stage.archive(stage.snapshot(`data.${second}`), second);
  rmSync(join(stage.data, "large"));
  const three = await stage.archive(stage.snapshot(`data.${third}`), third);
  return [one.evidence, two.evidence, three.evidence] as const;
}

const deleteSnapshot = (path: string) => execFileSync("btrfs", ["-q", "subvolume", "delete", path], { stdio: "pipe" });

describe("archive.btrfs-send", { ...archive, timeout: 240_000 }, () => {
  it("makes a full archive, then incremental ones, each proven by what the destination lists and the manifest says", async (t) => {
    const stage = await setStage(t);
    const [one, two, three] = await archiveThree(stage);
    assert.deepEqual(
      [one, two, three].map((it) => [it.mode, it.key, it.parent_key]),
      [
        ["full", key(first, "full"), null],
        ["incremental", key(second, "incr"), key(first, "full")],
        ["incremental", key(third, "incr"), key(second, "incr")],
      ],
    );
    assert.deepEqual(
      [two.parent_uuid, three.parent_uuid, three.path],
      [one.uuid, two.uuid, join(stage.snapshots, `data.${third}`)],
    );
    assert.ok(three.stored_bytes < 10_000, "what did not change is not sent");
    const keys = [one, two, three].flatMap((it) => [it.key, it.manifest_key]);
    assert.deepEqual(await stage.keys(), keys.toSorted());
    assert.deepEqual(await stage.uploads(), []);
    for (const evidence of [one, two, three]) {
      const content = await stage.call("GET", evidence.key);
      assert.equal(content.length, evidence.stored_bytes);
      assert.equal(createHash("sha256").update(content).digest("hex"), evidence.sha256);
      assert.equal(execFileSync("zstd", ["-dc"], { input: content, maxBuffer: 1e8 }).length, evidence.bytes);
      archiveBtrfsSend.produces.parse(evidence);
    }
    const manifest = JSON.parse((await stage.call("GET", two.manifest_key)).toString());
    const { format, host, name, mode, uuid, received_uuid, parent_uuid, zstd_level, protocol, snapshot } = manifest;
    assert.deepEqual(
      { format, host, name, mode, uuid, received_uuid, parent_uuid, zstd_level, protocol },
      {
        format: "pantheros-archive/1",
        host: "testhost",
        name: "data",
        mode: "incremental",
        uuid: two.uuid,
        received_uuid: two.uuid,
        parent_uuid: one.uuid,
        zstd_level: 3,
        protocol: 1,
      },
    );
    assert.deepEqual([snapshot.files, snapshot.bytes], [3, 3e6 + 2e5 + "content\n".length]);
  });

  it("can be restored with zstd and btrfs alone, to the same tree, names of any bytes included", async (t) => {
    const stage = await setStage(t);
    const odd = Buffer.concat([Buffer.from(`${stage.data}/`), Buffer.from([0xff, 0x0a, 0x20, 0x2d, 0xe4])]);
    writeFileSync(odd, "odd");
    execFileSync("sh", [
      "-c",
      'cd "$1" && ln -s "to nowhere" link && ln file.txt hard && mkfifo pipe && mkdir -m 711 dir',
      "sh",
      stage.data,
    ]);
    execFileSync("btrfs", ["-q", "subvolume", "create", join(stage.data, "nested")]);
    const made = await archiveThree(stage);
    const target = join(stage.mount, "restored");
    mkdirSync(target);
    for (const { key } of made) {
      const stream = execFileSync("zstd", ["-dc"], { input: await stage.call("GET", key), maxBuffer: 1e8 });
      execFileSync("btrfs", ["receive", target], { input: stream, stdio: ["pipe", "pipe", "pipe"] });
    }
    const look = (path: string) =>
      execFileSync("sh", [
        "-c",
        'cd "$1" && find . -name nested -prune -o -printf "%p %y %m %U:%G %T@ %n %l\\n" | sort; find . -type f -exec sha256sum {} + | sort',
        "sh",
        path,
      ]).toString("latin1");
    for (const { path } of made) assert.equal(look(join(target, basename(path))), look(path));
  });

  it("goes to a folder with the same guarantees", async (t) => {
    const stage = await setStage(t);
    const { evidence } = await stage.archive(stage.snapshot(`data.${first}`), first, {
      to: "nearby",
      prefix: "deep/er",
    });
    assert.equal(evidence.key, `deep/er/testhost/2026/11/data-${first}-full.btrfs.zst`);
    assert.equal(readFileSync(join(stage.folder, evidence.key)).length, evidence.stored_bytes);
    const again = await stage.archive(stage.snapshot(`data.${second}`), second, { to: "nearby", prefix: "deep/er" });
    assert.equal(again.evidence.mode, "incremental");
    const { evidence: drilled } = await stage.drill({ destination: "nearby", prefix: "deep/er" });
    assert.deepEqual([drilled.key, drilled.archives], [again.evidence.key, 2]);
  });

  it("takes the newest read-only snapshot of a subvolume, and names the archive like it", async (t) => {
    const stage = await setStage(t);
    stage.snapshot(`data.${first}`);
    execFileSync("btrfs", ["-q", "subvolume", "snapshot", stage.data, join(stage.snapshots, "writable")]);
    const { evidence } = await stage.archive(undefined as never, second, { subvolume: "data", snapshot: undefined });
    assert.deepEqual([evidence.path, evidence.key], [join(stage.snapshots, `data.${first}`), key(second, "full")]);
  });

  it("does not archive the same snapshot twice, which would look fresh: it is skipped", async (t) => {
    const stage = await setStage(t);
    const snapshot = stage.snapshot(`data.${first}`);
    const made = await stage.archive(snapshot, first);
    const again = await stage.archive(snapshot, second);
    assert.deepEqual([again.outcome, again.reason, again.evidence], ["skipped", "condition", made.evidence]);
    assert.match(again.message ?? "", /archived already/);
    assert.equal((await stage.archive(snapshot, third, { mode: "full" })).evidence.key, key(third, "full"));
  });

  it("begins anew when it is asked to, when the chain is old, or when nothing can be continued", async (t) => {
    const stage = await setStage(t);
    const [one, two] = await archiveThree(stage);
    let count = 0;
    const mode = async (options: Record<string, unknown> = {}, at = "20261120T030000Z") => {
      count += 1;
      const { evidence } = await stage.archive(
        stage.snapshot(`more-${count}`),
        at,
        { name: "data", ...options },
        { dryRun: true },
      );
      return [evidence.mode, evidence.parent_key];
    };
    assert.deepEqual(await mode(), ["incremental", key(third, "incr")]);
    assert.deepEqual(await mode({ mode: "full" }), ["full", null]);
    assert.deepEqual(await mode({ full_every: "19d" }), ["full", null]);
    assert.deepEqual(await mode({}, "20261201T030000Z"), ["full", null]);
    assert.deepEqual(await mode({ name: "other" }), ["full", null]);
    // The snapshot of the last one is gone: the one before it is continued.
    deleteSnapshot(join(stage.snapshots, `data.${third}`));
    assert.deepEqual(await mode(), ["incremental", two.key]);
    // Its manifest is gone: it does not count any more.
    await stage.call("DELETE", two.manifest_key);
    assert.deepEqual(await mode(), ["incremental", one.key]);
    await stage.call("PUT", one.key, "shorter");
    assert.deepEqual(await mode(), ["full", null]);
    await refused(mode({ mode: "incremental" }), "source", /no archive of data could be continued/);
  });

  it("does not continue the archives of a subvolume that was replaced", async (t) => {
    const stage = await setStage(t);
    await archiveThree(stage);
    renameSync(stage.data, join(stage.mount, "old"));
    execFileSync("btrfs", ["-q", "subvolume", "create", stage.data]);
    const { evidence } = await stage.archive(stage.snapshot("data.new"), "20261120T030000Z", { name: "data" });
    assert.equal(evidence.mode, "full");
  });

  it("in a dry run only says what it would do", async (t) => {
    const stage = await setStage(t);
    const { evidence, message } = await stage.archive(stage.snapshot(`data.${first}`), first, {}, { dryRun: true });
    assert.deepEqual([evidence.key, evidence.stored_bytes, evidence.sha256], [key(first, "full"), 0, ""]);
    assert.match(message ?? "", /would archive .* as a whole as s3:/);
    const missing = await stage.archive("/not/yet.20261101T030000Z", first, {}, { dryRun: true });
    assert.match(missing.message ?? "", /would archive \/not\/yet\S*, which is not there yet/);
    assert.ok(stage.requests.length > 0 && stage.requests.every((request) => request.startsWith("GET ")));
  });

  it("refuses what is no read-only snapshot, or not one of the subvolume", async (t) => {
    const stage = await setStage(t);
    const snapshot = stage.snapshot(`data.${first}`);
    await refused(stage.archive(stage.data, first), "config", /can be written to/);
    await refused(stage.archive(join(stage.mount, "nothing"), first), "source", /is not there/);
    await refused(stage.archive(stage.folder, first), "config", /not a Btrfs subvolume/);
    execFileSync("btrfs", ["-q", "subvolume", "create", join(stage.mount, "other")]);
    execFileSync("btrfs", [
      "-q",
      "subvolume",
      "snapshot",
      "-r",
      join(stage.mount, "other"),
      join(stage.mount, "others"),
    ]);
    await refused(
      stage.archive(join(stage.mount, "others"), first, { subvolume: "data" }),
      "config",
      /is no snapshot of/,
    );
    assert.throws(() => archiveBtrfsSend.options.parse({ to: "offsite" }), /name a subvolume or a snapshot/);
    assert.equal((await stage.archive(snapshot, first, { subvolume: "data" })).evidence.mode, "full");
  });

  it("finds out before anything runs that credentials are wrong, a bucket or a program is missing", async (t) => {
    const stage = await setStage(t);
    const check = async (more: Partial<RunnerContext> = {}) =>
      archiveBtrfsSend.check?.(
        archiveBtrfsSend.options.parse({ subvolume: "data", to: "offsite" }),
        stage.context(more),
      );
    await check();
    stage.spoil(() => 403);
    const wrong = await refused(check(), "auth", /the server answered 403/);
    assert.doesNotMatch(JSON.stringify(wrong), /test-secret/);
    stage.spoil(() => "pass");
    const missing = new StepError("tool_missing", "zstd is not installed");
    const execute = async () => Promise.reject(missing);
    await rejectsWith(check({ execute }), "tool_missing", /zstd is not installed/);
  });

  it("tells its progress in bytes", async (t) => {
    const stage = await setStage(t);
    writeFileSync(join(stage.data, "large"), randomBytes(4e6));
    const heard: number[] = [];
    let clock = 0;
    await stage.archive(
      stage.snapshot(`data.${first}`),
      first,
      {},
      {
        now: () => {
          clock += 1000;
          return clock;
        },
        progress: ({ bytesDone }) => bytesDone !== undefined && heard.push(bytesDone),
      },
    );
    assert.ok(heard.length > 3 && (heard.at(-1) ?? 0) > 3.9e6);
    assert.deepEqual(
      heard,
      heard.toSorted((a, b) => a - b),
    );
  });
});

describe("an archive that fails", { ...archive, timeout: 240_000 }, () => {
  for (const victim of ["btrfs", "zstd"]) {
    it(`because ${victim} is killed in the middle leaves no object and no parts`, async (t) => {
      const stage = await setStage(t);
      writeFileSync(join(stage.data, "large"), randomBytes(120e6));
      const pids = new Map<string, number>();
      const pipeline = createPipeline({
        env: process.env,
        graceSeconds: 1,
        onStart: ({ pid, argv }) => pids.set(argv[0] ?? "", pid),
      });
      stage.spoil((_, __, query) => {
        if (query.get("partNumber") === "1") process.kill(pids.get(victim) ?? 0, "SIGKILL");
        return "pass";
      });
      await refused(
        stage.archive(stage.snapshot(`data.${first}`), first, {}, { pipeline }),
        "killed",
        new RegExp(victim),
      );
      assert.deepEqual([await stage.keys(), await stage.uploads()], [[], []]);
    });
  }

  it("because it is cancelled leaves no object and no parts", async (t) => {
    const stage = await setStage(t);
    writeFileSync(join(stage.data, "large"), randomBytes(60e6));
    const stop = new AbortController();
    stage.spoil((_, __, query) => {
      if (query.has("partNumber")) stop.abort();
      return "pass";
    });
    const { signal } = stop;
    const pipeline = createPipeline({ env: process.env, graceSeconds: 1, signal });
    await rejectsWith(stage.archive(stage.snapshot(`data.${first}`), first, {}, { signal, pipeline }), "cancelled");
    assert.deepEqual([await stage.keys(), await stage.uploads()], [[], []]);
  });

  it("because the server fails for good leaves no object, and the programs are ended", async (t) => {
    const stage = await setStage(t);
    writeFileSync(join(stage.data, "large"), randomBytes(60e6));
    stage.spoil((_, __, query) => (query.get("partNumber") === "2" ? 403 : "pass"));
    await refused(stage.archive(stage.snapshot(`data.${first}`), first), "auth", /403/);
    assert.deepEqual([await stage.keys(), await stage.uploads()], [[], []]);
  });

  it("on a full disk says so, and leaves neither a half file nor a whole one", async (t) => {
    const stage = await setStage(t);
    writeFileSync(join(stage.data, "large"), randomBytes(30e6));
    const small = mountTmpfs(t, "8m");
    const context = stage.context({ timestamp: first });
    const full = {
      ...context,
      config: { ...context.config, destinations: { nearby: { type: "local", path: small, offsite: false } as const } },
    };
    const options = archiveBtrfsSend.options.parse({ snapshot: stage.snapshot(`data.${first}`), to: "nearby" });
    await refused(archiveBtrfsSend.run(options, full), "space", /no space left/);
    const files = readdirSync(small, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(files, []);
  });

  describe("leaves what reconciliation can remove:", () => {
    const leftoverOf = async (stage: ArchiveStage) => {
      const left: Leftover[] = [];
      const leftover: RunnerContext["leftover"] = (what) => {
        left.push(what);
        return { settled: () => void left.splice(left.indexOf(what), 1) };
      };
      const result = await stage.archive(stage.snapshot(`data.${first}`), first, {}, { leftover }).then(
        ({ evidence }) => evidence.key,
        (error: StepError) => error.reason,
      );
      return { left, result };
    };
    const remove = async (stage: ArchiveStage, what: Leftover | undefined) =>
      archiveBtrfsSend.removeLeftover?.(what as Leftover, stage.context());

    it("nothing where it went well", async (t) => {
      const { left } = await leftoverOf(await setStage(t));
      assert.deepEqual(left, []);
    });

    it("an object that never got its manifest, with all of its versions", async (t) => {
      const stage = await setStage(t);
      const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
      await stage.call("PUT", "?versioning", versioning);
      stage.spoil((method, path) => (method === "PUT" && path.endsWith(".json") ? 403 : "pass"));
      const { left, result } = await leftoverOf(stage);
      assert.deepEqual([result, left], ["auth", [{ destination: "offsite", key: key(first, "full") }]]);
      assert.deepEqual(await stage.keys(), [key(first, "full")]);
      for (const _ of [1, 2]) await remove(stage, left[0]);
      assert.deepEqual(await stage.keys(), []);
      assert.doesNotMatch((await stage.call("GET", "?versions")).toString(), /<(?:Version|DeleteMarker)>/);
    });

    it("an object that the server lists as shorter than it was written", async (t) => {
      const stage = await setStage(t);
      const listed = `<ListBucketResult><Contents><Key>${key(first, "full")}</Key><Size>10</Size></Contents></ListBucketResult>`;
      stage.spoil((_, __, query) => (query.get("prefix") === key(first, "full") ? { instead: listed } : "pass"));
      const { left, result } = await leftoverOf(stage);
      assert.equal(result, "verification");
      stage.spoil(() => "pass");
      await remove(stage, left[0]);
      assert.deepEqual(await stage.keys(), []);
    });

    it("parts that nobody put together", async (t) => {
      const stage = await setStage(t);
      const started = (await stage.call("POST", `${key(first, "full")}?uploads`)).toString();
      assert.match(started, /<UploadId>/);
      await stage.call("POST", `${key(second, "full")}?uploads`);
      await remove(stage, { destination: "offsite", key: key(first, "full") });
      assert.deepEqual(await stage.uploads(), [key(second, "full")]);
    });

    it("not an archive that is whole, though it was killed before it could say so", async (t) => {
      const stage = await setStage(t);
      const { evidence } = await stage.archive(stage.snapshot(`data.${first}`), first);
      await remove(stage, { destination: "offsite", key: evidence.key });
      assert.deepEqual(await stage.keys(), [evidence.key, evidence.manifest_key]);
    });
  });

  it("is not in the way of the next one, which also clears what earlier ones began and never finished", async (t) => {
    const stage = await setStage(t);
    const old = key("20261001T030000Z", "full").replace("/11/", "/10/");
    const others = [
      key("20261001T030000Z", "full", "other").replace("/11/", "/10/"),
      key("20261108T025900Z", "incr"),
      "top/testhost/film",
    ];
    for (const one of [old, ...others]) await stage.call("POST", `${one}?uploads`);
    const heard: string[] = [];
    await stage.archive(stage.snapshot(`data.${second}`), second, {}, { log: (message) => heard.push(message) });
    assert.deepEqual(
      (await stage.uploads()).toSorted(),
      others.toSorted(),
      "those of others, and of runs that may be alive, stay",
    );
    assert.match(heard.join(), /20261001T030000Z/);
  });

  it("is not in the way of one of the same second", async (t) => {
    const stage = await setStage(t);
    await stage.call("PUT", key(first, "full"), "left behind");
    const { evidence } = await stage.archive(stage.snapshot(`data.${first}`), first);
    assert.equal(evidence.key, key(`${first}_1`, "full"));
    assert.equal((await stage.call("GET", key(first, "full"))).toString(), "left behind");
  });
});

it("the snapshot of the last archive is not pruned: the next one needs it", {
  ...archive,
  timeout: 120_000,
}, async (t) => {
  const stage = await setStage(t);
  const { evidence, bytes } = await stage.archive(stage.snapshot(`data.${first}`), first);
  stage.snapshot(`data.${second}`);
  stage.snapshot(`data.${third}`);
  const step = {
    job: "monthly",
    id: "archive",
    uses: "archive.btrfs-send",
    kind: "backup" as const,
    target: "offsite",
  };
  const last = { ...step, evidence, bytes: bytes ?? null, files: null, runStartedAt: 0, finishedAt: 1 };
  const pruned = await pruneSnapshots.run(
    pruneSnapshots.options.parse({ subvolume: "data", keep: { last: 1 } }),
    stage.context({ lastSteps: () => [last] }),
  );
  assert.deepEqual(pruned.evidence.removed, [`data.${second}`]);
  assert.ok(existsSync(evidence.path));
});
