import type { ClockReading } from "../../src/model/time/awake.ts";

/** A machine whose clocks a test can turn: it works, sleeps, is restarted, and somebody sets its clock. All in seconds. */
export interface FakedMachine {
  /** Seconds since the epoch, by its own clock. */
  readonly now: () => number;
  readonly read: () => ClockReading;
  /** Awake for so long. */
  readonly work: (seconds: number) => void;
  readonly sleep: (seconds: number) => void;
  /** Switched off for so long. */
  readonly restart: (seconds: number) => void;
  readonly setClock: (seconds: number) => void;
}

/** It was started a minute ago. */
export function fakedMachine(startedAt: number): FakedMachine {
  let wall = startedAt;
  let monotonic = 60;
  let boots = 1;
  return {
    now: () => wall,
    read: () => ({ wall: wall * 1000, monotonic: monotonic * 1000, boot: `boot-${boots}` }),
    work(seconds) {
      wall += seconds;
      monotonic += seconds;
    },
    sleep(seconds) {
      wall += seconds;
    },
    restart(seconds) {
      wall += seconds;
      monotonic = 0;
      boots += 1;
    },
    setClock(seconds) {
      wall = seconds;
    },
  };
}
