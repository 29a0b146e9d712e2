import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import type { StepError } from "../../src/model/run/outcome.ts";
import { archiveVerify } from "../../src/runners/archive-verify.ts";
import { drillArchive } from "../../src/runners/drill-archive.ts";
import { createExecute, createPipeline } from "../../src/tools/exec.ts";
import { removeScratch } from "../../src/tools/files/scratch.ts";
import { type ArchiveStage, setArchiveStage } from "../support/archive-stage.ts";
import { mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { refused, rejectsWith } from "../support/failure.ts";
import { type S3Server, startS3 } from "../support/s3.ts";
import { sharedByTests } from "../support/shared.ts";

const archive = needs("root", "btrfs", "zstd", "s3");
const shared = sharedByTests();
let server: S3Server;
before(async () => {
  if (!archive.skip) server = await startS3(shared);
});

const moments = ["20261101T030000Z", "20261108T030000Z", "20261115T030000Z"] as const;

/** Full, and two incremental ones on top of it. */
async function prepare(t: TestContext, options: { mebibytes?: number } = {}) {
  const stage = await setArchiveStage(t, server, options);
  writeFileSync(join(stage.data, "large"), randomBytes(3e6));
  const made = [];
  for (const moment of moments) {
    writeFileSync(join(stage.data, moment), randomBytes(1e5));
    made.push((await stage.archive(stage.snapshot(`data.${moment}`), moment)).evidence);
  }
  const [one, two, three] = made;
  assert.ok(one && two && three);
  return { stage, one, two, three };
}

/** One bit of an object is another from now on. */
async function damage(stage: ArchiveStage, key: string) {
  stage.spoil(() => "pass");
  const content = await stage.call("GET", key);
  const at = Math.floor(content.length / 2);
  content[at] = (content[at] ?? 0) ^ 1;
  const form = new Uint8Array(content);
  await stage.call("PUT", key, form);
}

const problemsOf = ({ details }: StepError): Record<string, string> => {
  const faults = (details.evidence?.["faults"] ?? []) as readonly { key: string; problem: string }[];
  return Object.fromEntries(faults.map(({ key, problem }) => [key, problem]));
};
const faultsOf = (error: StepError) => Object.keys(problemsOf(error));

describe("archive.verify", { ...archive, timeout: 240_000 }, () => {
  it("counts what is there and can be restored, and reads what it is asked to", async (t) => {
    const { stage, one, two, three } = await prepare(t);
    const total = one.stored_bytes + two.stored_bytes + three.stored_bytes;
    const { evidence, outcome } = await stage.verify();
    assert.deepEqual(evidence, {
      destination: "offsite",
      archives: 3,
      restorable: 3,
      newest_key: three.key,
      stored_bytes: total,
      faults: [],
      orphans: [],
      read_archives: 0,
      read_bytes: 0,
    });
    assert.equal(outcome, undefined);
    archiveVerify.produces.parse(evidence);
    await stage.archive(stage.snapshot("again"), "20261116T030000Z", { mode: "full", name: "data" });
    const newest = (await stage.verify({ read: "newest" })).evidence;
    assert.deepEqual([newest.archives, newest.read_archives], [4, 1], "the newest needs itself only");
    assert.equal((await stage.verify({ read: "all" })).evidence.read_archives, 4);
    assert.equal((await stage.verify({ name: "data", host: "testhost" })).evidence.archives, 4);
  });

  it("fails for an incremental archive whose parent is gone, and for all that stand on it", async (t) => {
    const { stage, two, three } = await prepare(t);
    for (const key of [two.key, two.manifest_key]) await stage.call("DELETE", key);
    const error = await refused(
      stage.verify(),
      "verification",
      /1 archives are not whole: .* needs .*, which is not there/,
    );
    assert.deepEqual(faultsOf(error), [three.key]);
    assert.match(error.message, /1 of 2 archives can be restored/);
  });

  it("fails for a manifest without an object, an object of another size and a manifest that is none", async (t) => {
    const { stage, one, two, three } = await prepare(t);
    await stage.call("DELETE", one.key);
    assert.deepEqual(
      faultsOf(await refused(stage.verify(), "verification", /no object/)).toSorted(),
      [one.key, two.key, three.key].toSorted(),
    );
    await stage.call("PUT", one.key, "short");
    await refused(stage.verify(), "verification", /it has 5 bytes, its manifest says/);
    await stage.call("PUT", one.manifest_key, "{}");
    await refused(stage.verify(), "verification", /the manifest of .* cannot be used: format/);
    await stage.call("PUT", one.manifest_key, "x".repeat(100_000));
    await refused(stage.verify(), "verification", /it is something else/);
    await stage.call("PUT", two.manifest_key, (await stage.call("GET", three.manifest_key)).toString());
    const error = await refused(stage.verify(), "verification", /3 archives are not whole/);
    assert.match(problemsOf(error)[two.key] ?? "", /it speaks of/);
  });

  it("finds damage only when it reads", async (t) => {
    const { stage, two } = await prepare(t);
    await damage(stage, two.key);
    assert.equal((await stage.verify()).outcome, undefined);
    const error = await refused(stage.verify({ read: "newest" }), "verification", /its SHA-256 is another/);
    assert.deepEqual(faultsOf(error), [two.key]);
    assert.equal(error.details.evidence?.["read_archives"], 2);
  });

  it("names objects without a manifest, which may be being written just now", async (t) => {
    const { stage } = await prepare(t);
    const orphan = "top/testhost/2026/11/data-20261120T030000Z-full.btrfs.zst";
    await stage.call("PUT", orphan, "not proven");
    const at = (time: string) => ({
      now: () => Date.parse(time),
      config: { ...stage.context().config, jobs: { it: { deadline: 12 * 3600 } as never } },
    });
    const soon = await stage.verify({}, at("2026-11-20T04:00:00Z"));
    assert.deepEqual([soon.outcome, soon.evidence.orphans], [undefined, [orphan]]);
    const later = await stage.verify({}, at("2026-11-21T04:00:00Z"));
    assert.deepEqual([later.outcome, later.reason, later.evidence.orphans], ["partial", "verification", [orphan]]);
    assert.match(later.message ?? "", /1 objects have no manifest and do not count/);
  });

  it("fails where there is nothing, which is no proof of anything", async (t) => {
    const { stage } = await prepare(t);
    await refused(
      stage.verify({ host: "another" }),
      "empty_artifact",
      /there is no archive at s3:\/\/[^/]+\/top\/another$/,
    );
    stage.spoil(() => 403);
    await refused(stage.verify(), "auth", /403/);
  });
});

describe("drill.archive", { ...archive, timeout: 240_000 }, () => {
  it("restores the newest with all that it needs, compares it with its source and measures the phases", async (t) => {
    const { stage, one, two, three } = await prepare(t);
    const { evidence, files } = await stage.drill();
    drillArchive.produces.parse(evidence);
    assert.deepEqual(
      [evidence.key, evidence.archives, evidence.uuid, evidence.files, files],
      [three.key, 3, three.uuid, 5, 5],
    );
    assert.equal(evidence.stored_bytes, one.stored_bytes + two.stored_bytes + three.stored_bytes);
    assert.equal(evidence.bytes, 3e6 + 3e5 + "content\n".length);
    const { rto_seconds, fetch_seconds, load_seconds, query_seconds } = evidence;
    assert.ok(Math.min(fetch_seconds, load_seconds, query_seconds) > 0);
    assert.ok(rto_seconds >= fetch_seconds + load_seconds + query_seconds - 0.01);
    assert.match(evidence.proven, /5 files are the same as in .*data\.20261115T030000Z, with their content/);
  });

  it("does not tell its progress with every chunk", async (t) => {
    const { stage } = await prepare(t);
    const now = Date.now();
    const heard: (string | undefined)[] = [];
    await stage.drill({}, { now: () => now, progress: ({ note }) => heard.push(note) });
    assert.deepEqual(heard, ["reading the manifests", "restoring archive 1 of 3", "comparing what was restored"]);
  });

  it("leaves behind nothing that could not be removed: read-only subvolumes in its scratch folder", async (t) => {
    const { stage } = await prepare(t);
    await stage.drill();
    const [scratch = ""] = readdirSync(stage.mount).filter((name) => name.startsWith("pantheros-"));
    await removeScratch(join(stage.mount, scratch), createExecute({ env: process.env }));
    assert.deepEqual(readdirSync(stage.mount).toSorted(), ["data", "folder", "snapshots"]);
  });

  it("restores on another filesystem where the snapshots are gone, and holds it against what was counted", async (t) => {
    const { stage, two } = await prepare(t);
    for (const moment of moments)
      execFileSync("btrfs", ["-q", "subvolume", "delete", join(stage.snapshots, `data.${moment}`)]);
    const into = join(mountBtrfs(t), "drills");
    mkdirSync(into);
    const { evidence } = await stage.drill({ into, archive: two.key });
    assert.deepEqual([evidence.key, evidence.archives, evidence.files], [two.key, 2, 4]);
    assert.match(evidence.proven, /4 files of .*, as many as were archived; the snapshot itself is gone/);
    assert.equal(readdirSync(into).length, 1);
  });

  it("finds out that what was archived is not what was counted", async (t) => {
    const { stage, one } = await prepare(t);
    execFileSync("btrfs", ["-q", "subvolume", "delete", one.path]);
    const manifest = JSON.parse((await stage.call("GET", one.manifest_key)).toString());
    const other = { ...manifest, snapshot: { ...manifest.snapshot, files: 7 } };
    await stage.call("PUT", one.manifest_key, JSON.stringify(other));
    await refused(
      stage.drill({ archive: one.key }),
      "verification",
      /3 files of \d+ bytes were restored, the manifest says 7/,
    );
  });

  it("fails for an archive that was damaged, whatever zstd and btrfs make of it", async (t) => {
    const { stage, one, two } = await prepare(t);
    await damage(stage, two.key);
    await refused(stage.drill(), "verification", /./);
    const intact = await stage.drill({ archive: one.key });
    assert.equal(intact.evidence.archives, 1);
    // Another stream that zstd and btrfs take: only its hash tells.
    const swapped = await stage.call("GET", one.key);
    const manifest = JSON.parse((await stage.call("GET", two.manifest_key)).toString());
    await stage.call("PUT", two.key, new Uint8Array(swapped));
    await stage.call("PUT", two.manifest_key, JSON.stringify({ ...manifest, stored_bytes: swapped.length }));
    await refused(stage.drill({ archive: two.key }), "verification", /its SHA-256 is another/);
  });

  it("refuses what has no parent any more, what is not there, and what no Btrfs could take", async (t) => {
    const { stage, one, two } = await prepare(t);
    await refused(stage.drill({ archive: "top/nothing" }), "source", /there is no archive s3:/);
    await refused(
      stage.drill({ host: "another" }),
      "empty_artifact",
      /there is no archive at offsite that can be restored/,
    );
    await refused(stage.drill({ into: "/dev/shm" }), "config", /not on Btrfs/);
    await refused(stage.drill({ into: "/not/there" }), "config", /is not there/);
    assert.equal(existsSync("/not"), false);
    await stage.call("DELETE", one.key);
    await refused(
      stage.drill({ archive: two.key }),
      "verification",
      /cannot be restored: .* is not there or not whole/,
    );
    await refused(stage.drill(), "empty_artifact", /no object/);
  });

  it("does not fill a disk that is too small", async (t) => {
    const { stage } = await prepare(t);
    writeFileSync(join(stage.data, "large"), Buffer.alloc(300e6));
    await stage.archive(stage.snapshot("large"), "20261120T030000Z", { name: "data", mode: "full" });
    const into = mountBtrfs(t, { mebibytes: 200 });
    await refused(stage.drill({ into }), "space", /restoring it takes .*, in .* there is room for/);
  });

  it("in a dry run only says what it would do", async (t) => {
    const { stage, three } = await prepare(t);
    const { evidence, message } = await stage.drill(
      {},
      { dryRun: true, scratch: () => assert.fail("it made a folder") },
    );
    assert.deepEqual([evidence.key, evidence.files, evidence.proven], [three.key, 0, "nothing: a dry run"]);
    assert.match(message ?? "", /would restore .* \(3 archives/);
  });

  it("goes on where the connection breaks off", async (t) => {
    const { stage, one } = await prepare(t);
    let cuts = 0;
    stage.spoil((method, path) => {
      if (method !== "GET" || !path.endsWith(one.key) || cuts === 3) return "pass";
      cuts += 1;
      return { cutAfter: 400_000 };
    });
    await stage.drill({ archive: one.key });
    assert.equal(cuts, 3);
  });

  it("ends when it is cancelled", async (t) => {
    const { stage } = await prepare(t);
    const stop = new AbortController();
    const { signal } = stop;
    stage.spoil((_, path) => {
      if (path.endsWith(".zst")) stop.abort();
      return "pass";
    });
    const pipeline = createPipeline({ env: process.env, signal, graceSeconds: 1 });
    await rejectsWith(stage.drill({}, { signal, pipeline }), "cancelled");
  });

  it("finds out before anything runs that it cannot work", async (t) => {
    const { stage } = await prepare(t);
    const check = async (options: Record<string, unknown> = {}) =>
      drillArchive.check?.(drillArchive.options.parse({ destination: "offsite", ...options }), stage.context());
    await check({ into: stage.mount });
    await refused(check({ into: "/dev/shm" }), "config", /not on Btrfs/);
    await refused(check({ into: join(stage.mount, "nothing") }), "config", /is not there/);
    rmSync(stage.folder, { recursive: true });
    await refused(check({ destination: "nearby" }), "config", /is not there/);
    assert.equal(existsSync(stage.folder), false);
  });
});
