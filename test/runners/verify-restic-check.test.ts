import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuration } from "../../src/config/schema.ts";
import type { PastStep } from "../../src/ledger/ledger.ts";
import { Secret } from "../../src/model/secret.ts";
import { verifyResticCheck } from "../../src/runners/verify-restic-check.ts";
import { rejectsWith } from "../support/failure.ts";
import { ended, fakeExecute, recording } from "../support/restic-recordings.ts";
import { pastStep } from "../support/restic-runs.ts";
import { contextOf } from "../support/runner-context.ts";

const day = 86_400;
const noon = Date.UTC(2026, 10, 21, 12) / 1000;

/** A restic that finds no errors. @param schedule of the job; @default none */
function prepare(schedule?: string, repository = "/srv/main") {
  const stdout =
    "read group #1 of 4 data packs (out of total 9 packs in 2 groups)\n[0:00] 100.00%  4 / 4 packs\nno errors were found";
  const { execute, argvOf } = fakeExecute((command) =>
    command === "cat" ? recording("0.18.0", "repository-forbidden") : ended({ stdout }),
  );
  const { host: _, ...config } = configuration.parse({
    host: "x",
    timezone: "Europe/Berlin",
    repositories: { main: { repository, password: { environment: "P" } } },
    jobs: { test: { steps: [{ uses: "verify.restic-check" }], ...(schedule === undefined ? {} : { schedule }) } },
  });
  const past: PastStep[] = [];
  const run = async (at: number, options: object = {}, more: { readonly dryRun?: boolean } = {}) => {
    const context = contextOf(
      {},
      {
        ...more,
        config: { host: "x", ...config },
        execute,
        now: () => at * 1000,
        readSecret: () => new Secret("hunter2 hunter2", "a test"),
        history: (limit) => past.toReversed().slice(0, limit),
      },
    );
    const result = await verifyResticCheck.run(
      verifyResticCheck.options.parse({ repository: "main", ...options }),
      context,
    );
    if (!more.dryRun) past.push(pastStep(at, result.evidence));
    return result;
  };
  return { run, argvOf };
}

describe("verify.restic-check", () => {
  it("covers the whole repository in 30 daily runs, and keeps it covered", async () => {
    const { run, argvOf } = prepare("0 12 * * *");
    for (let number = 1; number <= 30; number += 1) {
      const { evidence } = await run(noon + number * day + 60);
      assert.deepEqual([evidence.part, evidence.parts], [number, 30]);
    }
    const { evidence, message } = await run(noon + 31 * day + 60);
    assert.deepEqual([evidence.part, evidence.coverage_ratio, evidence.oldest_part_age_seconds], [1, 1, 29 * day]);
    assert.match(message ?? "", /no errors in main; 1\/30 read, 4 packs; 100 % read within 30 days/);
    assert.equal(new Set(argvOf("check").flat()).size, 30);
  });

  it("shows what was read, how much of all that is, and what it does not know yet", async () => {
    const { run } = prepare("0 12 * * *");
    const { evidence } = await run(noon, { parts: 4 });
    const known = { repository: "main", packs_read: 4, packs_total: 9, errors: 0 };
    assert.deepEqual(evidence, { ...known, subset: "1/4", part: 1, parts: 4, coverage_ratio: 0.25 });
    const planned = await run(noon + day, { parts: 4 }, { dryRun: true });
    const { packs_total: _, ...unread } = { ...known, packs_read: 0 };
    assert.deepEqual(planned.evidence, { ...unread, subset: "2/4", part: 2, parts: 4, coverage_ratio: 0.25 });
    const random = await run(noon + day, { subset: "5%" }, { dryRun: true });
    assert.deepEqual(random.evidence, { ...unread, subset: "5%" });
  });

  it("does not begin when a remote repository does not answer", async () => {
    const { run, argvOf } = prepare("0 12 * * *", "sftp:web2:/srv/main");
    await rejectsWith(run(noon), "auth", /could not open the repository main/);
    assert.deepEqual(argvOf("check"), []);
  });

  it("reads as many parts as the schedule has runs within the time, one at least", async () => {
    const partsOf = async (schedule: string, options: object = {}) =>
      (await prepare(schedule).run(noon, options)).evidence.parts;
    assert.equal(await partsOf("0 4 * * 0"), 4);
    assert.equal(await partsOf("0 4 1 1 *"), 1);
    assert.equal(await partsOf("*/10 * * * *"), 256);
    assert.equal(await partsOf("0 4 * * *", { cover_within: "7d" }), 7);
    assert.equal(await partsOf("0 4 * * *", { parts: 12 }), 12);
    assert.equal(await partsOf("0 4 * 12 *"), 30, "of the runs that come within the time, not of those of years");
    const october = Date.UTC(2026, 9, 10, 12) / 1000;
    const autumn = await prepare("0 4 * * *").run(october);
    assert.equal(autumn.evidence.parts, 30, "an hour of summer time more is no run less");
  });

  it("goes by how often it really ran where the job has no schedule; at first it believes in once a day", async () => {
    const { run } = prepare();
    assert.equal((await run(noon)).evidence.parts, 30);
    await run(noon + 2 * day);
    const third = await run(noon + 4 * day);
    assert.equal(third.evidence.parts, 15);
    assert.ok((third.evidence.coverage_ratio ?? 0) > 2 / 30, "what was read as parts of 30 still counts");
  });

  it("says what chance may have read, and never that it is covered", async () => {
    const { run, argvOf } = prepare("0 4 * * 0");
    for (let week = 0; week < 8; week += 1) await run(noon + week * 7 * day, { subset: "5%" });
    const { evidence, message } = await run(noon + 8 * 7 * day, { subset: "5%" });
    assert.match(message ?? "", /5% read, 4 packs; 22 % expected by chance within 30 days/);
    assert.equal(evidence.coverage_ratio, undefined);
    assert.ok(Math.abs((evidence.coverage_expected ?? 0) - (1 - 0.95 ** 5)) < 1e-9, "five of them within 30 days");
    assert.deepEqual(new Set(argvOf("check").flat()), new Set(["--read-data-subset=5%"]));
  });

  it("counts a part as the share that it is of, and a share as no part", async () => {
    const { run } = prepare("0 12 * * *");
    await run(noon, { parts: 4 });
    const { evidence } = await run(noon + day, { subset: "50%" });
    assert.equal(evidence.coverage_expected, 1 - 0.75 * 0.5);
    const next = await run(noon + 2 * day, { parts: 4 });
    assert.deepEqual([next.evidence.part, next.evidence.coverage_ratio], [2, 0.5]);
  });

  it("goes on although the clock was a year ahead", async () => {
    const { run } = prepare("0 12 * * *");
    await run(noon + 365 * day, { parts: 2 });
    assert.equal((await run(noon, { parts: 2 })).evidence.coverage_ratio, 0.5);
    const { evidence } = await run(noon + day, { parts: 2 });
    assert.deepEqual([evidence.part, evidence.coverage_ratio], [2, 1]);
  });

  it("reads nothing in a dry run", async () => {
    const { run, argvOf } = prepare();
    const { message } = await run(noon, {}, { dryRun: true });
    assert.match(message ?? "", /would check main and read 1\/30/);
    assert.deepEqual(argvOf("check"), []);
  });

  it("refuses options that contradict each other or that restic would not take", () => {
    for (const options of [
      { parts: 2, subset: "5%" },
      { subset: "101%" },
      { subset: "1/2" },
      { parts: 257 },
      { parts: 0 },
    ])
      assert.equal(verifyResticCheck.options.safeParse({ repository: "main", ...options }).success, false);
  });
});
