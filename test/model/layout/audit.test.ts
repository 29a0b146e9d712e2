import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditLayout } from "../../../src/model/layout/audit.ts";
import { countStates, type LayoutRule } from "../../../src/model/layout/finding.ts";
import { withOwn } from "../../../src/model/layout/own.ts";
import { profileNames, profiles } from "../../../src/model/layout/profiles/index.ts";
import type { LayoutSight, SeenDirectory, SeenMount } from "../../../src/model/layout/sight.ts";
import { StepError } from "../../../src/model/run/outcome.ts";

const nothing: LayoutSight = { root: "/", mounts: [], subvolumes: new Map(), directories: new Map() };
const mount = (mountPoint: string, subvolume: string, more: Partial<SeenMount> = {}): SeenMount => ({
  mountPoint,
  subvolume,
  filesystem: "0:1",
  type: "btrfs",
  source: "/dev/sda2",
  options: ["rw", "noatime"],
  filesystemOptions: ["rw", "compress=zstd:3", "subvolid=256", `subvol=/${subvolume}`],
  ...more,
});
const directory = (path: string, letters = "", more: Partial<SeenDirectory> = {}): readonly [string, SeenDirectory] => [
  path,
  {
    path,
    onBtrfs: true,
    attributes: { known: true, value: letters },
    compression: { known: true, value: "" },
    isEmpty: { known: true, value: false },
    files: { looked: 0, copyOnWrite: 0 },
    ...more,
  },
];
/** One subvolume at /data, as the configuration of a host without a profile asks for it. */
const data = (more: Parameters<typeof withOwn>[1][string] = {}) =>
  withOwn(null, { "@data": { mountPoint: "/data", copyOnWrite: false, whole: true, ...more } });
const judge = (rule: LayoutRule, sight: Partial<LayoutSight>, layout = data()) => {
  const found = auditLayout(layout, { ...nothing, ...sight }).findings.find((finding) => finding.rule === rule);
  assert.ok(found, `${rule} was judged`);
  return found;
};

