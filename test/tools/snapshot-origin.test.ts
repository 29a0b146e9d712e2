import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ownTags } from "../../src/tools/restic/history.ts";
import { originOf } from "../../src/tools/snapshot-origin.ts";

describe("the origin of a snapshot's files", () => {
  it("is the path itself for what was backed up where it lives, by whomever", () => {
    const root = { readAt: "/", livesAt: "/" };
    assert.deepEqual(originOf({ tags: ownTags("nightly", ["/srv/x"]), paths: ["/srv/x"] }), root);
    assert.deepEqual(originOf({ tags: [], paths: ["/srv/x"] }), root);
    assert.deepEqual(originOf({ tags: ["path:/srv"], paths: ["/elsewhere"] }), root, "a tag of somebody else");
  });

  it("is the Btrfs snapshot, and the subvolume that it is of", () => {
    const path = "/snapshots/home.20261119T000000Z";
    assert.deepEqual(originOf({ tags: ownTags("nightly", ["/home"]), paths: [path] }), {
      readAt: path,
      livesAt: "/home",
    });
    const both = { tags: ownTags("nightly", ["/home/a", "/home/b/c"]), paths: [`${path}/a`, `${path}/b/c`] };
    assert.deepEqual(originOf(both), { readAt: path, livesAt: "/home" });
  });

  it("whatever lies below, and whatever it is called", () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/[/\0]|^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 4 }), (live, rest) => {
        const read = `/snapshots/${live}.20261119T000000Z`;
        const below = rest.map((part) => `/${part}`).join("");
        const tags = ownTags("nightly", [`/data/${live}${below}`]);
        assert.deepEqual(originOf({ tags, paths: [`${read}${below}`] }), { readAt: read, livesAt: `/data/${live}` });
      }),
    );
  });
});
