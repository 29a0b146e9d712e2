/** Numbers of one subject at one moment, remembered over time: what a history, an integral or a trend is made of. */
export interface Measurement {
  /** A path-like name that begins with its owner: `cost/<bucket>/<prefix>`. */
  readonly series: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** By name; what is unknown is left out. */
  readonly values: Readonly<Record<string, number>>;
}

export interface MeasurementQuery {
  readonly series: string;
  /** Seconds since the epoch, inclusive. @default the oldest */
  readonly from?: number;
  /** Exclusive. @default the newest */
  readonly to?: number;
}

/** A stretch of time, milliseconds since the epoch. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** What survives being written as JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
