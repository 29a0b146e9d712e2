const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this process: what better-sqlite3 waits for is waited for in the same way. @param duration milliseconds */
export function pause(duration: number): void {
  Atomics.wait(never, 0, 0, duration);
}
