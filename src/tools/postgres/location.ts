import { basename } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { clockTolerance } from "../../model/time/clock-tolerance.ts";
import type { ResticSnapshot } from "../restic/output.ts";
import type { PostgresServer } from "./postgres.ts";

type Place = Pick<PostgresServer, "host" | "port">;

const scheme = "postgresql://";

/** Where a database lives, for the tag of its snapshots: `postgresql://db1:5433/app`; without a database: the server, for its globals. */
export function locationOf({ host = "", port }: Place, database = ""): string {
  const server = host.includes(":") ? `[${host}]` : encodeURIComponent(host);
  return `${scheme}${server}${port === undefined ? "" : `:${port}`}/${encodeURIComponent(database)}`;
}

/** Name of a dump in its snapshot, whatever the database is called. */
export function dumpFile(database: string): string {
  return `${encodeURIComponent(database)}.dump`;
}

export const globalsFile = "globals.sql";

/** A snapshot that holds the dump of a database. */
export interface DumpSnapshot {
  readonly snapshot: ResticSnapshot;
  readonly database: string;
}

/** Null: the snapshot holds something else. */
export function dumpOf(snapshot: ResticSnapshot): DumpSnapshot | null {
  const isOurs = snapshot.tags.some((tag) => tag.startsWith(`path:${scheme}`));
  const [path = "", ...others] = snapshot.paths;
  const [, name] = /^(.+)\.dump$/.exec(basename(path)) ?? [];
  return isOurs && others.length === 0 && name !== undefined ? { snapshot, database: decodeURIComponent(name) } : null;
}

export interface DumpWish {
  /** Its name, for people. */
  readonly repository: string;
  /** @default the only one there is */
  readonly database?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The newest dump. What is dated after now is misdated and would be the newest for ever: it is taken only where there is nothing else.
 * @throws StepError `source` when there is none, `config` when it is not clear whose is meant
 */
export function chooseDump(
  snapshots: readonly ResticSnapshot[],
  { repository, database, now }: DumpWish,
): DumpSnapshot {
  const dumps = snapshots.flatMap((snapshot) => dumpOf(snapshot) ?? []);
  const there = [...new Set(dumps.map((dump) => dump.database))];
  if (database === undefined && there.length > 1) {
    throw new StepError("config", `${repository} holds dumps of ${there.join(", ")}`, {
      advice: "say whose dump the drill restores: database: NAME",
    });
  }
  const fitting = dumps.filter((dump) => database === undefined || dump.database === database);
  const past = fitting.filter(({ snapshot }) => snapshot.at <= now / 1000 + clockTolerance);
  const [newest] = (past.length > 0 ? past : fitting).toSorted((a, b) => b.snapshot.at - a.snapshot.at);
  if (newest !== undefined) return newest;
  const what = database === undefined ? "no dump of a PostgreSQL database" : `no dump of the database ${database}`;
  throw new StepError("source", `${repository} holds ${what} that fits`, {
    advice:
      there.length > 0
        ? `there are dumps of ${there.join(", ")}: correct database`
        : "run backup.postgres first, or correct host, backup_of, tags or snapshot of the step",
  });
}
