import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { renderDisko } from "../../../src/model/layout/disko.ts";
import { withOwn } from "../../../src/model/layout/own.ts";
import { profileNames, profiles } from "../../../src/model/layout/profiles/index.ts";
import { assertGolden } from "../../golden/golden.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { evaluateNix } from "../../support/nix.ts";

const choices = {
  command: "pantheros render disko",
  devices: {},
  withOptional: false,
  legacyBoot: true,
  swapSize: "4G",
};

type Fields = Readonly<Record<string, unknown>>;

/** The attributes that disko's types know, by the type of the content (lib/types of disko, March 2026). */
const known: Readonly<Record<string, readonly string[]>> = {
  disk: ["type", "device", "content"],
  gpt: ["type", "partitions"],
  partition: ["priority", "size", "type", "content"],
  filesystem: ["type", "format", "mountpoint", "mountOptions"],
  btrfs: ["type", "extraArgs", "subvolumes", "postCreateHook"],
  subvolume: ["mountpoint", "mountOptions", "swap"],
};
const only = (what: keyof typeof known, value: unknown): Fields => {
  const fields = value as Fields;
  assert.deepEqual(
    Object.keys(fields).filter((name) => !known[what]?.includes(name)),
    [],
    `${what} has nothing else`,
  );
  return fields;
};

describe("the layout of a profile for disko", () => {
  for (const name of profileNames) {
    it(`${name}: is written like this`, () => {
      const legacyBoot = "virtualDiskGigabytes" in profiles[name].hardware;
      assertGolden(`disko/${name}.nix`, renderDisko(profiles[name], { ...choices, withOptional: true, legacyBoot }));
    });

    it(`${name}: is what disko's types ask for, as Nix reads it`, { ...needs("nix"), timeout: 120_000 }, (t) => {
      const layout = profiles[name];
      const file = join(temporaryDirectory(t), "disko.nix");
      writeFileSync(file, renderDisko(layout, choices));
      const { disko } = evaluateNix(t, file) as { disko: { devices: { disk: Fields } } };
      assert.deepEqual(Object.keys(disko.devices.disk).sort(), layout.pools.map((pool) => pool.name).sort());
      for (const pool of layout.pools) {
        const disk = only("disk", disko.devices.disk[pool.name]);
        assert.equal(disk["device"], pool.device);
        const { partitions } = only("gpt", disk["content"]) as { partitions: Fields };
        const [[, data] = [], ...boot] = Object.entries(partitions).sort(([a]) => (/^(?:root|data)$/.test(a) ? -1 : 1));
        for (const [, partition] of boot) only("partition", partition);
        const btrfs = only("btrfs", only("partition", data)["content"]);
        const wanted = layout.subvolumes.filter((each) => each.pool === pool.name && each.presence === "required");
        const subvolumes = btrfs["subvolumes"] as Fields;
        assert.deepEqual(Object.keys(subvolumes).sort(), wanted.map((each) => each.name).sort());
        for (const { name: subvolume, mountPoint, copyOnWrite } of wanted) {
          const { mountpoint, mountOptions = [] } = only("subvolume", subvolumes[subvolume]);
          assert.equal(mountpoint ?? null, mountPoint);
          assert.ok(!(mountOptions as string[]).includes("nodatacow"), "it would hold for the whole filesystem");
          const hook = String(btrfs["postCreateHook"]);
          assert.equal(hook.includes(`chattr +C "$top"/${subvolume}\n`), !copyOnWrite, subvolume);
        }
      }
    });
  }

  it("mounts with the options of the filesystem at each subvolume, so that it matters not which is the first", () => {
    const text = renderDisko(profiles.ovh, choices);
    const options = [...text.matchAll(/mountOptions = \[ (.*) \];/g)].map(([, list]) => list).slice(1);
    assert.deepEqual([...new Set(options)], ['"noatime" "compress=zstd:3" "space_cache=v2" "discard=async"']);
  });

  it("takes the disks of this machine, and what the configuration adds, whatever is in it", () => {
    const layout = withOwn(profiles.yoga, {
      "@it's ${mine}": { mountPoint: "/it's ${mine}", copyOnWrite: false, reason: "a\nb = throw" },
    });
    const text = renderDisko(layout, { ...choices, devices: { primary: "/dev/disk/by-id/one" } });
    assert.match(text, /device = "\/dev\/disk\/by-id\/one";/);
    assert.match(text, /# A b = throw\.\n/);
    assert.ok(text.includes('"@it\'s \\${mine}" = {'));
    assert.ok(text.includes(`chattr +C "$top"/'@it'\\'''s ''\${mine}'\n`), "quoted for the shell, then for Nix");
  });
});
