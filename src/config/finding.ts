import type { Path } from "./path.ts";

/** Offsets in the text. */
export type Range = readonly [start: number, end: number];

/** Something wrong at a place of the text. */
export interface Mistake {
  readonly range: Range;
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

/** Something wrong at a place of the data; becomes a `Mistake` when it is looked up in the file. */
export interface Finding {
  readonly path: Path;
  /** What is marked. A path that the file does not hold is shown at the nearest key above. @default "value" */
  readonly mark?: "key" | "value";
  readonly message: string;
  readonly hint?: string;
}
