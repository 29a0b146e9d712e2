/** One line of `btrbk --format=raw`: `format="transaction" time='1795263312' type='snapshot' …` */
export type BtrbkRow = Readonly<Record<string, string>>;

/** What btrbk did or tried, from its transaction log. */
export interface BtrbkTransaction {
  /** `startup`, `snapshot`, `send-receive`, `send-to-raw`, `delete_snapshot`, `abort_target`, `abort_subvolume`, `finished`, … */
  readonly type: string;
  /** `success`, `ERROR`, `ABORT`, `partial`, with `dryrun_` in front where nothing was done; the version at `startup`. */
  readonly status: string;
  /** What was made, removed or given up: a path, or `ssh://host/path`. */
  readonly target: string;
  /** What it was made of. */
  readonly source: string;
  readonly message: string;
}

/** A subvolume of btrbk's configuration and one of its targets, with the newest snapshot or backup there is: a row of `list`. */
export interface BtrbkRelation {
  readonly source: string;
  /** Newest snapshot (`list latest`), or the folder of snapshots (`list config`); empty: none. */
  readonly snapshot: string;
  /** Newest backup, or the target itself; empty: none. */
  readonly target: string;
  /** `send-receive` or `raw`. */
  readonly targetType: string;
  /** btrbk says that nothing has changed since its snapshot. */
  readonly upToDate: boolean;
}

const field = /(\w+)=((?:"[^"]*"|'[^']*'|\\')+)(?: |$)/y;

/** Lines that are no rows (a shell's words, an unfinished line) are left out. */
export function parseRows(text: string, format: string): readonly BtrbkRow[] {
  return text.split("\n").flatMap((line) => {
    const row = line.startsWith("format=") ? parseRow(line) : null;
    return row?.["format"] === format ? [row] : [];
  });
}

function parseRow(line: string): BtrbkRow | null {
  const row: (readonly [key: string, value: string])[] = [];
  field.lastIndex = 0;
  while (field.lastIndex < line.length) {
    const [, key, quoted] = field.exec(line) ?? [];
    if (key === undefined || quoted === undefined) return null;
    const value = quoted.replaceAll(/"([^"]*)"|'([^']*)'|\\(')/g, (_, ...parts: string[]) =>
      parts.slice(0, 3).join(""),
    );
    row.push([key, value]);
  }
  return Object.fromEntries(row);
}

/** Output of `--format=raw run`. */
export function parseTransactions(text: string): readonly BtrbkTransaction[] {
  return parseRows(text, "transaction").map((row) => ({
    type: row["type"] ?? "",
    status: row["status"] ?? "",
    target: row["target_url"] ?? "",
    source: row["source_url"] ?? "",
    message: row["message"] ?? "",
  }));
}

/** Output of `--format=raw list config`. */
export function parseConfigured(text: string): readonly BtrbkRelation[] {
  return parseRows(text, "config").map((row) => relation(row, row["snapshot_path"] ?? ""));
}

/** Output of `--format=raw list latest`. */
export function parseLatest(text: string): readonly BtrbkRelation[] {
  return parseRows(text, "latest").map((row) => relation(row, row["snapshot_subvolume"] ?? ""));
}

function relation(row: BtrbkRow, snapshot: string): BtrbkRelation {
  return {
    source: row["source_url"] ?? "",
    snapshot,
    target: row["target_url"] ?? "",
    targetType: row["target_type"] ?? "",
    upToDate: row["status"] === "up-to-date",
  };
}

/** What btrbk complains about on standard error, with what it adds in the lines that begin with three dots. */
export interface BtrbkComplaint {
  readonly level: "error" | "warning";
  readonly text: string;
  readonly details: readonly string[];
}

export function parseComplaints(stderr: string): readonly BtrbkComplaint[] {
  const complaints: BtrbkComplaint[] = [];
  // ssh ends its lines with a carriage return as well.
  for (const line of stderr.split(/\r?\n/)) {
    const [, level, dots, text] = /^(ERROR|WARNING): (\.\.\. )?(.*)$/.exec(line) ?? [];
    if (level === undefined || text === undefined) continue;
    const last = dots === undefined ? undefined : complaints.pop();
    if (last) complaints.push({ ...last, details: [...last.details, text] });
    else complaints.push({ level: level === "ERROR" ? "error" : "warning", text, details: [] });
  }
  return complaints;
}
