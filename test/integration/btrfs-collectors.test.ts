import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { btrfs as btrfsCollector } from "../../src/collectors/btrfs.ts";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { disk } from "../../src/collectors/disk.ts";
import { snapshots } from "../../src/collectors/snapshots.ts";
import { configuration } from "../../src/config/schema.ts";
import type { Artifact, Sample } from "../../src/model/samples/sample.ts";
import { showSubvolume } from "../../src/tools/btrfs/btrfs.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";

const execute = createExecute({ env: process.env });
const btrfs = (...args: string[]) => execFileSync("btrfs", ["-q", ...args], { stdio: "pipe" });
const snapshot = (source: string, path: string, ...more: string[]) =>
  btrfs("subvolume", "snapshot", ...more, "--", source, path);

/** @param seen what an earlier look of the snapshots collector saw */
const contextFor = (
  config: object,
  more: Partial<CollectorContext> = {},
  seen: readonly Artifact[] = [],
): CollectorContext =>
  ({
    ledger: { observations: () => [{ collector: "snapshots", artifacts: seen }] },
    config: configuration.parse({ host: "testhost", state_directory: "/", ...config }),
    execute,
    now: Date.now() / 1000,
    ...more,
  }) as unknown as CollectorContext;

const sampleOf = (samples: readonly Sample[], metric: Sample["metric"], labels: Record<string, string>) =>
  samples.find((sample) => {
    const own = sample.labels as Record<string, string>;
    return sample.metric === metric && Object.entries(labels).every(([name, value]) => own[name] === value);
  });

