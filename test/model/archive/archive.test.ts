import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type Archive,
  chainOf,
  chooseParent,
  type LocalSnapshot,
  removableArchives,
  sentUuid,
} from "../../../src/model/archive/archive.ts";

const day = 86_400_000;
const full = (key: string, createdAt = 0): Archive => ({
  key,
  uuid: `uuid of ${key}`,
  parentUuid: null,
  parentKey: null,
  createdAt,
});
const on = (parent: Archive, key: string, createdAt = parent.createdAt + day): Archive => ({
  ...full(key, createdAt),
  parentUuid: parent.uuid,
  parentKey: parent.key,
});
const byKey = (...archives: Archive[]) => new Map(archives.map((archive) => [archive.key, archive]));
const keys = (archives: readonly Archive[]) => archives.map(({ key }) => key);

const a = full("a");
const b = on(a, "b");
const c = on(b, "c");

describe("the chain of an archive", () => {
  it("of a full one is itself", () => {
    assert.deepEqual(chainOf(a, byKey(a, b)), { links: [a], broken: null });
  });

  it("begins with the full one", () => {
    assert.deepEqual(chainOf(c, byKey(c, b, a)), { links: [a, b, c], broken: null });
  });

  it("is broken where a parent is missing, and says which", () => {
    const { links, broken } = chainOf(c, byKey(a, c));
    assert.deepEqual(links, [c]);
    assert.equal(broken, "c needs b, which is not there or not whole");
  });

  it("is broken where another archive has the parent's key", () => {
    const other = { ...b, uuid: "another" };
    assert.match(chainOf(c, byKey(a, other, c)).broken ?? "", /c needs another archive than b holds/);
  });

  it("is broken where nobody knows the parent's place", () => {
    assert.match(chainOf({ ...b, parentKey: null }, byKey(a, b)).broken ?? "", /does not say where/);
  });

  it("that leads to itself is broken, not endless", () => {
    const one = { ...full("one"), parentUuid: "uuid of two", parentKey: "two" };
    const two = { ...full("two"), parentUuid: "uuid of one", parentKey: "one" };
    assert.match(chainOf(one, byKey(one, two)).broken ?? "", /needs itself/);
  });
});

describe("which archives may go", () => {
  it("are those that no kept one needs, the last of a chain first", () => {
    const d = full("d");
    const { removable, needed } = removableArchives([a, b, c, d], new Set(["d"]));
    assert.deepEqual([keys(removable), needed], [["c", "b", "a"], []]);
  });

  it("are not the parents of what stays, however old", () => {
    const { removable, needed } = removableArchives([a, b, c], new Set(["b"]));
    assert.deepEqual(keys(removable), ["c"]);
    assert.deepEqual(needed, [{ archive: a, by: "b" }]);
  });

  it("are also those whose chain is broken, unless they are kept themselves", () => {
    assert.deepEqual(keys(removableArchives([b, c], new Set()).removable), ["c", "b"]);
    assert.deepEqual(removableArchives([b, c], new Set(["c"])), { removable: [], needed: [{ archive: b, by: "c" }] });
  });

  /** Each archive continues an earlier one, or begins anew. */
  const forest = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).map((choices) => {
    const made: Archive[] = [];
    for (const [index, choice] of choices.entries()) {
      const parent = choice % 4 === 0 ? undefined : made[choice % made.length];
      made.push(parent === undefined ? full(`${index}`, index) : on(parent, `${index}`, index));
    }
    return made;
  });
  const forestAndKept = forest.chain((archives) =>
    fc.record({
      archives: fc.shuffledSubarray(archives, { minLength: archives.length }),
      kept: fc.subarray(keys(archives)).map((some) => new Set(some)),
    }),
  );

  it("never break the chain of what stays, wherever the removal stops", () => {
    fc.assert(
      fc.property(forestAndKept, fc.nat(), ({ archives, kept }, stop) => {
        const { removable } = removableArchives(archives, kept);
        const gone = new Set(keys(removable.slice(0, stop % (removable.length + 1))));
        const left = byKey(...archives.filter(({ key }) => !gone.has(key)));
        for (const key of kept) assert.ok(left.has(key));
        for (const archive of left.values()) assert.equal(chainOf(archive, left).broken, null);
      }),
    );
  });

  it("are all that may: everything is kept, needed by something kept, or removable", () => {
    fc.assert(
      fc.property(forestAndKept, ({ archives, kept }) => {
        const { removable, needed } = removableArchives(archives, kept);
        const told = [...kept, ...keys(removable), ...needed.map(({ archive }) => archive.key)];
        assert.deepEqual(told.toSorted(), keys(archives).toSorted());
        for (const { archive, by } of needed) {
          const top = archives.find(({ key }) => key === by) as Archive;
          assert.ok(kept.has(by) && keys(chainOf(top, byKey(...archives)).links).includes(archive.key));
        }
      }),
    );
  });

  it("are the same whatever the order of the listing", () => {
    fc.assert(
      fc.property(forestAndKept, ({ archives, kept }) => {
        const sorted = archives.toSorted((x, y) => x.key.localeCompare(y.key));
        const [one, two] = [removableArchives(archives, kept), removableArchives(sorted, kept)];
        assert.deepEqual(keys(one.removable).toSorted(), keys(two.removable).toSorted());
      }),
    );
  });
});

