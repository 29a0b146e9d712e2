import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { btrfs } from "../../src/collectors/btrfs.ts";
import { btrfsScrub } from "../../src/collectors/btrfs-scrub.ts";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import type { Execute } from "../../src/tools/exec.ts";
import { corrupt, type ManyDevices, mountBtrfs, mountManyDevices } from "../support/btrfs.ts";
import { collectorContextOf } from "../support/collector-context.ts";
import { runPantheros } from "../support/command.ts";
import { needs } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";

const run = (...argv: readonly [string, ...string[]]) => {
  const [program, ...args] = argv;
  return execFileSync(program, args, { stdio: "pipe", encoding: "utf8" }).trim();
};
const valuesOf = (
  samples: readonly Sample[],
  metric: Sample["metric"],
  labels: Readonly<Record<string, string>> = {},
) =>
  samples
    .filter((sample) => {
      const own: Readonly<Record<string, string | undefined>> = sample.labels;
      return sample.metric === metric && Object.entries(labels).every(([name, value]) => own[name] === value);
    })
    .map(({ value, since }) => value ?? since);
/** The state of pantheros is on another filesystem, which is none of Btrfs here. */
const contextFor = (mountPoint: string, more: Partial<CollectorContext> = {}): CollectorContext => ({
  ...collectorContextOf({ state_directory: "/proc", subvolumes: { a: { path: mountPoint, snapshots: mountPoint } } }),
  ...more,
});
const unprivileged = (context: CollectorContext): Execute => {
  return ({ argv, ...call }) =>
    context.execute({ ...call, argv: ["setpriv", "--reuid", "65534", "--clear-groups", ...argv] });
};
const mirror = (t: TestContext) => mountManyDevices(t, { count: 2, mkfs: ["-d", "raid1", "-m", "raid1"] });
/** btrfs-progs keeps a record of every filesystem that was ever scrubbed here. */
const forgetScrubs = (t: TestContext, { uuid }: Pick<ManyDevices, "uuid">) =>
  t.after(() => rmSync(`/var/lib/btrfs/scrub.status.${uuid}`, { force: true }));

