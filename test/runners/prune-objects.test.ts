import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import fc from "fast-check";
import type { LastStep } from "../../src/ledger/ledger.ts";
import { archiveKey, manifestKey } from "../../src/model/archive/key.ts";
import { formatTimestamp } from "../../src/model/quantity.ts";
import type { StepError } from "../../src/model/run/outcome.ts";
import { pruneObjects } from "../../src/runners/prune-objects.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { writeManifest } from "../../src/tools/archive/manifest.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { failureOf } from "../support/failure.ts";
import { contextOf } from "../support/runner-context.ts";

const hour = 3_600_000;
const now = Date.UTC(2026, 10, 21, 8, 57);
const folderAt = (at: number, series = "db-") => `${series}${formatTimestamp(at)}`;

function put(root: string, name: string, content = "x"): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

interface Stage {
  readonly root: string;
  readonly open: Leftover[];
  readonly context: (more?: Partial<RunnerContext>) => RunnerContext;
}

function stageOf(t: Pick<TestContext, "after">, retention?: object): Stage {
  const root = temporaryDirectory(t);
  const open: Leftover[] = [];
  const config = {
    timezone: "UTC",
    destinations: { offsite: { type: "local", path: root, ...(retention ? { retention: "promised" } : {}) } },
    retention: retention ? { promised: retention } : {},
    jobs: { nightly: { steps: [{ uses: "command", argv: ["true"] }] } },
  };
  return {
    root,
    open,
    context: (more = {}) =>
      contextOf(config, {
        now: () => now,
        leftover: (what) => {
          open.push(what);
          return { settled: () => void open.splice(open.indexOf(what), 1) };
        },
        ...more,
      }),
  };
}

const prune = (context: RunnerContext, step: Record<string, unknown> = {}) =>
  pruneObjects.run(pruneObjects.options.parse({ destination: "offsite", prefix: "db-", ...step }), context);

function claim(evidence: Record<string, unknown>, job = "nightly"): LastStep {
  return {
    job,
    id: "step_1",
    uses: "backup.valkey",
    kind: "backup",
    target: "offsite",
    bytes: 1,
    files: 1,
    runStartedAt: now,
    finishedAt: now,
    evidence: { destination: "offsite", ...evidence },
  };
}

