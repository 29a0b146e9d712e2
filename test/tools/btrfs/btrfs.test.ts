import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StepError } from "../../../src/model/run/outcome.ts";
import {
  btrfsFailure,
  createSnapshot,
  deleteSubvolume,
  listSubvolumes,
  showSubvolume,
} from "../../../src/tools/btrfs/btrfs.ts";
import { fromTopLevel, parseSnapshotList, parseSubvolumeList, withTimes } from "../../../src/tools/btrfs/list.ts";
import { parseSubvolumeShow } from "../../../src/tools/btrfs/show.ts";
import type { ToolCall, ToolResult } from "../../../src/tools/exec.ts";

const recorded = (name: string) =>
  readFileSync(new URL(`../../fixtures/btrfs/6.2/${name}.txt`, import.meta.url), "utf8");
const data = "25af82e4-b339-1640-b0bb-9034f91665cf";
const mount = {
  id: 1,
  device: "0:39",
  root: "/",
  mountPoint: "/",
  type: "btrfs",
  source: "/dev/x",
  readOnly: false,
  subvolumeId: 5,
  filesystemOptions: "rw",
};
const uuidOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

interface Entry {
  readonly id: number;
  readonly parent: boolean;
  readonly path: string;
}
const padded = (uuid: string) => uuid.padEnd(36);
const parentOf = ({ parent }: Entry) => padded(parent ? data : "-");
/** As `btrfs subvolume list -puqR` and `-spuqR` print it. */
const printAll = (entries: readonly Entry[]) =>
  entries
    .map(
      (e) =>
        `ID ${e.id} gen 7 parent 5 top level 5 parent_uuid ${parentOf(e)} received_uuid ${padded("-")} uuid ${uuidOf(e.id)} path ${e.path}\n`,
    )
    .join("");
const printSnapshots = (entries: readonly Entry[]) =>
  entries
    .filter(({ parent }) => parent)
    .map(
      (e) =>
        `ID ${e.id} gen 7 cgen 7 parent 5 top level 5 otime 2026-11-21 09:53:17 parent_uuid ${parentOf(e)} received_uuid ${padded("-")} uuid ${uuidOf(e.id)} path ${e.path}\n`,
    )
    .join("");

describe("the list of subvolumes", () => {
  it("of btrfs-progs 6.2 is read with every name as it is", () => {
    const listed = parseSubvolumeList(recorded("list-puqR"));
    assert.deepEqual(
      listed.map(({ id, path }) => [id, path]),
      [
        [256, "data"],
        [257, "with space"],
        [258, "snapshots/data.20261121T085700Z"],
        [259, "snapshots/new\nline"],
        [261, "snapshots/-dash 'quotes\" $(x)"],
        [262, "data/nested"],
        [263, "received/data.20261121T085700Z"],
        [264, "snapshots/writable"],
      ],
    );
    assert.deepEqual(listed[0], {
      id: 256,
      holderId: 5,
      uuid: data,
      parentUuid: null,
      receivedUuid: null,
      createdAt: null,
      path: "data",
    });
    assert.equal(listed[6]?.receivedUuid, listed[2]?.uuid);
  });

  it("gets its times from the list of snapshots, which knows nothing of what was received in full", () => {
    const joined = withTimes(parseSubvolumeList(recorded("list-puqR")), parseSnapshotList(recorded("list-spuqR")));
    const at = Date.parse("2026-11-21T10:12:16Z") / 1000;
    assert.deepEqual(
      joined.map(({ id, createdAt }) => [id, createdAt]),
      [
        [256, null],
        [257, null],
        [258, at],
        [259, at],
        [261, at],
        [262, null],
        [263, null],
        [264, at],
      ],
    );
  });

  it("that is empty is read as empty", () => {
    assert.deepEqual(parseSubvolumeList(""), []);
    assert.deepEqual(parseSubvolumeList("garbage\nmore"), []);
  });

  it("of 5 000 snapshots is read in full", () => {
    const entries = Array.from({ length: 5000 }, (_, n) => ({
      id: 256 + n,
      parent: n > 0,
      path: `snapshots/data.${n}`,
    }));
    const joined = withTimes(parseSubvolumeList(printAll(entries)), parseSnapshotList(printSnapshots(entries)));
    assert.equal(joined.length, 5000);
    assert.equal(joined.filter(({ createdAt }) => createdAt !== null).length, 4999);
    assert.equal(joined.at(-1)?.path, "snapshots/data.4999");
  });

  it("gives every name back, newlines and all", () => {
    const name = fc.string({ unit: fc.constantFrom("a", " ", "\n", "I", "D", "\t", "'", "é", "-"), minLength: 1 });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), (names) => {
        const entries = names.map((path, n) => ({ id: 300 + n, parent: n % 2 === 0, path }));
        const joined = withTimes(parseSubvolumeList(printAll(entries)), parseSnapshotList(printSnapshots(entries)));
        assert.deepEqual(
          joined.map(({ path }) => path),
          names,
        );
      }),
    );
  });

  it("is refused when the name of a snapshot imitates it", () => {
    const forged = { id: 999, parent: true, path: "snapshots/never-made" };
    const other = { id: 998, parent: true, path: "x" };
    const lines = [printAll([forged]), printSnapshots([forged]), printAll([other]), printSnapshots([other])];
    fc.assert(
      fc.property(fc.shuffledSubarray([...lines, ...lines], { minLength: 1 }), (chosen) => {
        const entries = [{ id: 300, parent: true, path: `p\n${chosen.join("").trimEnd()}` }];
        assert.throws(
          () => withTimes(parseSubvolumeList(printAll(entries)), parseSnapshotList(printSnapshots(entries))),
          (error) => error instanceof StepError && error.reason === "verification",
        );
      }),
    );
  });

  it("gives no time to what only the name of another subvolume says", () => {
    const forged = { id: 999, parent: true, path: "snapshots/never-made" };
    const entries = [{ id: 300, parent: false, path: `p\n${printAll([forged])}${printSnapshots([forged])}`.trimEnd() }];
    const joined = withTimes(parseSubvolumeList(printAll(entries)), parseSnapshotList(printSnapshots(entries)));
    assert.ok(joined.every(({ createdAt }) => createdAt === null));
  });
});

