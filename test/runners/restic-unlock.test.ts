import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resticUnlock } from "../../src/runners/restic-unlock.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { failureOf } from "../support/failure.ts";
import { resticConfig, resticContext } from "../support/restic-context.ts";
import { ended, fakeExecute } from "../support/restic-recordings.ts";

const now = Date.UTC(2026, 10, 21, 12);
const hour = 3600;
const idOf = (letter: string) => letter.repeat(64);

interface Lock {
  readonly id: string;
  /** Seconds. */
  readonly age: number;
  readonly host?: string;
}

/** A repository that only restic reaches, with these locks; `unlock` removes those that it is given to. */
function prepare(locks: readonly Lock[], removes: (lock: Lock) => boolean = () => true) {
  const there = new Map(locks.map((lock) => [lock.id, lock]));
  const fake = fakeExecute((command, { argv }) => {
    if (command === "unlock") for (const lock of locks.filter(removes)) there.delete(lock.id);
    if (command === "list") return ended({ stdout: [...there.keys()].join("\n") });
    const lock = there.get(argv.at(-1) ?? "");
    if (lock === undefined) return ended();
    const time = new Date(now - lock.age * 1000).toISOString();
    // No process has this number: it is more than Linux gives.
    return ended({ stdout: JSON.stringify({ time, hostname: lock.host ?? "elsewhere", pid: 4_194_305 }) });
  });
  const repositories = { main: { repository: "sftp:web2:/srv/restic" } };
  const config = resticConfig({ stateDirectory: "/state", repositories });
  const run = (options: object, more: Partial<RunnerContext> = {}) => {
    const { context } = resticContext(config, fake.execute, { now: () => now, ...more });
    return resticUnlock.run(resticUnlock.options.parse({ repository: "main", ...options }), context);
  };
  return { ...fake, run };
}
const ids = (judged: unknown) => (judged as readonly { readonly id: string }[]).map(({ id }) => id[0]).join("");
const byAge = { other_hosts: true };

describe("restic.unlock", () => {
  it("removes dead locks, says of each why, and proves that they are gone", async () => {
    const { run, argvOf } = prepare([{ id: idOf("a"), age: 7 * hour }]);
    const { evidence, message } = await run(byAge);
    const because = "held by process 4194305 of elsewhere, which cannot be seen from here, 25200 s old";
    assert.deepEqual(evidence, { repository: "main", removed: [{ id: idOf("a"), because }], kept: [] });
    assert.equal(message, "removed 1 locks of main, none stays");
    assert.deepEqual([argvOf("unlock").length, argvOf("list").length], [1, 2]);
  });

  it("asks restic for nothing when no lock is dead, nor in a dry run", async () => {
    const young = prepare([{ id: idOf("a"), age: hour }]);
    const { evidence, message } = await young.run(byAge);
    assert.deepEqual([ids(evidence.removed), ids(evidence.kept)], ["", "a"]);
    assert.match(message ?? "", /^removed 0 locks of main, 1 stay: held by process 4194305 of elsewhere/);
    assert.deepEqual(young.argvOf("unlock"), []);

    const dry = prepare([{ id: idOf("a"), age: 7 * hour }]);
    const planned = await dry.run(byAge, { dryRun: true });
    assert.deepEqual([ids(planned.evidence.removed), ids(planned.evidence.kept)], ["a", ""]);
    assert.equal(planned.message, "would remove 1 locks of main, none stays");
    assert.deepEqual(dry.argvOf("unlock"), []);
  });

  it("goes by no age unless it is asked to, and by that which it is told", async () => {
    const locks = [{ id: idOf("a"), age: 7 * hour }];
    assert.equal(ids((await prepare(locks).run({})).evidence.kept), "a");
    assert.equal(ids((await prepare(locks).run({ ...byAge, older_than: "8h" })).evidence.kept), "a");
  });

  it("leaves all where restic would remove a lock that is not dead as well", async () => {
    const { run, argvOf } = prepare([
      { id: idOf("a"), age: 7 * hour },
      { id: idOf("b"), age: hour },
    ]);
    const failure = await failureOf(run(byAge));
    assert.equal(failure.reason, "repository_locked");
    assert.match(failure.message, /^1 dead locks of main stay: restic unlock would also remove lock bbbbbbbb/);
    const { repository, removed, kept } = failure.details.evidence ?? {};
    assert.deepEqual([repository, removed, ids(kept)], ["main", [], "ab"]);
    assert.deepEqual(argvOf("unlock"), []);
  });

  it("is not done while a dead lock is still there, and tells which of them went", async () => {
    const fresh = { id: idOf("c"), age: 60 };
    const locks = [{ id: idOf("a"), age: 7 * hour }, { id: idOf("b"), age: 8 * hour }, fresh];
    const failure = await failureOf(prepare(locks, ({ id }) => id === idOf("a")).run(byAge));
    assert.equal(failure.reason, "repository_locked");
    assert.match(failure.message, /^1 dead locks of main are still there/);
    const { repository, removed, kept } = failure.details.evidence ?? {};
    assert.deepEqual([repository, ids(removed), ids(kept)], ["main", "a", "bc"]);
  });
});
