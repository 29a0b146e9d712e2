import type { MetricDefinition } from "../metrics/definition.ts";

export type Unit = MetricDefinition["unit"];

/** A number that knows its unit, in the unit in which the catalogue stores values. There is none for timestamps: only ages can be judged. */
export interface Quantity<U extends Unit = Unit> {
  readonly unit: U;
  readonly value: number;
}

export const seconds = (value: number): Quantity<"seconds"> => ({ unit: "seconds", value });
export const minutes = (value: number) => seconds(value * 60);
export const hours = (value: number) => minutes(value * 60);
export const days = (value: number) => hours(value * 24);
/** 85 percent are the ratio 0.85. */
export const percent = (value: number): Quantity<"ratio"> => ({ unit: "ratio", value: value / 100 });
export const times = (value: number): Quantity<"ratio"> => ({ unit: "ratio", value });
export const count = (value: number): Quantity<"count"> => ({ unit: "count", value });
export const usd = (value: number): Quantity<"usd"> => ({ unit: "usd", value });
export const bytes = (value: number): Quantity<"bytes"> => ({ unit: "bytes", value });
/** What a metric of 0 or 1 is compared with: above it is yes, below it is no. */
export const half: Quantity<"boolean"> = { unit: "boolean", value: 0.5 };
