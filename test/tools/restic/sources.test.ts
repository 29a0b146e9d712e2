import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { isReadable, requireOneReadable, resolveSources } from "../../../src/tools/restic/sources.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const subvolumes = {
  home: { path: "/home", snapshots: "/.snapshots" },
  "home.old": { path: "/old", snapshots: "/.snapshots/" },
};
const snapshot = "/.snapshots/home.20261121T085700Z";

describe("the sources of a restic backup", () => {
  it("keep their full paths when they lie in no snapshot", () => {
    assert.deepEqual(resolveSources(["/etc/", "/srv/../var"], ["*.tmp"], subvolumes), {
      absolute: ["/etc", "/var"],
      targets: ["/etc", "/var"],
      livePaths: ["/etc", "/var"],
      exclude: ["*.tmp"],
    });
  });

  it("are stored relative to the snapshot that holds them, and known by where the data lives", () => {
    assert.deepEqual(resolveSources([snapshot], [], subvolumes), {
      absolute: [snapshot],
      directory: snapshot,
      targets: ["."],
      livePaths: ["/home"],
      exclude: [],
    });
    const two = resolveSources([`${snapshot}_1/anna`, `${snapshot}_1/ben/mail`], [], subvolumes);
    assert.equal(two.directory, `${snapshot}_1`);
    assert.deepEqual(two.targets, ["anna", "ben/mail"]);
    assert.deepEqual(two.livePaths, ["/home/anna", "/home/ben/mail"]);
  });

  it("belong to the subvolume whose whole name the snapshot carries", () => {
    const { livePaths } = resolveSources(["/.snapshots/home.old.20261121T085700Z"], [], subvolumes);
    assert.deepEqual(livePaths, ["/old"]);
  });

  it("are no snapshot's when the name is not one that snapshot.btrfs gives", () => {
    for (const path of ["/.snapshots", "/.snapshots/home", "/.snapshots/home.x", "/.snapshots-home.20261121T085700Z"]) {
      assert.equal(resolveSources([path], [], subvolumes).directory, undefined, path);
    }
  });

  it("are refused when only some lie in the snapshot, and when one is relative", () => {
    for (const from of [[snapshot, "/etc"], ["/etc", snapshot], [snapshot, `${snapshot}_1`], ["home"]]) {
      assert.throws(
        () => resolveSources(from, [], subvolumes),
        (error) => error instanceof StepError && error.reason === "config",
      );
    }
  });

  it("take an exclude of the live place for the same place of the snapshot, also when its name holds pattern characters", () => {
    const odd = { home: { path: "/home", snapshots: "/snap[1]" } };
    const { exclude } = resolveSources(["/snap[1]/home.20261121T085700Z"], ["/home/*/cache", "*.tmp", "/homes"], odd);
    assert.deepEqual(exclude, ["/snap\\[1]/home.20261121T085700Z/*/cache", "*.tmp", "/homes"]);
  });

  it("may be missing one by one, but not all of them", async (t) => {
    const here = temporaryDirectory(t);
    await requireOneReadable([join(here, "nowhere"), here]);
    assert.equal(await isReadable(join(here, "nowhere")), false);
    await assert.rejects(
      requireOneReadable([join(here, "nowhere"), join(here, "neither")]),
      (error) => error instanceof StepError && error.reason === "source" && error.message.includes("nowhere"),
    );
  });
});
