import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import BetterSqlite from "better-sqlite3";
import { toLedgerError } from "../../src/ledger/failure.ts";
import { LedgerError, type LedgerProblem } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { runFinish, runStart } from "../contract/ledger-samples.ts";
import { temporaryDirectory } from "../support/directory.ts";

function ledgerPath(t: TestContext): string {
  return join(temporaryDirectory(t), "it's state", "ledger.sqlite");
}

let filled: Buffer | undefined;

/** A closed ledger of a hundred finished runs, each of a job of its own. */
function filledLedger(t: TestContext): string {
  const path = ledgerPath(t);
  filled ??= fill(join(path, "..", "..", "first.sqlite"));
  mkdirSync(join(path, ".."));
  writeFileSync(path, filled);
  return path;
}

function fill(path: string): Buffer {
  const ledger = openLedger(path, { mode: "write" });
  for (let index = 0; index < 100; index += 1) {
    ledger.recordFinishedRun(runStart(`run-${index}`, { job: `job-${index}` }), runFinish());
  }
  ledger.close();
  return readFileSync(path);
}

function problemOf(work: () => unknown): LedgerProblem | null {
  try {
    work();
    return null;
  } catch (error) {
    assert(error instanceof LedgerError, String(error));
    assert.ok(error.advice.length > 10, "every problem comes with what to do");
    return error.problem;
  }
}

test("ledger and folder have their modes whatever the umask", (t) => {
  const before = process.umask();
  t.after(() => process.umask(before));
  for (const umask of [0o077, 0o000]) {
    process.umask(umask);
    const path = ledgerPath(t);
    const ledger = openLedger(path, { mode: "write" });
    ledger.declare("job", ["a"], 1);
    for (const [file, mode] of [
      [path, 0o640],
      [`${path}-wal`, 0o640],
      [`${path}-shm`, 0o640],
      [join(path, ".."), 0o750],
    ] as const) {
      assert.equal(statSync(file).mode & 0o777, mode, `${file} under umask ${umask.toString(8)}`);
    }
    ledger.close();
  }
});

test("a folder that was there keeps its mode", (t) => {
  const path = ledgerPath(t);
  mkdirSync(join(path, ".."), { mode: 0o700 });
  openLedger(path, { mode: "write" }).close();
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
});

test("reading where nothing has been written says that no run has been journaled, and creates nothing", (t) => {
  const path = ledgerPath(t);
  assert.throws(() => openLedger(path, { mode: "read" }), { problem: "missing", message: /no run has been journaled/ });
  assert.equal(existsSync(join(path, "..")), false);
  mkdirSync(join(path, ".."));
  writeFileSync(path, "");
  assert.equal(
    problemOf(() => openLedger(path, { mode: "read" })),
    "missing",
  );
});

test("a ledger opened for reading refuses to write", (t) => {
  const ledger = openLedger(filledLedger(t), { mode: "read" });
  t.after(() => ledger.close());
  assert.equal(
    problemOf(() => ledger.startRun(runStart("a"))),
    "read_only",
  );
  assert.equal(
    problemOf(() => ledger.pruneRuns(Number.MAX_SAFE_INTEGER)),
    "read_only",
  );
  assert.equal(ledger.runs({}).length, 20);
});

