import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import BetterSqlite from "better-sqlite3";
import { LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { runFinish, runStart } from "../contract/ledger-samples.ts";
import { type Answer, type Peer, startPeer } from "../ledger/peer.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** Nobody: a user who owns nothing. */
const stranger = 65534;

/** A state folder whose group is the stranger's, as `serve` has it. */
function sharedPath(t: TestContext): string {
  const base = temporaryDirectory(t);
  chmodSync(base, 0o755);
  const directory = join(base, "state");
  mkdirSync(directory);
  chownSync(directory, 0, stranger);
  // Setgid: what is created inside belongs to the folder's group.
  chmodSync(directory, 0o2750);
  return join(directory, "ledger.sqlite");
}

/** A run of `pantheros run`: comes, writes, leaves. */
function writeRun(path: string, id: string): void {
  const ledger = openLedger(path, { mode: "write" });
  ledger.startRun(runStart(id, { job: id }));
  ledger.finishRun(id, runFinish());
  ledger.close();
}

/** "wal" or "delete", as the file says of itself. */
function journalModeOf(path: string): unknown {
  return readFileSync(path)[19] === 2 ? "wal" : "delete";
}

async function idsOf(reader: Peer): Promise<string[]> {
  const { result, message } = await reader.call("runs", {});
  assert.ok(result, message);
  return (result as { id: string }[]).map((run) => run.id);
}

function mountTmpfs(t: TestContext, size: string): string {
  // Hooks run in the order of their registration: it must be unmounted before it is removed.
  t.after(() => execFileSync("umount", ["--lazy", directory]));
  const directory = temporaryDirectory(t);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", directory]);
  return directory;
}

function integrityOf(path: string): unknown {
  const database = new BetterSqlite(path, { readonly: true });
  try {
    return database.pragma("integrity_check", { simple: true });
  } finally {
    database.close();
  }
}

test(
  "a process of another user with read permission only follows a run while it is written",
  needs("root"),
  async (t) => {
    const path = sharedPath(t);
    const ledger = openLedger(path, { mode: "write" });
    t.after(() => ledger.close());
    ledger.startRun(runStart("a"));
    const reader = startPeer(t, { uid: stranger });
    assert.deepEqual(await reader.open(path, "read"), { result: "open" });
    assert.deepEqual((await reader.call("run", "a")).result, ledger.run("a"));
    const before = await reader.call("version");
    assert.deepEqual(await reader.call("version"), before);

    ledger.startStep("a", 0, 5, ["/data"]);
    assert.deepEqual((await reader.call("steps", "a")).result, ledger.steps("a"));
    assert.notDeepEqual(await reader.call("version"), before);
    ledger.finishRun("a", runFinish());
    assert.deepEqual((await reader.call("jobStates")).result, ledger.jobStates());
    assert.equal((await reader.call("startRun", runStart("b"))).problem, "read_only");
  },
);

test(
  "it follows a ledger from no log to a log and back, and each write changes the version",
  needs("root"),
  async (t) => {
    const path = sharedPath(t);
    writeRun(path, "a");
    assert.deepEqual(readdirSync(dirname(path)), ["ledger.sqlite"], "the last writer takes its log away");
    assert.equal(journalModeOf(path), "delete");

    const reader = startPeer(t, { uid: stranger });
    assert.deepEqual(await reader.open(path, "read"), { result: "open" });
    const version = async () => (await reader.call("version")).result;
    assert.deepEqual(await idsOf(reader), ["a"]);
    const first = await version();
    assert.equal(await version(), first);

    writeRun(path, "b");
    assert.deepEqual(
      readdirSync(dirname(path)),
      ["ledger.sqlite"],
      "a reader that asks nothing keeps no writer from leaving",
    );
    const second = await version();
    assert.notEqual(second, first);
    assert.equal(await version(), second);
    assert.deepEqual(await idsOf(reader), ["b", "a"]);

    const writer = openLedger(path, { mode: "write" });
    t.after(() => writer.close());
    writer.startRun(runStart("c"));
    const third = await version();
    assert.notEqual(third, second);
    assert.deepEqual(await idsOf(reader), ["c", "b", "a"]);
    writer.markSeen("c", 7, null);
    const fourth = await version();
    assert.notEqual(fourth, third);

    writer.close();
    assert.ok(existsSync(`${path}-wal`), "the log stays with the reader that reads it");
    assert.equal(await version(), fourth);
    assert.deepEqual(await idsOf(reader), ["c", "b", "a"]);
    writeRun(path, "d");
    assert.notEqual(await version(), fourth);
    assert.deepEqual(await idsOf(reader), ["d", "c", "b", "a"]);

    assert.deepEqual(await reader.open(path, "read"), { result: "open" }, "started again, with a log and no writer");
    assert.deepEqual(await idsOf(reader), ["d", "c", "b", "a"]);
    await reader.call("close");
    writeRun(path, "e");
    assert.deepEqual(readdirSync(dirname(path)), ["ledger.sqlite"], "the next writer takes away what the reader kept");
  },
);

test("where it could create files, it still creates none that would lock the writer out", needs("root"), async (t) => {
  const path = sharedPath(t);
  openLedger(path, { mode: "write" }).close();
  chmodSync(dirname(path), 0o2770);
  const reader = startPeer(t, { uid: stranger });
  assert.deepEqual(await reader.open(path, "read"), { result: "open" });
  assert.deepEqual(await idsOf(reader), []);
  assert.deepEqual(readdirSync(dirname(path)), ["ledger.sqlite"]);
});

test(
  "a ledger that says it has a log and has none is told to be in disorder, until the next run",
  needs("root"),
  async (t) => {
    const path = sharedPath(t);
    writeRun(path, "a");
    const database = new BetterSqlite(path);
    database.pragma("journal_mode = WAL");
    database.close();
    assert.equal(journalModeOf(path), "wal");
    chmodSync(dirname(path), 0o2770);

    const reader = startPeer(t, { uid: stranger });
    const { problem, message } = await reader.open(path, "read");
    assert.equal(problem, "busy");
    assert.match(message ?? "", /was not closed properly/);
    assert.deepEqual(readdirSync(dirname(path)), ["ledger.sqlite"]);
    writeRun(path, "b");
    assert.deepEqual(await reader.open(path, "read"), { result: "open" });
    assert.deepEqual(await idsOf(reader), ["b", "a"]);
  },
);

test("it reads what a killed writer left, and follows the next writer", needs("root"), async (t) => {
  const path = sharedPath(t);
  const writer = startPeer(t);
  await writer.open(path, "write");
  await writer.call("startRun", runStart("a"));
  writer.process.kill("SIGKILL");
  await once(writer.process, "exit");
  const reader = startPeer(t, { uid: stranger });
  assert.deepEqual(await reader.open(path, "read"), { result: "open" });
  assert.equal(((await reader.call("unfinishedRuns")).result as unknown[]).length, 1);
  const { result: before } = await reader.call("version");
  writeRun(path, "b");
  assert.notEqual((await reader.call("version")).result, before);
  assert.deepEqual(await idsOf(reader), ["b", "a"]);
});

test("whenever it looks while writers come and leave, it can read", needs("root"), async (t) => {
  const path = sharedPath(t);
  writeRun(path, "a");
  const [writer, follower, newcomer] = [startPeer(t), startPeer(t, { uid: stranger }), startPeer(t, { uid: stranger })];
  for (let round = 0; round < 100; round += 1) {
    // Opening again closes what was open: the writer leaves and comes, the readers begin without a log.
    const answers = await Promise.all([
      writer.open(path, "write"),
      newcomer.open(path, "read"),
      follower.open(path, "read"),
    ]);
    for (const answer of answers) assert.deepEqual(answer, { result: "open" }, `round ${round}`);
    const [, ...seen] = await Promise.all([writer.call("close"), idsOf(newcomer), idsOf(follower)]);
    assert.deepEqual(seen, [["a"], ["a"]], `round ${round}`);
  }
});

test(
  "writers that leave at the same moment lose nothing and leave a ledger that others can read",
  needs("root"),
  async (t) => {
    const path = sharedPath(t);
    const writers = [1, 2, 3].map(() => startPeer(t));
    const reader = startPeer(t, { uid: stranger });
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(writers.map((writer) => writer.open(path, "write")));
      const ids = writers.map((_, index) => `${round}-${index}`);
      await Promise.all(
        writers.map((writer, index) =>
          writer.call("startRun", runStart(`${round}-${index}`, { job: `${round}-${index}` })),
        ),
      );
      const closed = await Promise.all(writers.map((writer) => writer.call("close")));
      for (const { problem } of closed) assert.equal(problem, undefined);
      assert.deepEqual(await reader.open(path, "read"), { result: "open" }, `round ${round}`);
      const seen = await idsOf(reader);
      for (const id of ids) assert.ok(seen.includes(id), id);
      await reader.call("close");
    }
  },
);

