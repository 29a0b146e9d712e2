import { median, spreadAround } from "./statistics.ts";

/** What is held against a job's own history: how much it covered, how long it took, which share of its files changed or went away. */
export const anomalyKinds = ["size", "duration", "changed", "deleted"] as const;
export type AnomalyKind = (typeof anomalyKinds)[number];

/** What one successful step left behind, in numbers; null: its tool does not tell. */
export interface BackupNumbers {
  /** The day in the job's timezone, counted from 1970-01-01: a Thursday. */
  readonly day: number;
  readonly bytes: number | null;
  readonly seconds: number;
  readonly files: FileNumbers | null;
}

export interface FileNumbers {
  readonly added: number;
  readonly changed: number;
  readonly unmodified: number;
  /** Data that was not stored before; null: its tool does not tell. */
  readonly bytesAdded: number | null;
}

export interface Judgement {
  readonly kind: AnomalyKind;
  /** Bytes, seconds or a share from 0 to 1. */
  readonly value: number;
  /** The median of `runs` earlier values. */
  readonly usual: number;
  readonly runs: number;
  /** Those were the runs of one day of the week, 0 = Monday, which are unlike the others; null: all days. */
  readonly weekday: number | null;
  /** `value / usual`; of shares, with at least `leastShare` for what is usual. */
  readonly ratio: number;
  readonly unusual: boolean;
  /** Kind `changed`: the share of the data that was not stored before; null: unknown, or another kind. */
  readonly newData: number | null;
}

/** How many earlier runs are looked at: three months of nightly runs. */
export const anomalyHistory = 90;
/** What is usual is what the newest of them did, so that growth moves it along, and what has changed for good is usual after half as many. */
const recentRuns = 30;
/** Fewer earlier runs are no history. */
const leastRuns = 8;
/** Growth is judged later: what comes once a week has come twice by then. */
const leastRunsForMore = 15;
/** So many earlier values like it make a value ordinary, however rare: the monthly full backup. One alone proves nothing. */
const precedents = 2;
/** Five spreads: noise of the normal kind gets there once in some three million runs. */
const farSpreads = 5;
/** A value within so many spreads of another one is like it. */
const alikeSpreads = 3;
/** Differences below a tenth are noise, also where the values have never differed. */
const leastSpread = Math.log(1.1);

/** Before a day of the week counts as unlike the others. */
const leastWeeks = 6;
const mostOfThem = 5 / 6;

const half = Math.log(2);
const threefold = Math.log(3);
/** Seconds. */
const leastLonger = 60;
/** Of files: a handful of dumps is replaced as a whole every night. */
const leastFiles = 20;
/** What is usual of shares is at least this: twice nothing is nothing. */
const leastShare = 0.01;
const leastShareSpread = 0.02;
const mostChanged = 0.5;
const mostDeleted = 0.25;

interface Value {
  readonly day: number;
  readonly value: number;
}
type Usual = Pick<Judgement, "usual" | "runs" | "weekday"> & {
  /** The values that it is held against, newest first. */
  readonly among: readonly Value[];
};

/**
 * Holds the newest run of a step against the earlier ones. Robust: medians, so that no single earlier run decides. Values that have come
 * up before are ordinary, unless they began just now: a backup that has shrunk stays unusual until half of the recent ones are as small.
 * @param earlier newest first; those after `anomalyHistory` are not looked at
 * @returns nothing where there is not enough history, or none of the numbers
 */
export function judgeBackup(newest: BackupNumbers, earlier: readonly BackupNumbers[]): Judgement[] {
  const past = earlier.slice(0, anomalyHistory);
  const own = { day: newest.day };
  const found: (Judgement | null)[] = [];
  const sizes = past.flatMap(({ day, bytes }) => (bytes === null ? [] : [{ day, value: bytes }]));
  if (newest.bytes !== null) found.push(judgeSize({ ...own, value: newest.bytes }, sizes));
  const durations = past.map(({ day, seconds }) => ({ day, value: seconds }));
  found.push(judgeDuration({ ...own, value: newest.seconds }, durations));
  const changed = changedShare(newest);
  if (changed !== null) {
    const shares = past.flatMap((run) => knownValue(run, changedShare(run)));
    const judged = judgeShare("changed", { ...own, value: changed }, shares, mostChanged);
    const newData = newDataShare(newest);
    // Files that were only touched or moved to another disk are read again, and all of their data is there already.
    found.push(judged && { ...judged, newData, unusual: judged.unusual && (newData ?? 1) >= mostChanged });
  }
  const deleted = deletedShare(newest, past[0]);
  if (deleted !== null) {
    const shares = past.flatMap((run, index) => knownValue(run, deletedShare(run, past[index + 1])));
    found.push(judgeShare("deleted", { ...own, value: deleted }, shares, mostDeleted));
  }
  return found.filter((judgement) => judgement !== null);
}

