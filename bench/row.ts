/** One line of the table of results. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What was promised; empty: nothing, the line is there to compare with. */
  readonly target: string;
  /** Null where nothing was promised. */
  readonly met: boolean | null;
  /** How it was measured, one sentence. */
  readonly how: string;
  /** Why it is missed, where that is known; shown only when it is. */
  readonly whenMissed?: string;
}

/** One benchmark: one file, named like it, and one line in `index.ts`. */
export interface Benchmark {
  readonly name: string;
  /** Programs without which it is left out. */
  readonly needs: readonly string[];
  /** Whether it mounts file systems. */
  readonly asRoot?: boolean;
  /**
   * Measures in a process of its own, which may be killed at any time: whatever it makes lies in `directory`, and whatever it starts
   * inherits TMPDIR, by which `run.ts` finds and ends it.
   */
  run(world: World): Promise<readonly Row[]>;
}

export interface World {
  /** An empty folder of its own, removed afterwards. */
  readonly directory: string;
  /** Says what is being done, for who waits. */
  readonly note: (text: string) => void;
}

/** A line that is there to compare with. */
export function plain(what: string, value: string, how: string): Row {
  return { what, value, target: "", met: null, how };
}

/** A promise: a number that must not be greater than its limit. @param write the number as it is shown, e.g. `1.9×` */
export function atMost(
  what: string,
  { value, limit, write }: { readonly value: number; readonly limit: number; readonly write: (n: number) => string },
  { how, detail = "", whenMissed }: { readonly how: string; readonly detail?: string; readonly whenMissed?: string },
): Row {
  const row = { what, value: `${write(value)}${detail && ` (${detail})`}`, target: `≤ ${write(limit)}`, how };
  return { ...row, met: value <= limit, ...(whenMissed === undefined ? {} : { whenMissed }) };
}

/** A promise that less would break as well as more. */
export function exactly(
  what: string,
  { value, wanted }: { readonly value: number; readonly wanted: number },
  how: string,
): Row {
  return { what, value: String(value), target: `= ${wanted}`, met: value === wanted, how };
}

export const times = (ratio: number) => `${Number(ratio.toFixed(2))}×`;
export const milliseconds = (ms: number) => `${ms < 10 ? Number(ms.toFixed(2)) : ms.toFixed(0)} ms`;
export const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