describe("what an incremental archive is made against", () => {
  const snapshot = (uuid: string, more: Partial<LocalSnapshot> = {}): LocalSnapshot => ({
    path: `/snapshots/${uuid}`,
    uuid,
    receivedUuid: null,
    parentUuid: "subvolume",
    ...more,
  });
  const own = snapshot("own");
  const rules = { now: 10 * day, fullEvery: 30 * day };
  const choose = (archives: Archive[], local: LocalSnapshot[], more: Partial<typeof rules> = {}) =>
    chooseParent(own, archives, local, { ...rules, ...more });

  it("is the newest archive whose snapshot is still here", () => {
    const local = [snapshot(a.uuid), snapshot(b.uuid)];
    const parent = choose([a, b, c], local);
    assert.deepEqual([parent?.archive.key, parent?.snapshot.path], ["b", `/snapshots/${b.uuid}`]);
  });

  it("is nothing where no snapshot is left, or there is no archive", () => {
    assert.equal(choose([a, b], []), null);
    assert.equal(choose([], [snapshot(a.uuid)]), null);
  });

  it("is not an archive whose own chain is broken", () => {
    assert.equal(choose([b, c], [snapshot(b.uuid), snapshot(c.uuid)]), null);
    assert.equal(choose([a, c], [snapshot(a.uuid), snapshot(c.uuid)])?.archive.key, "a");
  });

  it("is nothing when the full archive of the chain has reached its age", () => {
    const local = [snapshot(b.uuid)];
    assert.equal(choose([a, b], local, { now: 30 * day - 1 })?.archive.key, "b");
    assert.equal(choose([a, b], local, { now: 30 * day }), null);
  });

  it("is a chain that was begun anew, where the older one is too old", () => {
    const young = full("young", 29 * day);
    const local = [snapshot(b.uuid), snapshot(young.uuid)];
    assert.equal(choose([a, b, young], local, { now: 31 * day })?.archive.key, "young");
  });

  it("is no snapshot of another subvolume, nor what was received, nor the snapshot itself", () => {
    assert.equal(choose([a], [snapshot(a.uuid, { parentUuid: "another" })]), null);
    assert.equal(choose([a], [snapshot("copy", { receivedUuid: a.uuid, parentUuid: null })]), null);
    assert.equal(
      choose(
        [full("itself")].map((it) => ({ ...it, uuid: "own" })),
        [own],
      ),
      null,
    );
  });

  it("is a snapshot that was received itself by the name that it has in its archives", () => {
    const received = snapshot("here", { receivedUuid: a.uuid });
    assert.equal(sentUuid(received), a.uuid);
    assert.equal(choose([a], [received])?.snapshot.uuid, "here");
  });
});