describe("the snapshots collector", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  it("sees what anybody made anywhere on the filesystem, received ones too, by one look", async (t) => {
    const mount = mountBtrfs(t);
    const data = createSubvolume(mount, "data");
    const other = createSubvolume(mount, "other");
    const directory = join(mount, "snapshots");
    for (const folder of ["snapshots", "received", "other-snapshots"]) mkdirSync(join(mount, folder));
    snapshot(data, join(directory, "a"), "-r");
    snapshot(data, join(directory, "new\nline"), "-r");
    snapshot(data, join(mount, "by hand"));
    snapshot(other, join(mount, "other-snapshots", "o"), "-r");
    execFileSync("sh", [
      "-c",
      'btrfs -q send -q "$1" | btrfs -q receive "$2"',
      "sh",
      join(directory, "a"),
      join(mount, "received"),
    ]);
    const calls: string[] = [];
    const counting: Execute = (call) => {
      calls.push(call.argv.slice(1, 3).join(" "));
      return execute(call);
    };
    const subvolumes = {
      data: { path: data, snapshots: `${directory}/` },
      other: { path: other, snapshots: join(mount, "other-snapshots") },
    };
    const {
      samples,
      artifacts = [],
      problems,
    } = await snapshots.collect(contextFor({ subvolumes }, { execute: counting }));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      artifacts.map(({ subject, name }) => [subject, name]).sort(),
      [
        ["data", join(mount, "by hand")],
        ["data", join(mount, "received", "a")],
        ["data", join(directory, "a")],
        ["data", join(directory, "new\nline")],
        ["other", join(mount, "other-snapshots", "o")],
      ].sort(),
    );
    for (const { name, at } of artifacts) assert.equal(at, (await showSubvolume(execute, name)).createdAt);
    const newest = Math.max(...artifacts.filter(({ subject }) => subject === "data").map(({ at }) => at));
    assert.deepEqual(samples.slice(0, 3), [
      { metric: "snapshotCount", labels: { subvol: "data", type: "all" }, value: 4 },
      { metric: "snapshotAge", labels: { subvol: "data" }, since: newest },
      { metric: "snapshotNewest", labels: { subvol: "data" }, value: newest },
    ]);
    assert.deepEqual(calls.sort(), ["subvolume list", "subvolume list", "subvolume show"]);
  });

  it("asks no second time when a snapshot was made, and sees what came and went since", async (t) => {
    const mount = mountBtrfs(t);
    const data = createSubvolume(mount, "data");
    const directory = join(mount, "snapshots");
    mkdirSync(directory);
    for (let n = 0; n < 30; n += 1) snapshot(data, join(directory, `${n}`), "-r");
    const subvolumes = { data: { path: data, snapshots: directory } };
    const calls: string[] = [];
    const counting: Execute = (call) => {
      calls.push(call.argv.slice(1, 4).join(" "));
      return execute(call);
    };
    const { artifacts: first = [] } = await snapshots.collect(contextFor({ subvolumes }));
    btrfs("subvolume", "delete", join(directory, "0"));
    btrfs("subvolume", "delete", join(directory, "1"));
    // The same name again is another snapshot.
    snapshot(data, join(directory, "1"), "-r");
    const later = await snapshots.collect(contextFor({ subvolumes }, { execute: counting }, first));
    assert.deepEqual(calls, ["subvolume list -puqR", "subvolume show -u"]);
    const names = (later.artifacts ?? []).map(({ name }) => name).sort();
    assert.deepEqual(names, Array.from({ length: 29 }, (_, n) => join(directory, `${n + 1}`)).sort());
    for (const { name, at } of later.artifacts ?? []) assert.equal(at, (await showSubvolume(execute, name)).createdAt);

    for (let n = 0; n < 20; n += 1) snapshot(data, join(directory, `new ${n}`), "-r");
    calls.length = 0;
    const many = await snapshots.collect(contextFor({ subvolumes }, { execute: counting }, later.artifacts));
    assert.deepEqual([many.artifacts?.length, calls.filter((call) => call.includes("show"))], [49, []]);
  });

  it("counts none where there is none, and gives no age", async (t) => {
    const mount = mountBtrfs(t);
    const subvolumes = {
      data: { path: createSubvolume(mount, "data"), snapshots: join(mount, "not made yet") },
      top: { path: mount, snapshots: join(mount, "not made either") },
    };
    const { samples, artifacts } = await snapshots.collect(contextFor({ subvolumes }));
    assert.deepEqual(artifacts, []);
    assert.deepEqual(samples, [
      { metric: "snapshotCount", labels: { subvol: "data", type: "all" }, value: 0 },
      { metric: "snapshotCount", labels: { subvol: "top", type: "all" }, value: 0 },
    ]);
  });

  it("names a snapshot by a path that works where only a subvolume is mounted", async (t) => {
    const mount = mountBtrfs(t);
    const data = createSubvolume(mount, "data");
    snapshot(data, join(data, "inside"), "-r");
    snapshot(data, join(mount, "outside"), "-r");
    const device = execFileSync("findmnt", ["-no", "SOURCE", mount], { encoding: "utf8" }).trim();
    // The loop device goes with its last mount.
    const aside = join(dirname(mount), "aside");
    mkdirSync(aside);
    execFileSync("mount", ["-o", "subvol=data", device, aside]);
    execFileSync("umount", [mount]);
    execFileSync("mount", ["--bind", aside, mount]);
    execFileSync("umount", [aside]);
    const subvolumes = { data: { path: mount, snapshots: join(mount, ".snapshots") } };
    const { artifacts = [] } = await snapshots.collect(contextFor({ subvolumes }));
    assert.deepEqual(
      artifacts.map(({ name }) => name),
      [join(mount, "inside"), "<top level>/outside"],
    );
  });

  it("tells what it could not look at, and keeps the rest", async (t) => {
    const mount = mountBtrfs(t);
    const subvolumes = {
      gone: { path: join(mount, "gone"), snapshots: join(mount, "s") },
      data: { path: createSubvolume(mount, "data"), snapshots: join(mount, "s") },
      plain: { path: temporaryDirectory(t), snapshots: "/nowhere" },
    };
    const { samples, problems = [] } = await snapshots.collect(contextFor({ subvolumes }));
    assert.deepEqual(
      samples.map(({ labels }) => labels),
      [{ subvol: "data", type: "all" }],
    );
    assert.deepEqual(
      [problems.length, /^gone: .*not there/.test(problems[0] ?? ""), /^plain: /.test(problems[1] ?? "")],
      [2, true, true],
    );
  });

  it("without the privilege says so", async (t) => {
    const mount = mountBtrfs(t);
    chmodSync(dirname(mount), 0o755);
    const unprivileged: Execute = ({ argv, ...call }) =>
      execute({ ...call, argv: ["setpriv", "--reuid", "65534", "--clear-groups", ...argv] });
    const subvolumes = { data: { path: createSubvolume(mount, "data"), snapshots: join(mount, "s") } };
    const { samples, problems = [] } = await snapshots.collect(contextFor({ subvolumes }, { execute: unprivileged }));
    assert.deepEqual(samples, []);
    assert.match(problems.join(), /data: .*Operation not permitted/);
  });

  it("is not made young by a snapshot from the future", async (t) => {
    const mount = mountBtrfs(t);
    const data = createSubvolume(mount, "data");
    snapshot(data, join(mount, "a"), "-r");
    const { createdAt } = await showSubvolume(execute, join(mount, "a"));
    const subvolumes = { data: { path: data, snapshots: join(mount, "s") } };
    const future: Execute = async (call) => {
      const result = await execute(call);
      const line = result.stdout.split("\n").find((text) => text.includes("otime"));
      const forged = line?.replace(/^ID \d+/, "ID 9999").replace(/otime \d+/, "otime 2999");
      const all = result.stdout.split("\n").find((text) => text.endsWith("path a") && !text.includes("otime"));
      const more = forged ?? all?.replace(/^ID \d+/, "ID 9999");
      return more ? { ...result, stdout: `${result.stdout}${more.replace(/path a$/, "path b")}\n` } : result;
    };
    const { samples } = await snapshots.collect(contextFor({ subvolumes }, { execute: future }));
    assert.equal(sampleOf(samples, "snapshotCount", {})?.value, 2);
    assert.equal(sampleOf(samples, "snapshotAge", {})?.since, createdAt);
  });
});