suite("prune.objects of timestamped folders", () => {
  test("given thirty days are kept, then what is older goes with all that is in it, and nothing else", async (t) => {
    const { root, context, open } = stageOf(t);
    const days = [0, 1, 29, 31, 45];
    for (const day of days) {
      put(root, `${folderAt(now - day * 24 * hour)}/dump.rdb`, "12345");
      put(root, `${folderAt(now - day * 24 * hour)}/sub/more`, "123");
    }
    const others = ["db-manual/dump.rdb", `other-20200101T000000Z/dump.rdb`, "db-20200101T000000Z.json", "db-"];
    for (const other of others) put(root, other);
    const { evidence, message } = await prune(context(), { keep: { within: "30d" } });
    assert.deepEqual(pruneObjects.produces.parse(evidence), evidence);
    assert.deepEqual([evidence.kept, evidence.removed, evidence.removed_bytes], [3, 2, 16]);
    assert.deepEqual(evidence.names, [folderAt(now - 45 * 24 * hour), folderAt(now - 31 * 24 * hour)], "oldest first");
    assert.equal(message, "3 kept, 2 removed, 16 B");
    const left = [
      ...others.map((name) => name.split("/")[0]),
      ...days.slice(0, 3).map((day) => folderAt(now - day * 24 * hour)),
    ];
    assert.deepEqual(readdirSync(root).sort(), left.sort());
    assert.deepEqual(open, []);

    const again = await prune(context(), { keep: { within: "30d" } });
    assert.deepEqual([again.evidence.kept, again.evidence.removed], [3, 0]);
  });

  test("given a dry run, then it names what would go and removes nothing", async (t) => {
    const { root, context } = stageOf(t);
    for (const day of [0, 40]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    const said: string[] = [];
    const { evidence, message } = await prune(context({ dryRun: true, log: (line) => said.push(line) }), {
      keep: { last: 1 },
    });
    assert.deepEqual([evidence.removed, evidence.names], [0, [folderAt(now - 40 * 24 * hour)]]);
    assert.deepEqual(said, [`would remove ${folderAt(now - 40 * 24 * hour)}`]);
    assert.match(message ?? "", /^dry run: 1 of 2 would go/);
    assert.equal(readdirSync(root).length, 2);
  });

  test("given a destination that promises more than the step keeps, then the promise holds", async (t) => {
    const { root, context } = stageOf(t, { last: 3 });
    for (const day of [0, 1, 2, 3, 4]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    assert.equal((await prune(context(), { keep: { last: 1 } })).evidence.kept, 3);
    assert.equal((await prune(context())).evidence.kept, 3);
  });

  test("given nothing that says what is kept, then it is config, before anything is listed", async (t) => {
    const options = pruneObjects.options.parse({ destination: "offsite", prefix: "db-" });
    await assert.rejects(async () => pruneObjects.check?.(options, stageOf(t).context()), { reason: "config" });
  });

  test("given what a job claims as its last, then it stays, whatever its age", async (t) => {
    const { root, context } = stageOf(t);
    const old = folderAt(now - 400 * 24 * hour);
    for (const name of [folderAt(now), old, folderAt(now - 300 * 24 * hour)]) put(root, `${name}/a`);
    for (const evidence of [{ prefix: old }, { prefix: `${old}/deeper` }, { key: `${old}/a` }]) {
      const { spared } = (
        await prune(context({ dryRun: true, lastSteps: () => [claim(evidence)] }), { keep: { last: 1 } })
      ).evidence;
      assert.deepEqual(spared, [{ name: old, why: "job nightly claims it as its last" }]);
    }
    const { evidence } = await prune(context({ lastSteps: () => [claim({ prefix: old })] }), { keep: { last: 1 } });
    assert.deepEqual([evidence.kept, evidence.removed], [2, 1]);
    assert.ok(existsSync(join(root, old, "a")));
  });

  test("given claims of other places, of other series and of pruning itself, then they hold nothing", async (t) => {
    const { root, context } = stageOf(t);
    for (const day of [0, 40]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    const lastSteps = () => [
      claim({ destination: "elsewhere", prefix: folderAt(now - 40 * 24 * hour) }),
      claim({ prefix: folderAt(now, "other-") }),
      { ...claim({ prefix: "db-", removed: 1 }), kind: "prune" } as const,
      claim({ prefix: folderAt(now) }),
    ];
    const { evidence } = await prune(context({ lastSteps }), { keep: { last: 1 } });
    assert.deepEqual([evidence.removed, evidence.spared], [1, []], "what the policy keeps anyway is not spared");
  });

  test("given a folder dated after now, then it takes the place of no real one", async (t) => {
    const { root, context } = stageOf(t);
    for (const day of [-400, 0, 40]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    const { names } = (await prune(context(), { keep: { last: 1 } })).evidence;
    assert.deepEqual(names, [folderAt(now - 40 * 24 * hour)]);
  });

  test("given a listing that lacks what a job has proven there, then nothing is removed", async (t) => {
    const { root, context } = stageOf(t);
    for (const day of [1, 40]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    const lastSteps = () => [claim({ prefix: folderAt(now) })];
    await assert.rejects(prune(context({ lastSteps }), { keep: { last: 1 } }), {
      reason: "disagreement",
      message: /does not list db-20261121T085700Z, the last that nightly has proven/,
    });
    assert.equal(readdirSync(root).length, 2);
    const forgotten = () => [claim({ prefix: folderAt(now) }, "renamed")];
    assert.equal((await prune(context({ lastSteps: forgotten }), { keep: { last: 1 } })).evidence.removed, 1);
  });

  test("given a destination that is not mounted, then it is not taken for empty", async (t) => {
    const { root, context } = stageOf(t);
    const config = contextOf({ destinations: { offsite: { type: "local", path: `${root}/gone` } } }).config;
    await assert.rejects(prune(context({ config }), { keep: { last: 1 } }), { reason: "config" });
  });

  test("given a removal that fails, then what has gone is told, and what was begun is ended later", async (t) => {
    const { root, context, open } = stageOf(t);
    for (const day of [0, 40, 50]) put(root, `${folderAt(now - day * 24 * hour)}/a`);
    const stop = new AbortController();
    const progress = () => stop.abort();
    await assert.rejects(
      prune(context({ signal: stop.signal, progress }), { keep: { last: 1 } }),
      (error: StepError) => {
        assert.equal(error.reason, "cancelled");
        assert.match(error.message, /1 had been removed/);
        assert.deepEqual(error.details.evidence?.["names"], [folderAt(now - 50 * 24 * hour)]);
        return true;
      },
    );
    assert.equal(readdirSync(root).length, 2);
    assert.deepEqual(open, []);
    const what = { destination: "offsite", prefix: "db-", archives: "", host: "testhost", versions: false };
    const name = folderAt(now - 40 * 24 * hour);
    await pruneObjects.removeLeftover?.({ ...what, name }, context());
    await pruneObjects.removeLeftover?.({ ...what, name }, context());
    assert.deepEqual(readdirSync(root), [folderAt(now)]);
  });

  test("given what is still there, or something that lost a part meanwhile, then it is verification", async (t) => {
    const old = folderAt(now - 40 * 24 * hour);
    const kept = folderAt(now);
    const during = async (meanwhile: (root: string) => void) => {
      const { root, context } = stageOf(t);
      for (const name of [`${old}/a`, `${kept}/a`, `${kept}/b`]) put(root, name, "");
      const progress: RunnerContext["progress"] = ({ ratio }) => {
        assert.equal(ratio, 1);
        meanwhile(root);
      };
      return await failureOf(prune(context({ progress }), { keep: { last: 1 } }));
    };
    const still = await during((root) => put(root, `${old}/a`));
    assert.equal(still.reason, "verification");
    assert.equal(still.message, `${old} was removed, but offsite still lists it; 1 had been removed`);
    const hurt = await during((root) => rmSync(join(root, kept), { recursive: true }));
    assert.equal(hurt.reason, "verification");
    assert.match(hurt.message, new RegExp(`^${kept} was to stay, but offsite lists less of it than before`));
  });

  test("given a leftover that says too little, then nothing is removed by it", async (t) => {
    const { root, context } = stageOf(t);
    put(root, `${folderAt(now)}/a`);
    const what = {
      destination: "offsite",
      prefix: "db-",
      name: "",
      archives: "home",
      host: "testhost",
      versions: false,
    };
    for (const leftover of [
      what,
      { ...what, name: 1 },
      { ...what, prefix: 1, name: "x" },
      { ...what, destination: 1 },
    ]) {
      await pruneObjects.removeLeftover?.(leftover, context());
    }
    assert.ok(existsSync(join(root, folderAt(now), "a")));
  });

  test("given a symbolic link that is called like one of them, then it and what it points to are left alone", async (t) => {
    const { root, context } = stageOf(t);
    const precious = temporaryDirectory(t);
    put(precious, "a");
    symlinkSync(precious, join(root, folderAt(now - 40 * 24 * hour)));
    put(root, `${folderAt(now)}/a`);
    assert.equal((await prune(context(), { keep: { last: 1 } })).evidence.removed, 0);
    assert.ok(existsSync(join(precious, "a")));
  });

  test("given a whole name instead of what stands before the time, then the options are refused", () => {
    const parsed = pruneObjects.options.safeParse({ destination: "offsite", prefix: "db-20261121T085700Z" });
    assert.match(parsed.error?.issues[0]?.message ?? "", /what stands before the timestamp/);
  });

  test("whatever is there and whatever is kept: never the newest, never what is claimed, never what is not of the series", async (t) => {
    const policy = fc.record({
      last: fc.nat(3),
      daily: fc.nat(3),
      monthly: fc.nat(2),
      within: fc.constantFrom("1h", "2d"),
    });
    const ages = fc.uniqueArray(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(ages, policy, fc.nat(7), async (hours, keep, claimedAt) => {
        const { root, context } = stageOf(t);
        const names = hours.map((age) => folderAt(now - age * hour));
        const others = [...names.map((name) => `x${name}`), ...names.map((name) => `${name}-copy`)];
        for (const name of [...names, ...others]) put(root, `${name}/a`);
        const claimed = names[claimedAt % names.length] as string;
        const { evidence } = await prune(context({ lastSteps: () => [claim({ prefix: claimed })] }), { keep });
        const left = new Set(readdirSync(root));
        const newest = folderAt(now - Math.min(...hours) * hour);
        for (const name of [...others, claimed, newest]) assert.ok(left.has(name), name);
        assert.equal(left.size, others.length + evidence.kept);
        assert.equal(evidence.kept + evidence.removed, names.length);
      }),
      { numRuns: 30 },
    );
  });
});

suite("prune.objects of archives", () => {
  const uuidOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

  interface Made {
    readonly key: string;
    readonly parent: number | null;
  }

  /** @param parents of each archive, by its place in the list; null: a full one. One a day, the last one today. */
  function putArchives(root: string, parents: readonly (number | null)[], host = "testhost"): readonly Made[] {
    const made: Made[] = [];
    parents.forEach((parent, index) => {
      const at = now - (parents.length - 1 - index) * 24 * hour;
      const mode = parent === null ? "full" : "incr";
      const key = archiveKey("archives", { host, name: "home", timestamp: formatTimestamp(at), mode });
      const moment = new Date(at).toISOString();
      put(root, key, "12345");
      const manifest = writeManifest({
        format: "pantheros-archive/1",
        host,
        name: "home",
        mode: parent === null ? "full" : "incremental",
        key,
        uuid: uuidOf(index),
        received_uuid: uuidOf(index),
        parent_uuid: parent === null ? null : uuidOf(parent),
        parent_key: parent === null ? null : (made[parent]?.key ?? null),
        sha256: "0".repeat(64),
        stored_bytes: 5,
        bytes: 10,
        zstd_level: 3,
        generation: 1,
        protocol: 1,
        snapshot: { path: "/s", created: moment, files: 1, bytes: 1 },
        created: moment,
        btrfs_progs: "6.2",
        pantheros: "0",
      });
      put(root, manifestKey(key), manifest);
      made.push({ key, parent });
    });
    return made;
  }
  const step = { prefix: "archives", archives: "home" };

  test("given chains, then a whole chain goes, but nothing that a kept archive needs", async (t) => {
    const { root, context, open } = stageOf(t);
    // Two chains of three: full, incremental, incremental.
    const made = putArchives(root, [null, 0, 1, null, 3, 4]);
    const { evidence } = await prune(context(), { ...step, keep: { last: 1 } });
    assert.deepEqual(pruneObjects.produces.parse(evidence), evidence);
    assert.deepEqual([evidence.kept, evidence.removed, evidence.removed_bytes], [3, 3, 15]);
    assert.deepEqual(evidence.names, [made[2]?.key, made[1]?.key, made[0]?.key], "never one without its parent");
    assert.deepEqual(
      evidence.spared.map(({ why }) => why),
      [`${made[5]?.key} needs it`, `${made[5]?.key} needs it`],
    );
    for (const { key } of made.slice(0, 3)) {
      assert.equal(existsSync(join(root, key)) || existsSync(join(root, manifestKey(key))), false, key);
    }
    for (const { key } of made.slice(3))
      assert.ok(existsSync(join(root, key)) && existsSync(join(root, manifestKey(key))));
    assert.deepEqual(open, []);
  });

  test("given a removal that was begun, then the archive goes with its manifest, and alone", async (t) => {
    const { root, context } = stageOf(t);
    const [old, kept] = putArchives(root, [null, null]).map(({ key }) => key);
    const what = { destination: "offsite", prefix: "archives", archives: "home", host: "testhost", versions: false };
    rmSync(join(root, manifestKey(old ?? "")));
    for (const _ of ["half of it is there", "it is gone"]) {
      await pruneObjects.removeLeftover?.({ ...what, name: old ?? "" }, context());
      assert.equal(existsSync(join(root, old ?? "")), false);
    }
    await pruneObjects.removeLeftover?.({ ...what, name: kept ?? "" }, context());
    assert.equal(existsSync(join(root, manifestKey(kept ?? ""))), false);
  });

  test("given an archive that its manifest contradicts, then nothing is removed: what needs what is not known", async (t) => {
    const { root, context } = stageOf(t);
    const made = putArchives(root, [null, 0, null]);
    put(root, made[1]?.key ?? "", "short");
    put(root, made[1]?.key ?? "", "shrt");
    await assert.rejects(prune(context(), { ...step, keep: { last: 1 } }), {
      reason: "verification",
      message: /its manifest says 5; without a whole listing nothing was removed/,
    });
    assert.ok(existsSync(join(root, made[0]?.key ?? "")));
  });

  test("given claims of archives of other names and hosts, then they hold nothing and are not missed", async (t) => {
    const { root, context } = stageOf(t);
    putArchives(root, [null, null]);
    const at = { timestamp: formatTimestamp(now), mode: "full" } as const;
    const lastSteps = () => [
      claim({ key: archiveKey("archives", { ...at, host: "testhost", name: "root" }) }),
      claim({ key: archiveKey("archives", { ...at, host: "neighbour", name: "home" }) }),
      claim({ key: "archives/readme" }),
      claim({ prefix: "archives" }),
    ];
    const { evidence } = await prune(context({ lastSteps }), { ...step, keep: { last: 1 } });
    assert.deepEqual([evidence.removed, evidence.spared], [1, []]);
  });

  test("given an archive that is being written, then it waits for another time", async (t) => {
    const { root, context } = stageOf(t);
    const made = putArchives(root, [null, null]);
    const coming = archiveKey("archives", {
      host: "testhost",
      name: "home",
      timestamp: formatTimestamp(now),
      mode: "incr",
    });
    for (const name of [`${coming}.partial`, coming]) {
      put(root, name);
      const { evidence, outcome, reason, message } = await prune(context(), { ...step, keep: { last: 1 } });
      const nothing = { kept: 0, removed: 0, removed_bytes: 0, names: [], spared: [] };
      assert.deepEqual(evidence, { destination: "offsite", prefix: "archives", ...nothing });
      assert.deepEqual([outcome, reason], ["skipped", "condition"]);
      assert.match(message ?? "", /is being written, or was left unfinished: nothing was removed/);
    }
    assert.ok(existsSync(join(root, made[0]?.key ?? "")));
  });

  test("given archives of another host, or of another name, then they are none of its business", async (t) => {
    const { root, context } = stageOf(t);
    const others = putArchives(root, [null, null, null], "neighbour");
    putArchives(root, [null, null]);
    assert.equal((await prune(context(), { ...step, archives: "root", keep: { last: 1 } })).evidence.removed, 0);
    assert.equal((await prune(context(), { ...step, keep: { last: 1 } })).evidence.removed, 1);
    for (const { key } of others) assert.ok(existsSync(join(root, key)));
    assert.equal((await prune(context(), { ...step, host: "neighbour", keep: { last: 1 } })).evidence.removed, 2);
  });

  test("whatever the chains and whatever is kept: every archive that stays can still be restored", async (t) => {
    const forest = fc
      .integer({ min: 1, max: 8 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, at) => fc.option(fc.nat(Math.max(0, at - 1))))))
      .map((parents) => parents.map((parent, at) => (at === 0 ? null : parent)));
    await fc.assert(
      fc.asyncProperty(forest, fc.integer({ min: 1, max: 3 }), fc.nat(7), async (parents, last, claimedAt) => {
        const { root, context } = stageOf(t);
        const made = putArchives(root, parents);
        const claimed = made[claimedAt % made.length] as Made;
        await prune(context({ lastSteps: () => [claim({ key: claimed.key })] }), { ...step, keep: { last } });
        const isThere = ({ key }: Made) => existsSync(join(root, key)) && existsSync(join(root, manifestKey(key)));
        assert.ok(isThere(claimed));
        for (const newest of made.slice(-last)) assert.ok(isThere(newest));
        for (const archive of made.filter(isThere)) {
          if (archive.parent !== null)
            assert.ok(isThere(made[archive.parent] as Made), `${archive.key} lost its parent`);
        }
      }),
      { numRuns: 30 },
    );
  });
});
