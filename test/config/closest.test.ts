import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closest, suggest } from "../../src/config/closest.ts";

const names = ["snapshot.btrfs", "prune.snapshots", "backup.restic", "backup.rclone", "a"];

describe("the name that was probably meant", () => {
  for (const [written, meant] of [
    ["backup.restc", "backup.restic"],
    ["backup.retsic", "backup.restic"],
    ["backup-rclone", "backup.rclone"],
    ["BackupRclone", "backup.rclone"],
    ["snapshot.brtfs", "snapshot.btrfs"],
    ["A", "a"],
    ["b", null],
    ["verify.restore", null],
    ["", null],
    ["x".repeat(10_000), null],
  ] as const) {
    it(`for "${written.slice(0, 20)}" is ${meant ?? "none"}`, () => assert.equal(closest(written, names), meant));
  }

  it("is the nearest of several", () => assert.equal(closest("dayly", ["yearly", "daily", "hourly"]), "daily"));

  it("is suggested, else the names there are, else what to do", () => {
    assert.equal(suggest("dayly", ["daily"], ""), 'did you mean "daily"?');
    assert.equal(suggest("zebra", ["daily", "weekly"], ""), "there are: daily, weekly");
    assert.equal(
      suggest(
        "zebra",
        Array.from({ length: 20 }, (_, index) => `n${index}`),
        "",
      ),
      `there are: ${Array.from({ length: 12 }, (_, index) => `n${index}`).join(", ")}, … (20)`,
    );
    assert.equal(suggest("zebra", [], "declare one"), "declare one");
  });
});
