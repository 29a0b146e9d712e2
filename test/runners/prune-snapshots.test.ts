import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { StepError } from "../../src/model/run/outcome.ts";
import { pruneSnapshots } from "../../src/runners/prune-snapshots.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import type { Execute } from "../../src/tools/exec.ts";
import { locate } from "../../src/tools/files/filesystem.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { contextOf } from "../support/runner-context.ts";

const sourceUuid = "00000000-0000-4000-8000-000000000000";
const uuidOf = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, "0")}`;
const noon = (day: number) => Date.UTC(2026, 10, day, 12) / 1000;
const now = () => (noon(21) + 3600) * 1000;

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly at: number;
  readonly writable?: boolean;
  /** Made between the two lists, of which only one tells times. */
  readonly untimed?: boolean;
  readonly parent?: string;
  /** Below the directory of snapshots: not right in it. */
  readonly below?: string;
}

/** A btrfs that has these snapshots; what is deleted is gone. `onDelete` may fail in its place. */
async function stageOf(
  t: TestContext,
  entries: readonly Entry[],
  onDelete: (name: string) => string | null = () => null,
  onSync: () => Error | null = () => null,
) {
  const path = temporaryDirectory(t);
  const snapshots = join(path, "snapshots");
  mkdirSync(snapshots);
  for (const { name } of entries) mkdirSync(join(snapshots, name), { recursive: true });
  const { pathInFilesystem: directory, path: real } = await locate(snapshots);
  const alive = new Map(entries.map((entry) => [entry.id, entry]));
  const deleted: string[] = [];
  const listed = (entry: Entry) => `${directory}/${entry.below ?? ""}${entry.name}`;
  const uuids = ({ id, parent }: Entry) =>
    `parent_uuid ${parent ?? sourceUuid} received_uuid - uuid ${uuidOf(id)} path `;
  const time = (at: number) => new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ");
  const show = (uuid: string, parent: string, at: number, id: number, flags: string) =>
    `x\n\tName: \t\t\tx\n\tUUID: \t\t\t${uuid}\n\tParent UUID: \t\t${parent}\n\tReceived UUID: \t\t-\n\tCreation time: \t\t${time(at)} +0000\n\tSubvolume ID: \t\t${id}\n\tGeneration: \t\t7\n\tFlags: \t\t\t${flags}\n`;

  const answer = (argv: readonly string[]): string | Error => {
    const [, , verb, columns = ""] = argv;
    const target = argv.at(-1) ?? "";
    if (verb === "list") {
      const wanted = [...alive.values()].filter(
        ({ writable, untimed }) => !(columns.includes("r") && writable) && !(columns.includes("s") && untimed),
      );
      return wanted
        .map((entry) =>
          columns.includes("s")
            ? `ID ${entry.id} gen 1 cgen 1 parent 5 top level 5 otime ${time(entry.at)} ${uuids(entry)}${listed(entry)}\n`
            : `ID ${entry.id} gen 1 parent 5 top level 5 ${uuids(entry)}${listed(entry)}\n`,
        )
        .join("");
    }
    if (target === path) return show(sourceUuid, "-", 0, 256, "-");
    const entry = [...alive.values()].find(({ name }) => join(real, name) === target);
    if (verb === "show" && entry)
      return show(uuidOf(entry.id), sourceUuid, entry.at, entry.id, entry.writable ? "-" : "readonly");
    if (verb === "delete" && entry) {
      const failure = onDelete(entry.name);
      if (failure !== null) return new Error(failure);
      alive.delete(entry.id);
      deleted.push(entry.name);
      return "";
    }
    if (argv.includes("sync")) return onSync() ?? "";
    return new Error(`ERROR: cannot find real path for '${target}': No such file or directory`);
  };
  const execute: Execute = async ({ argv }) => {
    const said = answer(argv);
    const failed = said instanceof Error;
    const output = { stdout: failed ? "" : said, stderr: failed ? said.message : "" };
    return { argv, exitCode: failed ? 1 : 0, signal: null, durationSeconds: 0, ...output };
  };
  const prune = (keep: unknown, more: Partial<RunnerContext> = {}, config: object = {}, options: object = {}) => {
    const context = contextOf(
      { timezone: "UTC", subvolumes: { data: { path, snapshots } }, ...config },
      { execute, now, ...more },
    );
    const written = { subvolume: "data", ...(keep === undefined ? {} : { keep }), ...options };
    return pruneSnapshots.run(pruneSnapshots.options.parse(written), context);
  };
  return { path, snapshots, deleted, alive, prune };
}

const daily = (days: readonly number[]) =>
  days.map((day, n): Entry => ({ id: 300 + n, name: `data.202611${day}T120000Z`, at: noon(day) }));

describe("prune.snapshots", () => {
  it("removes what no tier holds and says of each why it was kept", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([17, 18, 19, 20, 21]));
    const { evidence, outcome, message } = await prune({ last: 1, daily: 3 });
    assert.deepEqual(evidence, {
      kept: [
        { name: "data.20261121T120000Z", tiers: ["last", "daily"] },
        { name: "data.20261120T120000Z", tiers: ["daily"] },
        { name: "data.20261119T120000Z", tiers: ["daily"] },
      ],
      removed: ["data.20261118T120000Z", "data.20261117T120000Z"],
      spared: [],
    });
    assert.deepEqual(deleted, evidence.removed);
    assert.equal(outcome ?? "success", "success");
    assert.equal(message, "3 kept, 2 removed, 0 spared");
  });

  it("takes the policy by its name, and the subvolume's own where the step has none", async (t) => {
    const { prune, path, snapshots } = await stageOf(t, daily([19, 20, 21]));
    const retention = { short: { last: 2 }, one: { last: 1 } };
    const named = await prune("short", {}, { retention });
    assert.deepEqual(named.evidence.removed, ["data.20261119T120000Z"]);
    const own = await prune(undefined, {}, { retention, subvolumes: { data: { path, snapshots, retention: "one" } } });
    assert.deepEqual(own.evidence.removed, ["data.20261120T120000Z"]);
  });

  it("without any policy removes nothing and fails as config", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([20, 21]));
    await assert.rejects(prune(undefined), { reason: "config" });
    assert.deepEqual(deleted, []);
  });

  it("keeps everything under a policy that has no tier", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([20, 21]));
    const { evidence } = await prune({});
    assert.deepEqual(deleted, []);
    assert.ok(evidence.kept.every(({ tiers }) => tiers.length === 1));
  });

  it("counts days in the job's timezone", async (t) => {
    const late: Entry[] = [
      { id: 300, name: "data.20261120T223000Z", at: Date.UTC(2026, 10, 20, 22, 30) / 1000 },
      { id: 301, name: "data.20261120T233000Z", at: Date.UTC(2026, 10, 20, 23, 30) / 1000 },
    ];
    const jobs = { test: { timezone: "Europe/Berlin", steps: [{ uses: "prune.snapshots" }] } };
    const berlin = await stageOf(t, late);
    assert.deepEqual((await berlin.prune({ daily: 2 }, {}, { jobs })).evidence.removed, []);
    const utc = await stageOf(t, [
      ...late,
      { id: 302, name: "data.20261121T010000Z", at: Date.UTC(2026, 10, 21, 1) / 1000 },
    ]);
    assert.deepEqual((await utc.prune({ daily: 2 })).evidence.removed, ["data.20261120T223000Z"]);
  });

  it("leaves alone what is not a read-only snapshot of this subvolume right in its directory", async (t) => {
    const { prune, deleted } = await stageOf(t, [
      { id: 300, name: "of another", at: noon(1), parent: uuidOf(7) },
      { id: 301, name: "snapper", at: noon(1), below: "1/" },
      { id: 302, name: "writable", at: noon(1), writable: true },
      { id: 303, name: "not \ufffd text", at: noon(1) },
      { id: 304, name: "data.20261101T120000Z", at: noon(1), untimed: true },
      ...daily([20, 21]).map((entry) => ({ ...entry, id: entry.id + 10 })),
    ]);
    const { evidence } = await prune({ last: 1 });
    assert.deepEqual(deleted, ["data.20261120T120000Z"]);
    assert.deepEqual(evidence.spared, [
      { name: "writable", why: "it is writable: somebody may work in it" },
      { name: "not \ufffd text", why: "its name is not valid UTF-8" },
      { name: "data.20261101T120000Z", why: "it came while the list was made" },
    ]);
  });

  describe("of the snapshots that others made in the same directory", () => {
    const others: Entry[] = [
      { id: 400, name: "before-dist-upgrade", at: noon(1) },
      { id: 401, name: "data.20261102", at: noon(2) },
      { id: 402, name: "data2.20261103T120000Z", at: noon(3) },
      { id: 403, name: "data.20261121T1230", at: noon(21) + 1800 },
    ];

    it("removes none and says so, nor do they take the place of its own", async (t) => {
      const { prune, deleted } = await stageOf(t, [...others, ...daily([19, 20, 21])]);
      const { evidence } = await prune({ last: 2 });
      assert.deepEqual(deleted, ["data.20261119T120000Z"]);
      assert.deepEqual(
        evidence.spared,
        others.map(({ name }) => ({ name, why: "not made by pantheros" })),
      );
    });

    it("removes with all what the policy does not hold of everything together", async (t) => {
      const { prune, deleted } = await stageOf(t, [...others, ...daily([20, 21])]);
      const { evidence } = await prune({ last: 2 }, {}, {}, { all: true });
      assert.deepEqual(deleted, [
        "data.20261120T120000Z",
        "data2.20261103T120000Z",
        "data.20261102",
        "before-dist-upgrade",
      ]);
      assert.deepEqual(evidence.spared, []);
    });

    it("takes for its own also what it had to number, and whatever dots are in the name of the subvolume", async (t) => {
      const { prune, deleted, path, snapshots } = await stageOf(t, [
        { id: 300, name: "da.ta.20261119T120000Z", at: noon(19) },
        { id: 301, name: "da.ta.20261119T120000Z_12", at: noon(19) },
        { id: 302, name: "daXta.20261119T120000Z", at: noon(19) },
        { id: 303, name: "da.ta.20261120T120000Z", at: noon(20) },
      ]);
      await prune({ last: 1 }, {}, { subvolumes: { "da.ta": { path, snapshots } } }, { subvolume: "da.ta" });
      assert.deepEqual(deleted.sort(), ["da.ta.20261119T120000Z", "da.ta.20261119T120000Z_12"]);
    });
  });

  it("never goes below what is promised of the subvolume, whatever the step keeps", async (t) => {
    const { prune, deleted, path, snapshots } = await stageOf(t, daily([17, 18, 19, 20, 21]));
    const promised = {
      retention: { three: { daily: 3 } },
      subvolumes: { data: { path, snapshots, retention: "three" } },
    };
    const { evidence } = await prune({ last: 1 }, {}, promised);
    assert.deepEqual(deleted, ["data.20261118T120000Z", "data.20261117T120000Z"]);
    assert.deepEqual(evidence.kept[0]?.tiers, ["last", "daily"]);
  });

  it("leaves what a job claims as the last that it made, though a clock that went back hides it", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([19, 20, 21]));
    const claim = {
      job: "j",
      id: "snap",
      uses: "snapshot.btrfs",
      kind: "snapshot",
      target: "data",
      bytes: null,
      files: null,
    } as const;
    const { evidence } = await prune(
      { last: 1 },
      { lastSteps: () => [{ ...claim, runStartedAt: 0, finishedAt: 0, evidence: { uuid: uuidOf(300) } }] },
    );
    assert.deepEqual(deleted, ["data.20261120T120000Z"]);
    assert.deepEqual(evidence.spared, [{ name: "data.20261119T120000Z", why: "a job claims it as its last snapshot" }]);
  });

  it("never removes what a run that is alive reads, by whatever path, nor anything below that", async (t) => {
    const { prune, deleted, snapshots, path } = await stageOf(t, daily([17, 18, 19, 20, 21]));
    mkdirSync(join(snapshots, "data.20261117T120000Z", "sub"));
    symlinkSync(snapshots, join(path, "link"));
    const pathsInUse = () => [
      join(snapshots, "data.20261117T120000Z", "sub"),
      join(path, "link", "data.20261118T120000Z"),
      join(path, "gone"),
    ];
    const { evidence } = await prune({ last: 1 }, { pathsInUse });
    assert.deepEqual(deleted, ["data.20261120T120000Z", "data.20261119T120000Z"]);
    assert.deepEqual(evidence.spared, [
      { name: "data.20261118T120000Z", why: "a run that is alive uses it" },
      { name: "data.20261117T120000Z", why: "a run that is alive uses it" },
    ]);
    const all = await prune({ last: 1 }, { pathsInUse: () => [path] });
    assert.deepEqual(all.evidence.removed, []);
  });

  it("asks before each removal, for a run may begin meanwhile", async (t) => {
    const { prune, deleted, snapshots } = await stageOf(t, daily([18, 19, 20, 21]));
    const pathsInUse = () => (deleted.length > 0 ? [join(snapshots, "data.20261118T120000Z")] : []);
    await prune({ last: 1 }, { pathsInUse });
    assert.deepEqual(deleted, ["data.20261120T120000Z", "data.20261119T120000Z"]);
  });

  it("in a dry run removes nothing and says what it would", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([19, 20, 21]));
    const log: string[] = [];
    const { evidence, message } = await prune({ last: 1 }, { dryRun: true, log: (line) => log.push(line) });
    assert.deepEqual([deleted, evidence.removed], [[], []]);
    assert.deepEqual(
      evidence.spared.map(({ name }) => name),
      ["data.20261120T120000Z", "data.20261119T120000Z"],
    );
    assert.equal(log.length, 2);
    assert.match(message ?? "", /dry run/);
  });

  it("is partial when one cannot be removed, and goes on with the others", async (t) => {
    const { prune, deleted } = await stageOf(t, daily([18, 19, 20, 21]), (name) =>
      name === "data.20261119T120000Z" ? "ERROR: Could not destroy subvolume/snapshot: Operation not permitted" : null,
    );
    const { evidence, outcome, reason, message } = await prune({ last: 1 });
    assert.deepEqual([outcome, reason], ["partial", "auth"]);
    assert.match(message ?? "", /data\.20261119T120000Z could not be removed/);
    assert.deepEqual(
      [deleted, evidence.removed],
      [
        ["data.20261120T120000Z", "data.20261118T120000Z"],
        ["data.20261120T120000Z", "data.20261118T120000Z"],
      ],
    );
    assert.match(evidence.spared[0]?.why ?? "", /not permitted/);
  });

  it("takes it well when a snapshot vanishes meanwhile", async (t) => {
    const stage = await stageOf(t, daily([19, 20, 21]), () => "ERROR: Could not statfs: No such file or directory");
    for (const name of ["data.20261119T120000Z", "data.20261120T120000Z"]) rmdirSync(join(stage.snapshots, name));
    const { evidence, outcome } = await stage.prune({ last: 1 });
    assert.equal(outcome, undefined);
    assert.deepEqual([evidence.removed, evidence.spared], [[], []]);
  });

  it("removes nothing that has taken the place of what was listed", async (t) => {
    const stage = await stageOf(t, daily([20, 21]));
    const pathsInUse = () => {
      stage.alive.set(300, { id: 777, name: "data.20261120T120000Z", at: noon(20) });
      return [];
    };
    const { evidence } = await stage.prune({ last: 1 }, { pathsInUse });
    assert.deepEqual(stage.deleted, []);
    assert.match(evidence.spared[0]?.why ?? "", /become another/);
  });

  it("stops when it is cancelled, and leaves word of what it had removed", async (t) => {
    const controller = new AbortController();
    const stage = await stageOf(t, daily([18, 19, 20, 21]), () => {
      controller.abort();
      return null;
    });
    await assert.rejects(stage.prune({ last: 1 }, { signal: controller.signal }), (error) => {
      assert.ok(error instanceof StepError);
      assert.equal(error.reason, "cancelled");
      assert.match(error.message, /; 1 had been removed$/);
      const { removed, kept } = error.details.evidence as { removed: string[]; kept: unknown[] };
      assert.deepEqual([removed, kept.length], [["data.20261120T120000Z"], 1]);
      return true;
    });
    assert.deepEqual(stage.deleted, ["data.20261120T120000Z"]);
  });

  it("is cancelled, not partial, when the removal itself or what writes it to the disks is interrupted", async (t) => {
    for (const interrupted of ["delete", "sync"]) {
      const controller = new AbortController();
      const interrupt = () => {
        controller.abort();
        return "ERROR: interrupted";
      };
      const deleting = interrupted === "delete" ? interrupt : () => null;
      const stage = await stageOf(t, daily([20, 21]), deleting, () => new Error(interrupt()));
      await assert.rejects(stage.prune({ last: 1 }, { signal: controller.signal }), /interrupted; \d had been removed/);
    }
  });

  it("tells how far it is, and writes to the disks what it has removed, and only then", async (t) => {
    const ratios: unknown[] = [];
    let synced = 0;
    const stage = await stageOf(t, daily([19, 20, 21]), undefined, () => {
      synced += 1;
      return null;
    });
    const progress: RunnerContext["progress"] = ({ ratio }) => ratios.push(ratio);
    await stage.prune({ last: 1 }, { progress });
    assert.deepEqual([ratios, synced], [[0.5, 1], 1]);
    await stage.prune({ last: 1 }, { progress });
    assert.deepEqual([ratios.length, synced], [2, 1]);
  });

  it("is partial, and tells what is gone, when the removals could not be written to the disks", async (t) => {
    const failing = () => new Error("ERROR: sync ioctl failed on '/x': No space left on device");
    const { prune } = await stageOf(t, daily([20, 21]), undefined, failing);
    const { evidence, outcome, reason, message } = await prune({ last: 1 });
    assert.deepEqual([outcome, reason, evidence.removed], ["partial", "space", ["data.20261120T120000Z"]]);
    assert.match(message ?? "", /could not be synced/);
  });

  it("has nothing to do where the directory of snapshots is not there", async (t) => {
    const { prune, path } = await stageOf(t, []);
    const config = { subvolumes: { data: { path, snapshots: join(path, "nowhere") } } };
    assert.deepEqual((await prune({ last: 1 }, {}, config)).evidence, { kept: [], removed: [], spared: [] });
  });

  it("never removes the newest, whatever the policy and the clock, and accounts for every snapshot", async (t) => {
    // Several may be of one second, and some dated after now.
    const days = fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 12 });
    const within = fc.constantFrom(undefined, "1s", "3d");
    const tiers = fc.record({ last: fc.nat(2), daily: fc.nat(4), weekly: fc.nat(3), within });
    await fc.assert(
      fc.asyncProperty(days, tiers, async (chosen, { within, ...counts }) => {
        const entries = chosen.map((day, n) => ({ id: 300 + n, name: `data.20261121T120000Z_${n}`, at: noon(day) }));
        const { prune, deleted } = await stageOf(t, entries);
        const { evidence } = await prune(within === undefined ? counts : { ...counts, within });
        const newest = chosen.lastIndexOf(Math.max(...chosen));
        assert.ok(!deleted.includes(`data.20261121T120000Z_${newest}`));
        const past = chosen.map((day) => (day <= 21 ? day : 0));
        assert.ok(
          !deleted.includes(`data.20261121T120000Z_${past.lastIndexOf(Math.max(...past))}`),
          "nor the newest that is not from the future",
        );
        const told = [...evidence.kept.map(({ name }) => name), ...evidence.removed];
        assert.deepEqual(told.sort(), entries.map(({ name }) => name).sort());
      }),
      { numRuns: 80 },
    );
  });

  it("refuses an unknown subvolume", async (t) => {
    const { prune } = await stageOf(t, []);
    await assert.rejects(
      prune({ last: 1 }, {}, { subvolumes: {} }),
      (error) => error instanceof StepError && error.reason === "config",
    );
  });
});
