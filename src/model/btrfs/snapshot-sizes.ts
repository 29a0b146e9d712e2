/** What is remembered of one snapshot: the bytes that it holds alone, or why they could not be measured; and when, seconds since the epoch. */
export type SizeNote = readonly [measured: number | string, at: number];

/** By the UUID of the snapshot. */
export type SizeNotes = Readonly<Record<string, SizeNote>>;

/** What notes say of all snapshots of one subvolume together. */
export interface SizeSummary {
  /** Null: not every snapshot is measured, so that a sum would be too small. */
  readonly bytes: number | null;
  /** Of the oldest measurement in the sum, seconds since the epoch; null: there is none. */
  readonly measuredSince: number | null;
  /** Share of the snapshots whose size is known; 1 where there are none. */
  readonly measured: number;
  /** Why some could not be measured, each reason once. */
  readonly failures: readonly string[];
}

/** Notes as they were recalled, whoever wrote them: what has another shape is left out. */
export function notesOf(recalled: unknown): SizeNotes {
  if (typeof recalled !== "object" || recalled === null || Array.isArray(recalled)) return {};
  return Object.fromEntries(
    Object.entries(recalled).flatMap(([uuid, note]: [string, unknown]): [string, SizeNote][] => {
      if (!Array.isArray(note)) return [];
      const [measured, at] = note as readonly unknown[];
      const isSize = typeof measured === "string" || (typeof measured === "number" && measured >= 0);
      return isSize && typeof at === "number" && at > 0 ? [[uuid, [measured as number | string, at]]] : [];
    }),
  );
}

/** @param uuids of the snapshots that exist */
export function sizeOf(uuids: readonly string[], notes: SizeNotes): SizeSummary {
  const known = uuids.map((uuid) => notes[uuid]);
  const sizes = known.filter((note): note is readonly [number, number] => typeof note?.[0] === "number");
  const failures = known.flatMap((note) => (typeof note?.[0] === "string" ? [note[0]] : []));
  const isWhole = sizes.length === uuids.length;
  return {
    bytes: isWhole ? sizes.reduce((sum, [bytes]) => sum + bytes, 0) : null,
    measuredSince:
      isWhole && sizes.length > 0 ? sizes.reduce((oldest, [, at]) => Math.min(oldest, at), Infinity) : null,
    measured: uuids.length === 0 ? 1 : sizes.length / uuids.length,
    failures: [...new Set(failures)],
  };
}

/**
 * Which to measure next, in this order: what was never measured, then the oldest measurements, since what a snapshot holds alone changes
 * when its neighbours go.
 * @param notes of all of them @param fresh seconds that a measurement is good for @param now seconds since the epoch
 */
export function dueForMeasuring(
  uuids: readonly string[],
  notes: SizeNotes,
  { fresh, now }: { readonly fresh: number; readonly now: number },
): readonly string[] {
  const since = (uuid: string) => notes[uuid]?.[1] ?? 0;
  // A note from the future was written while the clock was wrong.
  return uuids
    .filter((uuid) => since(uuid) > now || since(uuid) <= now - fresh)
    .toSorted((a, b) => (since(a) > now ? 0 : since(a)) - (since(b) > now ? 0 : since(b)));
}