describe("the disk and btrfs collectors", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  const usageOf = (mount: string) => {
    execFileSync("btrfs", ["filesystem", "sync", mount]);
    const text = execFileSync("btrfs", ["filesystem", "usage", "-b", mount], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const bytes = (name: string) => Number(new RegExp(`^ +${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
    return { size: bytes("Device size"), used: bytes("Used"), unallocated: bytes("Device unallocated") };
  };
  const layouts = { single: ["-d", "single"], dup: ["-d", "dup", "-m", "dup"], mixed: ["--mixed"] } as const;

  for (const [layout, mkfs] of Object.entries(layouts)) {
    it(`counts a filesystem with ${layout} data as Btrfs itself does, also after it was made smaller`, async (t) => {
      const mount = mountBtrfs(t, { mebibytes: 600, mkfs });
      writeFileSync(join(mount, "file"), Buffer.alloc(20 * 1024 * 1024, 1));
      for (const size of ["max", "400M"]) {
        btrfs("filesystem", "resize", size, mount);
        const { size: total, used, unallocated } = usageOf(mount);
        const subvolumes = { a: { path: mount, snapshots: mount }, b: { path: mount, snapshots: mount } };
        const looks = [disk, btrfsCollector].map((collector) => collector.collect(contextFor({ subvolumes })));
        const found = await Promise.all(looks);
        const samples = found.flatMap((each) => each.samples);
        assert.deepEqual(
          found.flatMap(({ problems = [] }) => problems),
          [],
        );
        const device = execFileSync("findmnt", ["-no", "SOURCE", mount], { encoding: "utf8" }).trim();
        assert.equal(
          samples.filter(
            ({ metric, labels }) => metric === "diskSize" && "device" in labels && labels.device === device,
          ).length,
          1,
        );
        assert.equal(sampleOf(samples, "diskSize", { device })?.value, total);
        assert.equal(sampleOf(samples, "diskUnallocated", { device })?.value, unallocated);
        assert.equal(sampleOf(samples, "diskUsage", { device })?.value, used / total);
        assert.equal(sampleOf(samples, "btrfsBalance", { device })?.value, 0);
        assert.equal(sampleOf(samples, "btrfsExclusiveOperation", { device, operation: "none" })?.value, 1);
        assert.equal(sampleOf(samples, "btrfsDevices", { device })?.value, 1);
        assert.equal(sampleOf(samples, "btrfsDevicesMissing", { device })?.value, 0);
        assert.equal(sampleOf(samples, "btrfsReadOnly", { device })?.value, 0);
        const pressure = sampleOf(samples, "btrfsMetadataPressure", { device })?.value;
        assert.ok(pressure !== undefined && pressure > 0 && pressure < 0.5, `${pressure}`);
        const metadata = sampleOf(samples, "btrfsAllocation", {
          device,
          type: layout === "mixed" ? "mixed" : "metadata",
        });
        assert.ok(metadata?.value !== undefined && metadata.value > 0 && metadata.value < 1);
        for (const kind of ["write", "read", "flush", "corruption", "generation"]) {
          assert.equal(sampleOf(samples, "btrfsDeviceErrors", { device, devid: "1", kind })?.value, 0, kind);
        }
      }
    });
  }

  it("counts other filesystems as df does: local copies, local repositories, state", async (t) => {
    const place = temporaryDirectory(t);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8M", "tmpfs", place]);
    try {
      writeFileSync(join(place, "file"), Buffer.alloc(2 * 1024 * 1024));
      const { samples, problems } = await disk.collect(
        contextFor({
          state_directory: join(place, "state", "not made yet"),
          destinations: { copy: { type: "local", path: place } },
          repositories: {
            here: { repository: join(place, "repository"), password: { environment: "X" } },
            there: { repository: "rest:https://example.org/", password: { environment: "X" } },
          },
        }),
      );
      assert.deepEqual(problems, []);
      assert.deepEqual(samples, [
        { metric: "diskUsage", labels: { device: place }, value: 0.25 },
        { metric: "diskSize", labels: { device: place }, value: 8 * 1024 * 1024 },
      ]);
    } finally {
      execFileSync("umount", [place]);
    }
  });

  it("shows errors that the kernel has counted", async (t) => {
    const mount = mountBtrfs(t);
    const device = execFileSync("findmnt", ["-no", "SOURCE", mount], { encoding: "utf8" }).trim();
    writeFileSync(join(mount, "file"), Buffer.alloc(1024 * 1024, "pantheros "));
    execFileSync("btrfs", ["filesystem", "sync", mount]);
    damage(device, join(mount, "file"));
    const subvolumes = { a: { path: mount, snapshots: mount } };
    const { samples } = await btrfsCollector.collect(contextFor({ subvolumes }));
    const corrupt = sampleOf(samples, "btrfsDeviceErrors", { device, devid: "1", kind: "corruption" });
    assert.ok(corrupt?.value !== undefined && corrupt.value > 0);
  });
});

/** Overwrites the file's content on the disk behind the filesystem's back, and lets Btrfs find out. */
function damage(device: string, file: string): void {
  const script = `
import os, sys
device, file = sys.argv[1:]
disk = os.open(device, os.O_RDWR)
size = os.lseek(disk, 0, os.SEEK_END)
for at in range(0, size, 1 << 20):
    block = os.pread(disk, 1 << 20, at)
    if b"pantheros pantheros " in block:
        os.pwrite(disk, block.replace(b"pantheros", b"PANTHEROS"), at)
os.fsync(disk)
handle = os.open(file, os.O_RDONLY)
os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
os.read(handle, 1 << 20)
`;
  assert.throws(() => execFileSync("python3", ["-c", script, device, file], { stdio: "pipe" }), /Input\/output error/);
}