describe("an audit of a layout", () => {
  it("says of what could not be looked at that it is unknown, never that it holds", () => {
    const denied = { known: false, why: "not permitted" } as const;
    const sight = {
      mounts: [mount("/", "@")],
      subvolumes: new Map([["0:1", denied]]),
      directories: new Map([directory("/data", "", { attributes: denied })]),
    };
    for (const rule of ["exists", "copy_on_write", "compression"] as const) {
      const verdict = judge(rule, sight);
      assert.ok(verdict.state === "unknown" && verdict.why === "not permitted", rule);
    }
    for (const rule of ["mount_options", "whole"] as const) assert.equal(judge(rule, sight).state, "unknown", rule);
    assert.equal(judge("mounted", sight).state, "violated", "the mount table is open to everybody");
  });

  it("holds nothing where nothing is", () => {
    for (const name of profileNames) {
      const { findings } = auditLayout(profiles[name], nothing);
      assert.deepEqual(
        findings.filter(({ state }) => state === "holds"),
        [],
      );
      for (const finding of findings)
        if (finding.state === "violated") {
          const { commands, before } = finding.mend;
          assert.ok(commands.length > 0 || before !== undefined, `${finding.subject} ${finding.rule} says what to do`);
        }
    }
  });

  it("sees the last one of several mounts at a place, as everybody does", () => {
    const mounts = [mount("/data", "@data"), mount("/data", "@other")];
    assert.equal(judge("mounted", { mounts }).state, "violated");
    assert.equal(judge("mounted", { mounts: mounts.toReversed() }).state, "holds");
  });

  it("says nothing of the options of what else is mounted there", () => {
    const sight = { mounts: [mount("/data", "", { type: "ext4", options: ["rw"] })] };
    assert.equal(judge("mount_options", sight).state, "unknown");
  });

  it("tells what is in force: the attribute first, then the property, then the filesystem", () => {
    const layout = data({ copyOnWrite: true, compression: "zstd:3" });
    const mounts = [mount("/data", "@data", { filesystemOptions: ["rw", "compress-force=zstd:1"] })];
    const found = (seen: readonly [string, SeenDirectory]) => {
      const verdict = judge("compression", { mounts, directories: new Map([seen]) }, layout);
      return [verdict.state, verdict.state === "unknown" ? verdict.why : verdict.found];
    };
    assert.deepEqual(found(directory("/data", "C")), ["violated", "not compressed: it is not copied on write"]);
    assert.deepEqual(found(directory("/data", "m")), ["violated", "not compressed (attribute m)"]);
    const lzo = { compression: { known: true, value: "lzo" } } as const;
    assert.deepEqual(found(directory("/data", "c", lzo)), ["violated", "lzo (property compression)"]);
    assert.deepEqual(found(directory("/data")), [
      "holds",
      "compress-force=zstd:1 of the filesystem; zstd:3 is not to be had: the level is the whole filesystem's",
    ]);
    assert.deepEqual(found(directory("/data", "", { onBtrfs: false })), ["unknown", "/data is not on a Btrfs"]);
  });

  it("counts each rule's states, and nothing for a rule that nobody asked", () => {
    const { findings } = auditLayout(data(), nothing);
    const counts = countStates(findings);
    assert.deepEqual(counts.get("mounted"), { holds: 0, violated: 1, unknown: 0 });
    assert.equal(counts.get("pool"), undefined);
    assert.equal(counts.get("filesystem_options"), undefined);
  });

  it("looks below another root, and prints its commands for there", () => {
    const sight: Partial<LayoutSight> = {
      root: "/mnt",
      mounts: [mount("/mnt", "@")],
      subvolumes: new Map([["0:1", { known: true, value: [] }]]),
    };
    const verdict = judge("mounted", sight);
    assert.ok(verdict.state === "violated");
    assert.deepEqual(verdict.mend.commands, [
      "mkdir -p /mnt/data",
      "mount -o subvol=@data,noatime /dev/sda2 /mnt/data",
    ]);
    assert.match(verdict.mend.lasting?.fstab ?? "", /^\/dev\/sda2 \/data btrfs /);
  });

  it("quotes what a name holds, for the shell, for fstab and for Nix", () => {
    const layout = withOwn(null, { "@it's": { mountPoint: "/a b$(reboot)" } });
    const verdict = judge("mounted", { mounts: [mount("/", "@it's")] }, layout);
    assert.ok(verdict.state === "violated");
    assert.deepEqual(verdict.mend.commands, [
      "mkdir -p '/a b$(reboot)'",
      "mount -o 'subvol=@it'\\''s,noatime' /dev/sda2 '/a b$(reboot)'",
    ]);
    assert.match(verdict.mend.lasting?.fstab ?? "", /^\/dev\/sda2 \/a\\040b\$\(reboot\) btrfs /);
  });
});

describe("what the configuration says of a layout", () => {
  it("changes what is other and keeps the rest", () => {
    const { subvolumes } = withOwn(profiles.yoga, {
      "@home": { compression: "zstd:5" },
      "@games": { copyOnWrite: false },
    });
    const home = subvolumes.find(({ name }) => name === "@home");
    assert.deepEqual([home?.compression, home?.mountPoint, home?.copyOnWrite], ["zstd:5", "/home", true]);
    const games = subvolumes.at(-1);
    assert.deepEqual([games?.name, games?.compression, games?.pool], ["@games", "none", "primary"]);
    assert.equal(subvolumes.length, profiles.yoga.subvolumes.length + 1);
  });

  it("is refused when it names a pool that is not there", () => {
    assert.throws(
      () => withOwn(profiles.yoga, { "@x": { pool: "secondary" } }),
      (error) =>
        error instanceof StepError &&
        /pool "secondary"/.test(error.message) &&
        /primary/.test(error.details.advice ?? ""),
    );
  });
});
