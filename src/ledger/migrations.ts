import type { Database } from "./database.ts";
import { LedgerError } from "./ledger.ts";

/** `pthr`: how `file` and other programs tell a ledger from any other SQLite file. */
const applicationId = 0x70746872;

/**
 * One entry per version of the schema, never changed once released. Times are milliseconds since the epoch, in observations seconds.
 * What a million runs would repeat is written once and numbered: the run's own id, the boot's, and what a step is in the configuration
 * (`plans`). What steps left behind is packed. A million runs of one backup each take 425 MB (bench/ledger.ts).
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE boots (
    number INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    deadline_at INTEGER,
    finished_at INTEGER,
    seen_at INTEGER, -- NULL: when it finished
    outcome TEXT,
    reason TEXT,
    message TEXT,
    boot INTEGER NOT NULL REFERENCES boots,
    pid INTEGER NOT NULL,
    start_ticks INTEGER NOT NULL,
    journaled INTEGER NOT NULL,
    lost INTEGER NOT NULL DEFAULT 0,
    progress REAL,
    emitted_at INTEGER
  ) STRICT;
  CREATE INDEX runs_by_time ON runs (started_at);
  CREATE INDEX runs_by_job ON runs (job, started_at);
  -- Success is what almost every run is: an index over it would only repeat runs_by_time.
  CREATE INDEX runs_without_success ON runs (outcome, started_at) WHERE outcome <> 'success';
  CREATE INDEX runs_unfinished ON runs (started_at) WHERE finished_at IS NULL;
  CREATE INDEX runs_unemitted ON runs (started_at) WHERE finished_at IS NOT NULL AND emitted_at IS NULL;

  CREATE TABLE plans (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    uses TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT,
    optional INTEGER NOT NULL,
    UNIQUE (id, uses, kind, target, optional)
  ) STRICT;

  CREATE TABLE steps (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    plan INTEGER NOT NULL REFERENCES plans,
    started_at INTEGER,
    finished_at INTEGER,
    outcome TEXT,
    reason TEXT,
    message TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    signal TEXT,
    bytes INTEGER,
    files INTEGER,
    inputs BLOB, -- packed, see packed.ts
    evidence BLOB, -- packed
    tail BLOB, -- packed
    PRIMARY KEY (run, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE locks (
    job TEXT NOT NULL PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE children (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    start_ticks INTEGER NOT NULL,
    command TEXT NOT NULL,
    PRIMARY KEY (run, pid)
  ) STRICT, WITHOUT ROWID;

  -- What follows is not tied to runs: pruning the journal forgets none of it.
  CREATE TABLE jobs (
    job TEXT NOT NULL PRIMARY KEY,
    known_since INTEGER NOT NULL,
    last_started_at INTEGER,
    last_finished_at INTEGER,
    last_outcome TEXT,
    last_reason TEXT,
    last_success_at INTEGER,
    last_duration_seconds REAL,
    last_bytes INTEGER,
    last_run_id TEXT,
    consecutive_failures INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE last_steps (
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    run_started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    bytes INTEGER,
    files INTEGER,
    evidence BLOB, -- packed
    PRIMARY KEY (job, kind, target)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE declarations (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    declared_at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE totals (
    metric TEXT NOT NULL,
    labels TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (metric, labels)
  ) STRICT, WITHOUT ROWID;

  -- With rowid: one row may be half a megabyte.
  CREATE TABLE observations (
    collector TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    attempted_at REAL NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- A job may upload three things to one destination: what is remembered is remembered per step.
  CREATE TABLE last_ends (
    job TEXT NOT NULL,
    id TEXT NOT NULL,
    uses TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    run_started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    bytes INTEGER,
    files INTEGER,
    evidence BLOB, -- packed
    PRIMARY KEY (job, id)
  ) STRICT, WITHOUT ROWID;
  INSERT OR REPLACE INTO last_ends
    SELECT job, coalesce(plans.id, last_steps.kind || '/' || last_steps.target), coalesce(plans.uses, ''), last_steps.kind, last_steps.target,
      run_started_at, finished_at, bytes, files, evidence
    FROM last_steps LEFT JOIN plans ON plans.kind = last_steps.kind AND plans.target = last_steps.target
    GROUP BY job, last_steps.kind, last_steps.target
    ORDER BY finished_at;
  DROP TABLE last_steps;
  ALTER TABLE last_ends RENAME TO last_steps;

  CREATE TABLE leftovers (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    job TEXT NOT NULL,
    uses TEXT NOT NULL,
    what BLOB -- packed
  ) STRICT;
  `,
  `
  -- Histories of numbers; seconds.
  CREATE TABLE measurements (
    series TEXT NOT NULL,
    at REAL NOT NULL,
    measured TEXT NOT NULL,
    PRIMARY KEY (series, at)
  ) STRICT, WITHOUT ROWID;

  -- What collectors keep for their own next look. With rowid: a note may be large.
  CREATE TABLE notes (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT;

  -- When the machine was seen to be awake.
  CREATE TABLE awake (
    begins INTEGER NOT NULL PRIMARY KEY,
    ends INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX awake_by_end ON awake (ends);
  `,
];

export const schemaVersion = migrations.length;

/**
 * Brings a ledger to this version, all or nothing: a reader that comes while it is made must not find one that looks like an older pantheros'. Two
 * processes that open a new one together do it once.
 */
export function migrate(database: Database): void {
  if (versionOf(database) >= schemaVersion) return;
  database.transaction(() => {
    for (const [index, migration] of migrations.entries()) {
      if (index < versionOf(database)) continue;
      database.exec(`${migration}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1};`);
    }
  });
}

/**
 * Whether this is a ledger that this version understands. Reads the header, the schema and the root page of each table: a file that is
 * not a database, cut short or overwritten at its start is found here, in about a tenth of a millisecond at any size.
 * @returns its version; 0: empty, nothing has been written yet
 * @throws LedgerError `newer`, `corrupt`; what SQLite throws
 */
export function identify(database: Database, path: string): number {
  const version = versionOf(database);
  const tables = database.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  if (version === 0 && tables.length === 0) return 0;
  const { application_id: found } = database.get<{ application_id: number }>("PRAGMA application_id") ?? {
    application_id: 0,
  };
  if (found !== applicationId) {
    throw new LedgerError(
      "corrupt",
      `${path} is a SQLite database, but not a ledger of pantheros`,
      "choose another state directory, or move that file away",
    );
  }
  if (version > schemaVersion) {
    throw new LedgerError(
      "newer",
      `the ledger ${path} was written by a newer pantheros (schema ${version}, this one knows ${schemaVersion})`,
      "use that newer pantheros, or begin a new ledger in another state directory",
    );
  }
  for (const { name } of tables) database.get(`SELECT 1 FROM "${name}" NOT INDEXED LIMIT 1`);
  return version;
}

function versionOf(database: Database): number {
  return database.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
}