test("a user who may not read, or not write, is told so", needs("root"), async (t) => {
  const path = sharedPath(t);
  openLedger(path, { mode: "write" }).close();
  const user = startPeer(t, { uid: stranger });
  assert.equal((await user.open(path, "write")).problem, "permission");
  chmodSync(path, 0o600);
  assert.equal((await user.open(path, "read")).problem, "permission");
  chmodSync(dirname(path), 0o700);
  assert.equal((await user.open(path, "read")).problem, "permission");
  assert.equal((await user.open(path, "write")).problem, "permission");
  chmodSync(dirname(path), 0o755);
  assert.equal((await user.open(join(dirname(path), "new", "ledger.sqlite"), "write")).problem, "permission");
});

test("on a read-only file system a ledger can be read, and says why it cannot be written", needs("root"), (t) => {
  const directory = mountTmpfs(t, "2m");
  const path = join(directory, "ledger.sqlite");
  const ledger = openLedger(path, { mode: "write" });
  ledger.startRun(runStart("a"));
  ledger.close();
  execFileSync("mount", ["-o", "remount,ro", directory]);
  assert.throws(() => openLedger(path, { mode: "write" }), { problem: "read_only" });
  assert.throws(() => openLedger(join(directory, "x", "ledger.sqlite"), { mode: "write" }), { problem: "read_only" });
  const reader = openLedger(path, { mode: "read" });
  assert.equal(reader.unfinishedRuns().length, 1);
  reader.close();
});

