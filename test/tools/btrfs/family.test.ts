import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { snapshotsOf } from "../../../src/tools/btrfs/family.ts";
import type { ListedSubvolume } from "../../../src/tools/btrfs/list.ts";

const listed = (id: number, path: string, more: Partial<ListedSubvolume> = {}): ListedSubvolume => ({
  id,
  holderId: 5,
  uuid: `uuid-${id}`,
  parentUuid: null,
  receivedUuid: null,
  createdAt: null,
  path,
  ...more,
});
const source = { uuid: "uuid-1", directory: "snapshots" };
const idsOf = (...families: readonly (readonly ListedSubvolume[])[]) =>
  families.map((family) => family.map(({ id }) => id));

describe("the snapshots of a subvolume", () => {
  it("are those that have it as their parent, wherever they are", () => {
    const all = [
      listed(1, "data"),
      listed(2, "snapshots/a", { parentUuid: "uuid-1" }),
      listed(3, "far/away/b", { parentUuid: "uuid-1" }),
      listed(4, "snapshots/of-another", { parentUuid: "uuid-9" }),
      listed(5, "snapshots/plain"),
    ];
    assert.deepEqual(idsOf(...snapshotsOf([source], all)), [[2, 3]]);
  });

  it("are received copies of them, and what was received into its own directory, each once", () => {
    const all = [
      listed(1, "data"),
      listed(2, "snapshots/a", { parentUuid: "uuid-1" }),
      listed(3, "copies/a", { receivedUuid: "uuid-2" }),
      listed(4, "snapshots/b", { receivedUuid: "uuid-of-another-host" }),
      listed(5, "snapshots/c", { receivedUuid: "uuid-2", parentUuid: "uuid-1" }),
      listed(6, "snapshots/deeper/d", { receivedUuid: "uuid-of-another-host" }),
      listed(7, "elsewhere/e", { receivedUuid: "uuid-of-another-host" }),
    ];
    assert.deepEqual(
      idsOf(...snapshotsOf([source], all)).map((ids) => ids.sort()),
      [[2, 3, 4, 5]],
    );
  });

  it("are not guessed from a directory that two subvolumes share", () => {
    const all = [listed(1, "data"), listed(2, "other"), listed(3, "snapshots/x", { receivedUuid: "from-elsewhere" })];
    const families = snapshotsOf([source, { uuid: "uuid-2", directory: "snapshots" }], all);
    assert.deepEqual(idsOf(...families), [[], []]);
  });
});