describe("the health of a real Btrfs", { ...needs("root", "btrfs"), timeout: 180_000 }, () => {
  it("of several devices counts what metadata can still become on different ones", async (t) => {
    const { mountPoint } = mountManyDevices(t, {
      count: 2,
      mkfs: ["-d", "single", "-m", "raid1"],
      mebibytes: [1024, 200],
    });
    const { samples, problems } = await btrfs.collect(contextFor(mountPoint));
    assert.deepEqual(problems, []);
    assert.deepEqual(valuesOf(samples, "btrfsDevices"), [2]);
    const [pressure = 0] = valuesOf(samples, "btrfsMetadataPressure");
    const [unallocated = 0] = valuesOf(samples, "diskUnallocated");
    // Not half of all that is free: the smaller device is the bound.
    assert.ok(unallocated > 500 * 2 ** 20, `${unallocated}`);
    const reserve = 5.5 * 2 ** 20;
    assert.ok(pressure > reserve / (200 * 2 ** 20), `${pressure}`);
  });

  it("shows a device that is missing, and what mends it", async (t) => {
    const filesystem = mirror(t);
    filesystem.loseLastDevice();
    const { samples, problems } = await btrfs.collect(contextFor(filesystem.mountPoint));
    assert.deepEqual(problems, []);
    assert.deepEqual([valuesOf(samples, "btrfsDevices"), valuesOf(samples, "btrfsDevicesMissing")], [[2], [1]]);
    // One device alone has no room for a mirror.
    assert.ok((valuesOf(samples, "btrfsMetadataPressure")[0] ?? 0) > 0.05);
    const answer = await disksOf(t, filesystem.mountPoint);
    assert.equal(answer.code, 1);
    assert.match(answer.stdout, /device 2 is missing[^\n]*\n[^\n]*btrfs replace start 2 \/dev\/NEW/);
  });

  it("shows errors of the one device that has them, and scrubs that mended them", async (t) => {
    const filesystem = mirror(t);
    forgetScrubs(t, filesystem);
    const { mountPoint, devices } = filesystem;
    const context = contextFor(mountPoint);
    const before = await btrfsScrub.collect(context);
    assert.deepEqual(valuesOf(before.samples, "btrfsScrubState", { state: "never" }), [1]);
    // Never scrubbed: it counts from the first look, which stays that one.
    assert.deepEqual(valuesOf(before.samples, "btrfsScrubAge"), [context.now]);
    const later = await btrfsScrub.collect({ ...context, now: context.now + 3600 });
    assert.deepEqual(valuesOf(later.samples, "btrfsScrubAge"), [context.now]);
    assert.deepEqual(valuesOf(before.samples, "btrfsScrubErrors"), []);

    writeFileSync(join(mountPoint, "file"), Buffer.alloc(30 * 2 ** 20, "content "));
    run("btrfs", "filesystem", "sync", mountPoint);
    corrupt(devices[1] as string, { mebibyte: 90, mebibytes: 150 });
    run("btrfs", "scrub", "start", "-B", mountPoint);
    const { samples } = await btrfs.collect(context);
    assert.deepEqual(valuesOf(samples, "btrfsDeviceErrors", { devid: "1", kind: "corruption" }), [0]);
    const [counted = 0] = valuesOf(samples, "btrfsDeviceErrors", { devid: "2", kind: "corruption" });
    assert.ok(counted > 0);
    const after = await btrfsScrub.collect(context);
    assert.deepEqual(after.problems, []);
    assert.deepEqual(valuesOf(after.samples, "btrfsScrubState", { state: "finished" }), [1]);
    assert.ok((valuesOf(after.samples, "btrfsScrubErrors", { kind: "corrected" })[0] ?? 0) > 0);
    assert.deepEqual(valuesOf(after.samples, "btrfsScrubErrors", { kind: "uncorrectable" }), [0]);
    const [began = 0] = valuesOf(after.samples, "btrfsScrubAge");
    assert.ok(Math.abs(began - Date.now() / 1000) < 120);
    assert.match((await disksOf(t, mountPoint)).stdout, /device 2 \(\/dev\/loop\d+\) has errors: \d+ corruption/);
  });

  it("shows what a scrub could not mend", async (t) => {
    const filesystem = mountManyDevices(t, { count: 1, mkfs: ["-d", "single"] });
    forgetScrubs(t, filesystem);
    const { mountPoint, devices } = filesystem;
    writeFileSync(join(mountPoint, "file"), Buffer.alloc(20 * 2 ** 20, "content "));
    run("btrfs", "filesystem", "sync", mountPoint);
    corrupt(devices[0] as string, { mebibyte: placeOf(devices[0] as string, "content content "), mebibytes: 2 });
    assert.throws(() => run("btrfs", "scrub", "start", "-B", mountPoint));
    const { samples } = await btrfsScrub.collect(contextFor(mountPoint));
    assert.ok((valuesOf(samples, "btrfsScrubErrors", { kind: "uncorrectable" })[0] ?? 0) > 0);
    assert.match((await disksOf(t, mountPoint)).stdout, /errors that it could not mend/);
  });

  it("remembers the last whole scrub while another one runs and after it was cut off", async (t) => {
    const filesystem = mirror(t);
    forgetScrubs(t, filesystem);
    const { mountPoint, uuid } = filesystem;
    writeFileSync(join(mountPoint, "file"), Buffer.alloc(100 * 2 ** 20, "content "));
    run("btrfs", "filesystem", "sync", mountPoint);
    run("btrfs", "scrub", "start", "-B", mountPoint);
    const context = contextFor(mountPoint);
    const [whole] = valuesOf((await btrfsScrub.collect(context)).samples, "btrfsScrubAge");
    for (const devid of [1, 2]) writeFileSync(`/sys/fs/btrfs/${uuid}/devinfo/${devid}/scrub_speed_max`, "1048576");
    // It goes on in the background, with the streams that it was given.
    execFileSync("btrfs", ["scrub", "start", mountPoint], { stdio: "ignore" });
    // It takes its record into use a moment after its command has returned.
    await eventually("the scrub to be seen running", async () => {
      const { samples, problems } = await btrfsScrub.collect(context);
      assert.deepEqual(problems, []);
      assert.deepEqual(valuesOf(samples, "btrfsScrubAge"), [whole]);
      return valuesOf(samples, "btrfsScrubState", { state: "running" })[0] === 1;
    });
    run("btrfs", "scrub", "cancel", mountPoint);
    await eventually("the scrub to say that it was canceled", async () => {
      const { samples } = await btrfsScrub.collect(context);
      assert.deepEqual(valuesOf(samples, "btrfsScrubAge"), [whole]);
      return valuesOf(samples, "btrfsScrubState", { state: "canceled" })[0] === 1;
    });
    const forgetful = contextFor(mountPoint);
    const { samples } = await btrfsScrub.collect(forgetful);
    assert.deepEqual(valuesOf(samples, "btrfsScrubAge"), [forgetful.now]);
  });

  it("shows a balance that runs and one that is paused", async (t) => {
    const mountPoint = mountBtrfs(t, { mebibytes: 2048 });
    for (let file = 0; file < 8; file += 1) {
      writeFileSync(join(mountPoint, `file-${file}`), Buffer.alloc(64 * 2 ** 20, `${file} content `));
    }
    run("btrfs", "filesystem", "sync", mountPoint);
    const seen = new Set<string>();
    await eventually("a paused balance", async () => {
      run("btrfs", "balance", "start", "--full-balance", "--bg", mountPoint);
      const { samples } = await btrfs.collect(contextFor(mountPoint));
      if (valuesOf(samples, "btrfsBalance")[0] === 1) seen.add("running");
      try {
        run("btrfs", "balance", "pause", mountPoint);
      } catch {
        // It has ended already: another one.
        return false;
      }
      return seen.has("running");
    });
    const { samples } = await btrfs.collect(contextFor(mountPoint));
    assert.deepEqual(valuesOf(samples, "btrfsBalance"), [2]);
    assert.deepEqual(valuesOf(samples, "btrfsExclusiveOperation", { operation: "balance paused" }), [1]);
    assert.deepEqual(valuesOf(samples, "btrfsExclusiveOperation", { operation: "none" }), [0]);
    const { code, stdout } = await disksOf(t, mountPoint);
    assert.match(stdout, /btrfs balance resume/);
    assert.equal(code, 1);
    run("btrfs", "balance", "cancel", mountPoint);
  });

  it("tells a filesystem that is read-only from a mount that is", async (t) => {
    const mountPoint = mountBtrfs(t);
    const readOnly = async () => valuesOf((await btrfs.collect(contextFor(mountPoint))).samples, "btrfsReadOnly");
    run("mount", "-o", "remount,bind,ro", mountPoint);
    assert.deepEqual(await readOnly(), [0]);
    run("mount", "-o", "remount,ro", mountPoint);
    assert.deepEqual(await readOnly(), [1]);
  });

  it("is seen without privileges, but for what only root may see, and that is told", async (t) => {
    const { mountPoint } = mirror(t);
    chmodSync(dirname(mountPoint), 0o755);
    const context = contextFor(mountPoint);
    const { samples, problems = [] } = await btrfs.collect({ ...context, execute: unprivileged(context) });
    assert.deepEqual(valuesOf(samples, "btrfsMetadataPressure"), []);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /metadata pressure: .*without root/);
    assert.deepEqual(valuesOf(samples, "btrfsDevicesMissing"), [0]);
    assert.deepEqual(valuesOf(samples, "btrfsDeviceErrors", { kind: "corruption" }), [0, 0]);
    const answer = await disksOf(t, mountPoint, { uid: 65534 });
    assert.equal(answer.code, 3, "nothing is wrong, but not everything could be seen");
    assert.match(answer.stdout, /metadata pressure: .*without root/);
    assert.match(answer.stdout, /unknown/);
  });
});

/** What `pantheros disks` says, as a person would call it. */
async function disksOf(t: TestContext, mountPoint: string, options: { readonly uid?: number } = {}) {
  const config = join(dirname(mountPoint), "pantheros.yaml");
  const state = join(dirname(mountPoint), "state");
  writeFileSync(
    config,
    `host: h\nstate_directory: ${state}\nsubvolumes: { a: { path: ${mountPoint}, snapshots: ${mountPoint}/s } }\n`,
  );
  const answer = await runPantheros(t, config, ["disks"], options);
  assert.notEqual(answer.code, 2, answer.stderr);
  return answer;
}

/** The first mebibyte of a device that holds a text. */
function placeOf(device: string, text: string): number {
  const file = openSync(device, "r");
  try {
    const block = Buffer.alloc(2 ** 20);
    for (let mebibyte = 0; readSync(file, block, 0, block.length, mebibyte * block.length) > 0; mebibyte += 1) {
      if (block.includes(text)) return mebibyte;
    }
    throw new Error(`${device} does not hold ${text}`);
  } finally {
    closeSync(file);
  }
}