function judgeSize(own: Value, past: readonly Value[]): Judgement | null {
  const usual = usualOf(own, past);
  if (usual === null) return null;
  const deviation = Math.log(own.value / usual.usual);
  const spread = logSpread(usual);
  const alike = Math.exp(alikeSpreads * spread);
  const far = farSpreads * spread;
  const less = -deviation > Math.max(half, far) && !isKnown(usual, (other) => other <= own.value * alike);
  const more =
    past.length >= leastRunsForMore &&
    deviation > Math.max(threefold, far) &&
    !isKnown(usual, (other) => other >= own.value / alike);
  return judgement("size", own, usual, less || more);
}

function judgeDuration(own: Value, past: readonly Value[]): Judgement | null {
  const usual = usualOf(own, past);
  if (usual === null) return null;
  const spread = logSpread(usual);
  const alike = Math.exp(alikeSpreads * spread);
  const longer =
    past.length >= leastRunsForMore &&
    own.value - usual.usual >= leastLonger &&
    Math.log(own.value / usual.usual) > Math.max(threefold, farSpreads * spread) &&
    !isKnown(usual, (other) => other >= own.value / alike);
  return judgement("duration", own, usual, longer);
}

/** @param most a smaller share is never unusual */
function judgeShare(kind: "changed" | "deleted", own: Value, past: readonly Value[], most: number): Judgement | null {
  if (past.length < leastRuns) return null;
  const recent = past.slice(0, recentRuns).map(({ value }) => value);
  const usual = median(recent) ?? 0;
  const spread = spreadAround(usual, recent, leastShareSpread);
  const unusual =
    own.value >= most &&
    own.value > 3 * Math.max(leastShare, usual) &&
    own.value - usual > farSpreads * spread &&
    !isKnown({ among: past }, (other) => other >= own.value - alikeSpreads * spread);
  const { ratio, ...rest } = judgement(kind, own, { usual, runs: recent.length, weekday: null, among: past }, unusual);
  return { ...rest, ratio: own.value / Math.max(leastShare, usual) };
}

/** What values of this day are usually like; null: there is no history, or nothing is what is usual. */
function usualOf({ day }: Value, past: readonly Value[]): Usual | null {
  if (past.length < leastRuns) return null;
  const recent = past.slice(0, recentRuns);
  const usual = median(recent.map(({ value }) => value));
  if (usual === null || usual <= 0) return null;
  return seasonOf(weekdayOf(day), past) ?? { usual, runs: recent.length, weekday: null, among: past };
}

/**
 * The runs of one day of the week, where nearly all of them are unlike those of the other days, for six weeks or longer. Held against the
 * whole history: what has changed for good last week makes no day of the week a special one.
 */
function seasonOf(weekday: number, past: readonly Value[]): Usual | null {
  const same = past.filter(({ day }) => weekdayOf(day) === weekday);
  const own = median(same.map(({ value }) => value)) ?? 0;
  const all = median(past.map(({ value }) => value)) ?? 0;
  if (own <= 0 || all <= 0 || new Set(same.map(({ day }) => day)).size < leastWeeks) return null;
  const nearer = same.filter(({ value }) => distance(value, own) < distance(value, all));
  const isSeason = distance(own, all) > half && nearer.length >= mostOfThem * same.length;
  return isSeason ? { usual: own, runs: same.length, weekday, among: same } : null;
}

function logSpread({ usual, among }: Usual): number {
  const recent = among.slice(0, recentRuns);
  return spreadAround(
    0,
    recent.map(({ value }) => Math.log(value / usual)),
    leastSpread,
  );
}

/** Whether there were values like it before, besides those of the runs right before it, which may be the same trouble. */
function isKnown({ among }: Pick<Usual, "among">, isLike: (other: number) => boolean): boolean {
  const other = among.findIndex(({ value }) => !isLike(value));
  return other !== -1 && among.slice(other).filter(({ value }) => isLike(value)).length >= precedents;
}

function judgement(kind: AnomalyKind, { value }: Value, { usual, runs, weekday }: Usual, unusual: boolean): Judgement {
  return { kind, value, usual, runs, weekday, ratio: value / usual, unusual, newData: null };
}

function changedShare({ files }: BackupNumbers): number | null {
  const total = totalOf(files);
  return files === null || total < leastFiles ? null : (files.added + files.changed) / total;
}

function newDataShare({ bytes, files }: BackupNumbers): number | null {
  if (bytes === null || bytes === 0 || files === null || files.bytesAdded === null) return null;
  return Math.min(1, files.bytesAdded / bytes);
}

/** Which share of the files of the run before is not there any more. */
function deletedShare({ files }: BackupNumbers, before: BackupNumbers | undefined): number | null {
  const earlier = totalOf(before?.files ?? null);
  if (files === null || earlier < leastFiles) return null;
  return Math.max(0, earlier - files.changed - files.unmodified) / earlier;
}

function totalOf(files: FileNumbers | null): number {
  return files === null ? 0 : files.added + files.changed + files.unmodified;
}

function knownValue({ day }: BackupNumbers, value: number | null): Value[] {
  return value === null ? [] : [{ day, value }];
}

/** 0 = Monday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function distance(one: number, other: number): number {
  return Math.abs(Math.log(one / other));
}