test(
  "on a full file system it says so, keeps what it has, and goes on when there is room again",
  needs("root"),
  (t) => {
    const directory = mountTmpfs(t, "512k");
    const path = join(directory, "ledger.sqlite");
    const ledger = openLedger(path, { mode: "write" });
    t.after(() => ledger.close());
    const kept: string[] = [];
    const fill = () => {
      for (let number = 0; number < 10_000; number += 1) {
        const id = `run-${kept.length}`;
        ledger.startRun(runStart(id, { job: id, steps: [] }));
        kept.push(id);
        ledger.finishRun(id, runFinish({ message: "x".repeat(2000) }));
      }
    };
    assert.throws(fill, { problem: "full", name: "LedgerError" });
    assert.ok(kept.length > 5);
    assert.deepEqual(
      ledger
        .runs({ limit: 10_000 })
        .map((run) => run.id)
        .sort(),
      kept.toSorted(),
    );
    execFileSync("mount", ["-o", "remount,size=4m", directory]);
    ledger.startRun(runStart("room again"));
    assert.equal(integrityOf(path), "ok");
  },
);

test("however little space is left, a new ledger works or says that it is full", needs("root"), (t) => {
  const directory = mountTmpfs(t, "512k");
  const problems = new Set<string>();
  for (let kibibytes = 0; kibibytes < 400; kibibytes += 12) {
    const filler = join(directory, "filler");
    writeFileSync(filler, Buffer.alloc((512 - kibibytes) * 1024 - 8192));
    try {
      const ledger = openLedger(join(directory, "state", "ledger.sqlite"), { mode: "write" });
      try {
        ledger.startRun(runStart("a"));
        problems.add("none");
      } finally {
        ledger.close();
      }
    } catch (error) {
      assert(error instanceof LedgerError, String(error));
      problems.add(error.problem);
    }
    rmSync(filler);
    rmSync(join(directory, "state"), { recursive: true, force: true });
  }
  assert.deepEqual([...problems].sort(), ["full", "none"]);
});