for (const mode of ["read", "write"] as const) {
  test(`opened to ${mode}: bytes that are no database are a damaged ledger, and are left as they are`, (t) => {
    const path = ledgerPath(t);
    mkdirSync(join(path, ".."));
    const bytes = randomBytes(20_000);
    writeFileSync(path, bytes);
    assert.equal(
      problemOf(() => openLedger(path, { mode })),
      "corrupt",
    );
    assert.deepEqual(readFileSync(path), bytes);
  });

  test(`opened to ${mode}: a ledger that was cut short is damaged`, (t) => {
    const path = filledLedger(t);
    for (const size of [statSync(path).size - 4096, 4096, 700, 30]) {
      truncateSync(path, size);
      assert.equal(
        problemOf(() => openLedger(path, { mode })),
        "corrupt",
        `cut to ${size} bytes`,
      );
    }
  });

  test(`opened to ${mode}: a table whose first page was overwritten is found before anything is asked of it`, (t) => {
    const path = filledLedger(t);
    const database = new BetterSqlite(path);
    const roots = database.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table'").pluck().all() as number[];
    database.close();
    const whole = readFileSync(path);
    for (const root of roots) {
      const bytes = Buffer.from(whole);
      bytes.fill(0xa5, (root - 1) * 4096, root * 4096);
      writeFileSync(path, bytes);
      assert.equal(
        problemOf(() => openLedger(path, { mode }).close()),
        "corrupt",
        `root page ${root}`,
      );
    }
  });

  test(`opened to ${mode}: whichever page is overwritten, it is told or it does not matter`, (t) => {
    const good = filledLedger(t);
    const whole = readFileSync(good);
    const path = join(temporaryDirectory(t), "ledger.sqlite");
    const seen = new Set<LedgerProblem | null>();
    for (let page = 0; page < whole.length / 4096; page += 1) {
      const bytes = Buffer.from(whole);
      bytes.fill(0xa5, page * 4096, (page + 1) * 4096);
      writeFileSync(path, bytes);
      const problem = problemOf(() => {
        const ledger = openLedger(path, { mode });
        try {
          for (const { job } of ledger.jobStates()) ledger.runs({ job });
          for (const run of ledger.runs({ limit: 1000 })) ledger.steps(run.id);
          if (mode === "write") ledger.startRun(runStart("new"));
        } finally {
          ledger.close();
        }
      });
      assert.ok(problem === null || problem === "corrupt", `page ${page}: ${problem}`);
      seen.add(problem);
    }
    assert.ok(seen.has("corrupt"));
  });

  test(`opened to ${mode}: a ledger of a newer pantheros is refused and not changed`, (t) => {
    const path = filledLedger(t);
    changeDirectly(path, "PRAGMA user_version = 999");
    const before = readFileSync(path);
    assert.throws(() => openLedger(path, { mode }), { problem: "newer", message: /schema 999/ });
    assert.deepEqual(readFileSync(path), before);
  });

  test(`opened to ${mode}: the database of another program is refused and not changed`, (t) => {
    const path = ledgerPath(t);
    mkdirSync(join(path, ".."));
    changeDirectly(path, "CREATE TABLE precious (x)");
    const before = readFileSync(path);
    assert.throws(() => openLedger(path, { mode }), { problem: "corrupt", message: /not a ledger/ });
    assert.deepEqual(readFileSync(path), before);
  });
}

test("stored text that is no longer JSON is a damaged ledger", (t) => {
  const path = filledLedger(t);
  changeDirectly(path, "INSERT INTO totals VALUES ('jobRuns', '{', 1)");
  const ledger = openLedger(path, { mode: "write" });
  t.after(() => ledger.close());
  assert.equal(
    problemOf(() => ledger.totals()),
    "corrupt",
  );
});

test("what the advice says about a damaged ledger works, word for word", (t) => {
  const path = ledgerPath(t);
  mkdirSync(join(path, ".."));
  writeFileSync(path, randomBytes(9000));
  try {
    openLedger(path, { mode: "write" });
    assert.fail("it is damaged");
  } catch (error) {
    assert(error instanceof LedgerError);
    const [, command = "false"] = /: (mkdir .*)$/.exec(error.advice) ?? [];
    execFileSync("sh", ["-c", command], { stdio: "pipe" });
  }
  const ledger = openLedger(path, { mode: "write" });
  assert.deepEqual(ledger.runs({}), []);
  ledger.close();
  assert.ok(existsSync(join(path, "..", "damaged-ledger", "ledger.sqlite")));
});

