import type { Marker } from "./paging.ts";

/** What is stored: old versions and uploads that never ended are billed like what is live. Null: not known. */
export interface StoredTotals {
  readonly liveBytes: number;
  readonly liveObjects: number;
  readonly hiddenBytes: number | null;
  readonly hiddenObjects: number | null;
  readonly unfinishedBytes: number | null;
  readonly unfinishedUploads: number | null;
}

/** A listing of its own: of names, or of uploads. */
export interface ScanUnit {
  readonly kind: "names" | "uploads";
  readonly prefix: string;
  /** Where it goes on; null: at the beginning. */
  marker: Marker | null;
  /** Folders between the scope and it. */
  readonly depth: number;
}

/** Bytes and number of what is live, hidden and unfinished, in this order. */
export type Counts = [number, number, number, number, number, number];

/** What one page adds. */
export interface PageCount {
  readonly counts: readonly Counts[];
  readonly entries: number;
  readonly next: Marker | null;
  /** The last name on it. */
  readonly last: string | null;
  /** Null: it was not divided by folders. */
  readonly folders: readonly string[] | null;
}

/** How far a scan has got, fit to be kept as JSON; it changes while the scan goes on. */
export interface ScanProgress {
  readonly version: 1;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly scope: readonly string[];
  readonly parts: readonly string[];
  pending: ScanUnit[];
  /** Units that are finished. */
  done: number;
  /** Listings of versions are refused: what is hidden stays unknown. */
  versionsRefused: boolean;
  uploadsRefused: boolean;
  /** In the order of `parts`; the last one holds what is in none of them. */
  readonly counts: Counts[];
  entries: number;
}

export function freshScan(scope: readonly string[], parts: readonly string[], now: number): ScanProgress {
  const unit = (kind: ScanUnit["kind"]) => (prefix: string) => ({ kind, prefix, marker: null, depth: 0 });
  return {
    version: 1,
    startedAt: now,
    scope: [...scope],
    parts: [...parts],
    pending: [...scope.map(unit("names")), ...scope.map(unit("uploads"))],
    done: 0,
    versionsRefused: false,
    uploadsRefused: false,
    counts: Array.from({ length: parts.length + 1 }, () => [0, 0, 0, 0, 0, 0]),
    entries: 0,
  };
}

/** What was kept, when it still fits what is asked now; another version or another configuration begins anew. */
export function readProgress(
  kept: unknown,
  asked: { readonly scope: readonly string[]; readonly parts: readonly string[] },
): ScanProgress | null {
  const progress = kept as Partial<ScanProgress> | null;
  const same = (a: unknown, b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b);
  if (typeof progress !== "object" || progress === null || progress.version !== 1) return null;
  if (!same(progress.scope, asked.scope) || !same(progress.parts, asked.parts)) return null;
  const { pending, counts, done, entries, startedAt } = progress;
  const numbers = [done, entries, startedAt, ...(Array.isArray(counts) ? counts.flat() : [Number.NaN])];
  if (!numbers.every((number) => typeof number === "number" && Number.isFinite(number) && number >= 0)) return null;
  if (counts?.length !== asked.parts.length + 1 || counts.some((count) => count.length !== 6)) return null;
  if (!Array.isArray(pending) || !pending.every(isUnit)) return null;
  return progress as ScanProgress;
}

function isUnit(unit: Partial<ScanUnit> | null): boolean {
  return (
    typeof unit === "object" &&
    unit !== null &&
    (unit.kind === "names" || unit.kind === "uploads") &&
    typeof unit.prefix === "string" &&
    typeof unit.depth === "number" &&
    typeof unit.marker === "object"
  );
}

export function addTotals(progress: ScanProgress, { counts, entries }: PageCount): void {
  progress.entries += entries;
  for (const [index, more] of counts.entries()) {
    const sums = progress.counts[index];
    if (sums) for (const [field, amount] of more.entries()) sums[field] = (sums[field] ?? 0) + amount;
  }
}

/** What a scan has counted: in one of its parts, or in all. @param part index in `parts`; left out: everything */
export function totalsOf(progress: ScanProgress, part?: number): StoredTotals {
  const chosen = part === undefined ? progress.counts : [progress.counts[part] ?? [0, 0, 0, 0, 0, 0]];
  const sum = (field: number) => chosen.reduce((total, counts) => total + (counts[field] ?? 0), 0);
  const known = (field: number, refused: boolean) => (refused ? null : sum(field));
  return {
    liveBytes: sum(0),
    liveObjects: sum(1),
    hiddenBytes: known(2, progress.versionsRefused),
    hiddenObjects: known(3, progress.versionsRefused),
    unfinishedBytes: known(4, progress.uploadsRefused),
    unfinishedUploads: known(5, progress.uploadsRefused),
  };
}

/** How much of a scan is done, 0 to 1, by its listings; folders that are found meanwhile make it smaller. */
export function progressRatio({ pending, done }: ScanProgress): number {
  return pending.length === 0 ? 1 : done / (done + pending.length);
}