test("processes that open a new ledger together all get it", async (t) => {
  const directory = temporaryDirectory(t);
  const peers = [1, 2, 3, 4].map(() => startPeer(t));
  for (let round = 0; round < 40; round += 1) {
    const path = join(directory, `${round}`, "ledger.sqlite");
    const answers = await Promise.all(peers.map((peer) => peer.open(path, "write")));
    assert.deepEqual(
      answers,
      peers.map(() => ({ result: "open" })),
    );
  }
});

test("of two processes that start a run of the same job at once, exactly one gets the lock", async (t) => {
  const path = join(temporaryDirectory(t), "ledger.sqlite");
  const peers = [startPeer(t), startPeer(t)];
  await Promise.all(peers.map((peer) => peer.open(path, "write")));
  for (let round = 0; round < 40; round += 1) {
    const job = `job-${round}`;
    const answers = await Promise.all(
      peers.map((peer, index) => peer.call("startRun", runStart(`${round}-${index}`, { job }))),
    );
    const holders = answers.map(
      (answer) => (answer.result as { lockedBy: { id: string } | null }).lockedBy?.id ?? null,
    );
    const winner = holders.indexOf(null);
    assert.equal(holders.filter((holder) => holder === null).length, 1, `round ${round}`);
    assert.equal(holders[1 - winner], `${round}-${winner}`, "the loser is told who won");
  }
});

for (const claims of [1, 2, 3, 40, 81]) {
  test(`a writer killed with SIGKILL after ${claims} claims has kept every one of them`, async (t) => {
    const path = join(temporaryDirectory(t), "ledger.sqlite");
    const writer = startPeer(t);
    await writer.open(path, "write");
    const started: string[] = [];
    const finished: string[] = [];
    const exited = once(writer.process, "exit", { signal: AbortSignal.timeout(60_000) });
    writer.process.on("message", ({ result }: Answer) => {
      const claim = result as { started?: string; finished?: string };
      if (claim.started) started.push(claim.started);
      if (claim.finished) finished.push(claim.finished);
      if (started.length + finished.length === claims) writer.process.kill("SIGKILL");
    });
    writer.process.send({ write: "forever" });
    await exited;

    const ledger = openLedger(path, { mode: "write" });
    t.after(() => ledger.close());
    for (const id of started) assert.ok(ledger.run(id), `${id} was started`);
    for (const id of finished) assert.equal(ledger.run(id)?.outcome, "success", `${id} was finished`);
    const ended = ledger.runs({ limit: 10_000 }).filter((run) => run.finishedAt !== null);
    assert.equal(ledger.totals()[0]?.value ?? 0, ended.length, "an end and its increments are one");
    for (const run of ledger.unfinishedRuns())
      assert.equal(ledger.startRun(runStart("x", { job: run.job })).lockedBy?.id, run.id);
    assert.equal(integrityOf(path), "ok");
  });
}

test("pruning is bounded in each call, and does not keep another process from starting a run", async (t) => {
  const path = join(temporaryDirectory(t), "ledger.sqlite");
  openLedger(path, { mode: "write" }).close();
  const database = new BetterSqlite(path);
  database.exec(`
    INSERT INTO boots (boot_id) VALUES ('boot');
    INSERT INTO runs (id, job, started_by, started_at, finished_at, outcome, boot, pid, start_ticks, journaled, emitted_at)
    WITH RECURSIVE series (value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM series LIMIT 12000)
    SELECT 'run-' || value, 'old', 'schedule', value, value, 'success', 1, 1, 1, 1, value FROM series`);
  database.close();

  const ledger = openLedger(path, { mode: "write" });
  t.after(() => ledger.close());
  const other = startPeer(t);
  await other.open(path, "write");
  const started = other.call("startRun", runStart("a"));
  assert.equal(ledger.pruneRuns(20_000), 10_000);
  assert.deepEqual(await started, { result: { lockedBy: null } });
  assert.equal(ledger.pruneRuns(20_000), 2000);
  assert.deepEqual(
    ledger.runs({}).map((run) => run.id),
    ["a"],
  );
});
