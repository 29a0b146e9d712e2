import type { Measurement, MeasurementQuery } from "../model/measurement.ts";
import type { Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";

type Methods = Pick<Ledger, "recordMeasurements" | "measurements" | "measuredSeries" | "pruneMeasurements">;

/** Histories of numbers. Relaxed: what is lost with the power is one point of many. */
export function measurementsOf({ read, write }: Store): Methods {
  return {
    recordMeasurements(measurements) {
      if (measurements.length === 0) return;
      write("relaxed", (database) => {
        for (const { series, at, values } of measurements) {
          database.run(
            "INSERT OR REPLACE INTO measurements (series, at, measured) VALUES (?, ?, ?)",
            ...[series, at, JSON.stringify(values)],
          );
        }
      });
    },

    measurements: ({ series, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER }: MeasurementQuery) =>
      read((database) =>
        database
          .all<{ at: number; measured: string }>(
            "SELECT at, measured FROM measurements WHERE series = ? AND at >= ? AND at < ? ORDER BY at",
            ...[series, from, to],
          )
          .map(({ at, measured }): Measurement => ({ series, at, values: JSON.parse(measured) })),
      ),

    measuredSeries: (prefix) =>
      read((database) =>
        database
          // A range, not LIKE: it uses the index, and what a person has named may hold wildcards. U+10FFFF sorts last.
          .all<{ series: string }>(
            "SELECT DISTINCT series FROM measurements WHERE series >= ? AND series < ? || char(1114111) ORDER BY series",
            ...[prefix, prefix],
          )
          .map(({ series }) => series),
      ),

    pruneMeasurements: (before) =>
      write("relaxed", (database) => database.run("DELETE FROM measurements WHERE at < ?", before / 1000)),
  };
}