describe("the paths in a list", () => {
  const listed = (name: string) => parseSubvolumeList(recorded(name));
  const pathsOf = (list: ReturnType<typeof listed>) => new Map(list.map(({ id, path }) => [id, path]));

  it("begin at the top level, also when a list was made for a subvolume: Btrfs prints what is below it from there", () => {
    assert.equal(pathsOf(listed("list-from-data")).get(262), "nested");
    assert.deepEqual(pathsOf(fromTopLevel(listed("list-from-data"), 256)), pathsOf(listed("list-puqR")));
  });

  it("are as they are in a list that was made for the top level", () => {
    assert.deepEqual(fromTopLevel(listed("list-puqR"), 5), listed("list-puqR"));
  });

  it("are found through subvolumes that came later than what is in them", () => {
    const [any] = listed("list-puqR");
    const at = (id: number, holderId: number, path: string) => ({ ...(any ?? assert.fail()), id, holderId, path });
    const list = [at(256, 258, "b/a"), at(257, 5, "top"), at(258, 257, "b"), at(259, 5, "other")];
    assert.deepEqual(
      fromTopLevel(list, 257).map(({ path }) => path),
      ["top/b/a", "top", "top/b", "other"],
    );
  });
});

describe("what btrfs subvolume show says", () => {
  it("of a snapshot is its identity, its parent, its time and that it is read-only", () => {
    assert.deepEqual(parseSubvolumeShow(recorded("show-snapshot"), "x"), {
      id: 258,
      uuid: "d599e328-1178-2842-a974-7c032c708464",
      parentUuid: data,
      receivedUuid: null,
      createdAt: Date.parse("2026-11-21T10:12:16Z") / 1000,
      readOnly: true,
      generation: 7,
    });
  });

  it("tells a source, a writable snapshot, what was received and the top level apart", () => {
    const facts = ["show-source", "show-writable", "show-received", "show-top-level"].map((name) => {
      const { id, parentUuid, receivedUuid, readOnly } = parseSubvolumeShow(recorded(name), name);
      return [id, parentUuid, receivedUuid, readOnly];
    });
    assert.deepEqual(facts, [
      [256, null, null, false],
      [264, data, null, false],
      [263, null, "d599e328-1178-2842-a974-7c032c708464", true],
      [5, null, null, false],
    ]);
  });

  it("reads the time with its offset", () => {
    const text = recorded("show-snapshot").replace(/(\d\d:\d\d:\d\d) \+0000/, "$1 +0130");
    assert.equal(parseSubvolumeShow(text, "x").createdAt, Date.parse("2026-11-21T10:12:16+01:30") / 1000);
  });

  it("is refused when it cannot be read or a name imitates it", () => {
    const real = recorded("show-source");
    const forged = recorded("show-snapshot").slice(recorded("show-snapshot").indexOf("\n\tUUID"));
    for (const text of ["", "ERROR", `x${forged}${real}`, `${real}${forged}`]) {
      assert.throws(
        () => parseSubvolumeShow(text, "x"),
        (error) => error instanceof StepError && error.reason === "verification",
      );
    }
  });
});

