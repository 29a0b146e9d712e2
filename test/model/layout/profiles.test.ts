import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { profileNames, profiles } from "../../../src/model/layout/profiles/index.ts";

const folder = new URL("../../../src/model/layout/profiles/", import.meta.url);
const namesOf = (
  profile: keyof typeof profiles,
  isIt: (each: (typeof profiles)["yoga"]["subvolumes"][number]) => boolean,
) => profiles[profile].subvolumes.filter(isIt).map(({ name }) => name);

describe("the profiles", () => {
  it("are one file each, under their own name", () => {
    const files = readdirSync(folder).filter((file) => file !== "index.ts");
    assert.deepEqual(files.sort(), profileNames.map((name) => `${name}.ts`).sort());
    for (const name of profileNames) assert.equal(profiles[name].name, name);
  });

  it("have every subvolume that the specification lists for the host", () => {
    const server =
      "@ @home @dev @config @local @user-cache @ai-tools @nix @log @var-cache @tmp @containers @swap".split(" ");
    const required = (name: keyof typeof profiles) => namesOf(name, ({ presence }) => presence === "required");
    assert.deepEqual(required("hetzner"), [...server, "@postgresql", "@redis"]);
    assert.deepEqual(required("contabo"), server);
    assert.deepEqual(required("ovh"), server);
    assert.deepEqual(required("yoga"), ["@", "@home", "@nix", "@containers", "@backups"]);
    assert.deepEqual(required("zephyrus"), [
      ...["@", "@home", "@dev-projects", "@nix"],
      ...["@containers", "@cache", "@podman-cache", "@snapshots", "@tmp", "@user-cache"],
    ]);
    const whereUsed = (name: keyof typeof profiles) => namesOf(name, ({ presence }) => presence === "where used");
    for (const name of ["zephyrus", "yoga", "contabo"] as const)
      assert.deepEqual(whereUsed(name), ["@postgresql", "@redis"]);
    assert.deepEqual(whereUsed("ovh"), []);
  });

  it("copy neither databases nor containers on write, and compress nothing that is not", () => {
    for (const { subvolumes } of Object.values(profiles)) {
      for (const { name, copyOnWrite, compression } of subvolumes) {
        if (/containers|postgresql|redis|swap|@nix|@tmp|dev-projects/.test(name))
          assert.equal(copyOnWrite, false, name);
        if (!copyOnWrite) assert.equal(compression, "none", name);
      }
    }
  });

  it("put everything on a pool of theirs, each thing once, with a reason", () => {
    for (const { pools, subvolumes } of Object.values(profiles)) {
      const names = subvolumes.map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)]);
      const places = subvolumes.flatMap(({ mountPoint }) => mountPoint ?? []);
      assert.deepEqual(places, [...new Set(places)]);
      for (const { pool, reason, mountOptions } of subvolumes) {
        assert.ok(pools.some(({ name }) => name === pool));
        assert.ok(reason.length > 20 && mountOptions.includes("noatime"));
      }
      for (const { options } of pools)
        assert.ok(options.includes("space_cache=v2") && options.includes("discard=async"));
    }
  });

  it("have the containers of zephyrus on its second disk", () => {
    assert.deepEqual(
      profiles.zephyrus.pools.map(({ device }) => device),
      ["/dev/nvme0n1", "/dev/nvme1n1"],
    );
    assert.deepEqual(
      namesOf("zephyrus", ({ pool, presence }) => pool === "primary" && presence === "required"),
      ["@", "@home", "@dev-projects", "@nix"],
    );
  });
});