test("a ledger that is moved aside while it is open is begun anew, and readers follow", (t) => {
  const path = filledLedger(t);
  const writer = openLedger(path, { mode: "write" });
  t.after(() => writer.close());
  const reader = openLedger(path, { mode: "read" });
  t.after(() => reader.close());
  assert.equal(reader.runs({ limit: 500 }).length, 100);
  const version = reader.version();
  for (const suffix of ["", "-wal", "-shm"]) renameSync(`${path}${suffix}`, `${path}.aside${suffix}`);

  writer.startRun(runStart("first"));
  assert.deepEqual(reader.runs({}), writer.runs({}));
  assert.equal(reader.runs({}).length, 1);
  assert.notEqual(reader.version(), version);
  assert.equal(
    problemOf(() => openLedger(`${path}.aside`, { mode: "read" }).close()),
    null,
  );
});

test("a ledger that is put back from a copy is read anew", (t) => {
  const path = filledLedger(t);
  const reader = openLedger(path, { mode: "read" });
  t.after(() => reader.close());
  const empty = ledgerPath(t);
  openLedger(empty, { mode: "write" }).close();
  copyFileSync(empty, `${path}.new`);
  renameSync(`${path}.new`, path);
  for (const suffix of ["-wal", "-shm"])
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${path}.old${suffix}`);
  assert.deepEqual(reader.runs({}), []);
});

test("another connection sees a write by its version", (t) => {
  const path = filledLedger(t);
  const writer = openLedger(path, { mode: "write" });
  t.after(() => writer.close());
  const reader = openLedger(path, { mode: "read" });
  t.after(() => reader.close());
  const before = reader.version();
  assert.equal(reader.version(), before);
  writer.addToTotals([{ metric: "dogstatsdDropped", labels: {}, value: 1 }]);
  assert.notEqual(reader.version(), before);
});

test("an observation of another process is seen, also when its predecessor was remembered", (t) => {
  const path = filledLedger(t);
  const [one, two] = [openLedger(path, { mode: "write" }), openLedger(path, { mode: "write" })];
  t.after(() => one.close());
  t.after(() => two.close());
  const observation = {
    collector: "disk",
    observedAt: 1,
    succeededAt: 1,
    durationSeconds: 0,
    error: null,
    samples: [],
    artifacts: [],
  };
  one.saveObservation({ ...observation, attemptedAt: 1 });
  assert.equal(two.observations()[0]?.attemptedAt, 1);
  two.saveObservation({ ...observation, attemptedAt: 2 });
  assert.equal(one.observations()[0]?.attemptedAt, 2);
});

test("samples and totals of metrics that this version does not know are kept, but not told", (t) => {
  const path = filledLedger(t);
  const stranger = { metric: "fromTheFuture", labels: {}, value: 1 };
  changeDirectly(
    path,
    `INSERT INTO totals VALUES ('fromTheFuture', '{}', 1);
     INSERT INTO observations VALUES ('disk', 1, 1, '${JSON.stringify({ collector: "disk", samples: [stranger], artifacts: [] })}')`,
  );
  const ledger = openLedger(path, { mode: "read" });
  t.after(() => ledger.close());
  assert.deepEqual(ledger.totals(), []);
  assert.deepEqual(ledger.observations()[0]?.samples, []);
});

test("codes of SQLite and of the kernel become the problem that a person can act on", () => {
  const expected: Record<string, LedgerProblem> = {
    SQLITE_CORRUPT_INDEX: "corrupt",
    SQLITE_NOTADB: "corrupt",
    Z_DATA_ERROR: "corrupt",
    SQLITE_BUSY_SNAPSHOT: "busy",
    SQLITE_LOCKED: "busy",
    SQLITE_FULL: "full",
    ENOSPC: "full",
    EDQUOT: "full",
    EROFS: "read_only",
    EACCES: "permission",
    EPERM: "permission",
    SQLITE_CONSTRAINT_UNIQUE: "unknown",
    ESTALE: "unknown",
  };
  for (const [code, problem] of Object.entries(expected)) {
    const error = Object.assign(new Error("it failed"), { code });
    const told = toLedgerError(error, "/var/lib/pantheros/ledger.sqlite", "write");
    assert.equal(told.problem, problem, code);
    assert.match(told.message, new RegExp(`${code}: it failed`));
    assert.equal(told.cause, error);
  }
});

function changeDirectly(path: string, sql: string): void {
  const database = new BetterSqlite(path);
  database.exec(sql);
  database.close();
}