const ended = (more: Partial<ToolResult>): ToolResult => ({
  argv: ["btrfs"],
  exitCode: 1,
  signal: null,
  stdout: "",
  stderr: "",
  durationSeconds: 0,
  ...more,
});

describe("a failure of btrfs", () => {
  const expected = {
    "failure-not-a-subvolume": "config",
    "failure-not-btrfs": "config",
    "failure-missing": "source",
    "failure-unknown-uuid": "source",
    "failure-show-unprivileged": "auth",
    "failure-list-unprivileged": "auth",
    "failure-snapshot-unprivileged": "auth",
    "failure-delete-unprivileged": "auth",
    "failure-delete-missing": "source",
    "failure-snapshot-other-filesystem": "config",
    "failure-snapshot-read-only": "source",
  } as const;
  for (const [name, reason] of Object.entries(expected)) {
    it(`as recorded in ${name} has the reason ${reason}, the tool's own words and advice`, () => {
      const failure = btrfsFailure("it failed", ended({ stderr: recorded(name) }));
      assert.equal(failure.reason, reason);
      assert.ok(failure.details.advice);
      const [, words = ""] = /ERROR: (.*)/.exec(recorded(name)) ?? [];
      assert.ok(failure.message.endsWith(words), failure.message);
    });
  }

  it("for lack of space has the reason space", () => {
    const stderr = "ERROR: cannot snapshot 'data/.': No space left on device\n";
    assert.equal(btrfsFailure("it failed", ended({ stderr })).reason, "space");
  });

  it("that nobody knows is unknown and keeps the tail", () => {
    const failure = btrfsFailure("it failed", ended({ stderr: "ERROR: the moon\n" }));
    assert.deepEqual([failure.reason, failure.message], ["unknown", "it failed: the moon"]);
    assert.equal(failure.details.tail, "ERROR: the moon\n");
  });

  it("by a signal is a kill", () => {
    assert.equal(btrfsFailure("it failed", ended({ exitCode: null, signal: "SIGKILL" })).reason, "killed");
  });
});

describe("the calls of btrfs", () => {
  const called = async (use: (execute: (call: ToolCall) => Promise<ToolResult>) => Promise<unknown>, stdout = "") => {
    const calls: (readonly string[])[] = [];
    await use(async ({ argv }) => {
      calls.push(argv);
      return ended({ exitCode: 0, stdout });
    });
    return calls;
  };

  it("put every path behind --, so that none can be taken for an option", async () => {
    const hostile = "-rf $(x)";
    assert.deepEqual(await called((execute) => deleteSubvolume(execute, hostile)), [
      ["btrfs", "subvolume", "delete", "--", hostile],
    ]);
    assert.deepEqual(await called((execute) => showSubvolume(execute, hostile), recorded("show-source")), [
      ["btrfs", "subvolume", "show", "--", hostile],
    ]);
    assert.deepEqual(await called((execute) => createSnapshot(execute, "/a", hostile)), [
      ["btrfs", "subvolume", "snapshot", "-r", "--", "/a/.", hostile],
    ]);
  });

  it("list a filesystem twice, once for times, however much is on it", async () => {
    assert.deepEqual(await called((execute) => listSubvolumes(execute, { ...mount, mountPoint: "/mnt" })), [
      ["btrfs", "subvolume", "list", "-puqR", "--", "/mnt"],
      ["btrfs", "subvolume", "list", "-spuqR", "--", "/mnt"],
    ]);
  });
});
