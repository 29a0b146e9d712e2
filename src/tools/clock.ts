import type { ClockReading } from "../model/time/awake.ts";
import { bootId } from "./process/process.ts";

/**
 * What the clocks of this machine say. `process.hrtime` is CLOCK_MONOTONIC, which stands still while the machine sleeps and is the same for all of
 * its processes; `/proc/uptime` would go on.
 * @param wall milliseconds since the epoch
 */
export function readClock(wall: number): ClockReading {
  const monotonic = Number(process.hrtime.bigint() / 1_000_000n);
  return { wall: Math.round(wall), monotonic, boot: bootId().split(" ")[0] ?? "" };
}

/** As `readClock`: so that tests can put a machine to sleep. */
export type ReadClock = (wall: number) => ClockReading;
