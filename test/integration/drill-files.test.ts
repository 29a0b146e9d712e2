import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { drillFiles } from "../../src/runners/drill-files.ts";
import { mountBtrfs } from "../support/btrfs.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { rejectsWith } from "../support/failure.ts";
import { resticConfig } from "../support/restic-context.ts";
import { runOn } from "../support/restic-runs.ts";
import { backup, configOf, prepare, run, type Stage } from "../support/restic-stage.ts";
import { mountTmpfs } from "../support/tmpfs.ts";

describe("a drill with real restic", { ...needs("restic", "several restics"), concurrency: 3 }, () => {
  for (const { version, program } of needs("restic").skip ? [] : resticPrograms()) {
    describe(version, { concurrency: 1 }, () => cases(program));
  }
});

/** The content of a file in the repository, with a bit of it flipped. */
function damage(stage: Stage): void {
  const packs = readdirSync(join(stage.base, "repository/data"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const pack = packs.reduce((largest, file) => (statSync(file).size > statSync(largest).size ? file : largest));
  const bytes = readFileSync(pack);
  bytes[1000] = (bytes[1000] as number) ^ 1;
  rmSync(pack);
  writeFileSync(pack, bytes, { mode: 0o600 });
}

function cases(program: string) {
  const drill = { repository: "main" };

  it("restores the newest snapshot wherever restic puts its files, and finds them equal to the source", async (t) => {
    const own = prepare(t, program);
    symlinkSync("one.txt", join(own.source, "link"));
    const { result } = await backup(own);
    const { evidence, message, bytes, files } = await runOn(t, drillFiles, own, drill);
    assert.equal(evidence.snapshot_id, result.evidence.snapshot_id);
    assert.deepEqual([evidence.files, evidence.bytes], [2, 100_000]);
    assert.deepEqual([files, bytes], [2, 100_000]);
    assert.deepEqual([evidence.files_compared, evidence.files_changed_since], [2, 0]);
    assert.equal(evidence.rto_estimated, false);
    assert.equal(evidence.rto_seconds, evidence.fetch_seconds);
    assert.ok(evidence.fetch_seconds > 0);
    assert.match(message ?? "", /2 equal to the source, 0 changed there since; RTO /);
  });

  it("does not compare what has changed or gone since, nor what another host has backed up", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    appendFileSync(join(own.source, "one.txt"), "more");
    const changed = await runOn(t, drillFiles, own, drill);
    assert.deepEqual([changed.evidence.files_compared, changed.evidence.files_changed_since], [1, 1]);
    own.restic("backup", "--host=web2", "--quiet", own.source);
    rmSync(own.source, { recursive: true });
    const gone = await runOn(t, drillFiles, own, drill);
    assert.deepEqual([gone.evidence.files_compared, gone.evidence.files_changed_since], [0, 2]);

    const other = await runOn(t, drillFiles, own, { ...drill, host: "web2" });
    assert.deepEqual([other.evidence.files_compared, other.evidence.files_changed_since], [0, 0]);
  });

  it("notices that a source with the same size and time holds something else", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const file = join(own.source, "one.txt");
    const { atime, mtime } = statSync(file);
    const before = statSync(file, { bigint: true }).mtimeNs;
    writeFileSync(file, randomBytes(50_000));
    utimesSync(file, atime, mtime);
    execFileSync("touch", [
      "-d",
      `@${before / 1_000_000_000n}.${String(before % 1_000_000_000n).padStart(9, "0")}`,
      file,
    ]);
    await rejectsWith(runOn(t, drillFiles, own, drill), "verification", /one\.txt was restored with another content/);
  });

  it("draws a sample that the run's id decides, and reckons the whole from it", async (t) => {
    const own = prepare(t, program);
    for (let number = 0; number < 30; number += 1)
      writeFileSync(join(own.source, `f[${number}]*?\\.bin`), randomBytes(1000));
    await backup(own);
    const { evidence } = await runOn(t, drillFiles, own, { ...drill, sample: { files: 5 } });
    assert.deepEqual([evidence.files, evidence.files_compared, evidence.files_in_snapshot], [5, 5, 32]);
    assert.equal(evidence.rto_estimated, true);
    assert.ok(evidence.rto_seconds > evidence.fetch_seconds);
    const small = await runOn(t, drillFiles, own, { ...drill, sample: { files: 20, bytes: "3000" } });
    assert.ok(small.evidence.bytes <= 3000 && small.evidence.files === 3);
  });

  it("restores what fits a pattern, and is empty_artifact when nothing does", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const { evidence } = await runOn(t, drillFiles, own, { ...drill, include: ["two.txt"] });
    assert.deepEqual([evidence.files, evidence.files_compared], [1, 1]);
    await rejectsWith(runOn(t, drillFiles, own, { ...drill, include: ["/nowhere"] }), "empty_artifact", /nothing/);
  });

  it("chooses by job, paths, host and id, and says when nothing fits", async (t) => {
    const own = prepare(t, program);
    const { result } = await backup(own);
    own.restic("backup", "--host=web1", "--quiet", "--time=2037-01-01 00:00:00", own.source);
    own.restic("backup", "--host=web1", "--quiet", join(own.source, "one.txt"));
    const chosen = async (options: object) => (await runOn(t, drillFiles, own, { ...drill, ...options })).evidence;
    assert.equal((await chosen({})).files, 1, "the newest that is not dated after now");
    assert.equal((await chosen({ backup_of: "nightly" })).snapshot_id, result.evidence.snapshot_id);
    assert.equal((await chosen({ paths: [own.source] })).snapshot_id, result.evidence.snapshot_id);
    assert.equal((await chosen({ snapshot: result.evidence.snapshot_id.slice(0, 10) })).files, 2);
    await rejectsWith(chosen({ backup_of: "weekly" }), "source", /no snapshot of web1 that fits/);
    await rejectsWith(chosen({ snapshot: "0123456789" }), "source", /no snapshot 0123456789/);
  });

  it("is verification when the repository is damaged", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    damage(own);
    const error = await rejectsWith(runOn(t, drillFiles, own, drill), "verification", /damaged or missing/);
    assert.match(error.details.advice ?? "", /restic check/);
  });

  it("refuses to begin where there is no space for it", needs("root"), async (t) => {
    const own = prepare(t, program);
    writeFileSync(join(own.source, "large"), randomBytes(3_000_000));
    await backup(own);
    const small = mountTmpfs(t, "1m");
    await rejectsWith(runOn(t, drillFiles, own, drill, { scratch: async () => small }), "space", /do not fit into/);
    assert.deepEqual(readdirSync(small), []);
  });

  it("restores nothing in a dry run", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const scratch = () => assert.fail("no scratch folder is needed");
    const { message, evidence } = await runOn(t, drillFiles, own, drill, { dryRun: true, scratch });
    assert.match(message ?? "", /^would restore 2 files/);
    assert.equal(evidence.files, 0);
  });

  it(
    "compares with the Btrfs snapshot it was read from, else with where the data lives",
    needs("root", "btrfs"),
    async (t) => {
      const mountPoint = mountBtrfs(t);
      const own = prepare(t, program);
      const [home, snapshots] = [join(mountPoint, "home"), join(mountPoint, "snapshots")];
      execFileSync("btrfs", ["-q", "subvolume", "create", home]);
      mkdirSync(join(home, "data"));
      mkdirSync(snapshots);
      for (const name of ["a", "b"]) writeFileSync(join(home, "data", name), randomBytes(5000));
      const path = join(snapshots, "home.20261119T000000Z");
      execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", home, path]);
      const config = configOf({ ...own, subvolumes: { home: { path: home, snapshots } } });
      await run(config, { from: join(path, "data") });
      appendFileSync(join(home, "data/a"), "changed");
      const { evidence } = await runOn(t, drillFiles, own, drill);
      assert.deepEqual([evidence.files_compared, evidence.files_changed_since], [2, 0], "the snapshot stands still");
      execFileSync("btrfs", ["-q", "subvolume", "delete", path]);
      const live = await runOn(t, drillFiles, own, drill);
      assert.deepEqual([live.evidence.files_compared, live.evidence.files_changed_since], [1, 1]);
    },
  );
}

it("a program that prints garbage is no drill", needs("restic"), async (t) => {
  const own = prepare(t, "/bin/true");
  const config = resticConfig(own);
  await rejectsWith(runOn(t, drillFiles, { config }, { repository: "main" }), "unknown", /not JSON/);
});
