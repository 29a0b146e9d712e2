import { closeSync, constants, openSync, readSync } from "node:fs";
import type { ProcessIdentity } from "../../model/run/run.ts";

/** The longest record that the kernel gives out (CONSOLE_EXT_LOG_MAX, kernel/printk). */
const recordBytes = 8192;
/** The initial PID namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h): the log names processes by their numbers there. */
const initialNamespace = "pid:[4026531836]";
/** `/proc` counts starts in hundredths of a second (USER_HZ) on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** `priority,sequence,microseconds,flags;message`; below 8 it was the kernel itself that spoke, see Documentation/ABI/testing/dev-kmsg. */
const outOfMemory = /^[0-7],\d+,(\d+),[^;]*;(?:Memory cgroup out|Out) of memory: Killed process (\d+) \(/;

/** What the kernel has to say, record by record, as far as its buffer goes back. Empty where this process may not read it. */
export function readKernelLog(path = "/dev/kmsg"): readonly string[] {
  let log: number;
  try {
    log = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // A container has none, and only root may read it: then nobody here can know.
    return [];
  }
  const records: string[] = [];
  const buffer = Buffer.alloc(recordBytes);
  try {
    for (;;) {
      try {
        const length = readSync(log, buffer);
        if (length === 0) return records;
        records.push(buffer.toString("utf8", 0, length));
      } catch (error) {
        // EPIPE: a record was overwritten before it could be read. EAGAIN: there is nothing more.
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") return records;
      }
    }
  } finally {
    closeSync(log);
  }
}

/** A process that the kernel has ended for lack of memory. */
export interface MemoryKill {
  readonly pid: number;
  /** Since boot. */
  readonly seconds: number;
}

export function memoryKills(records: readonly string[]): readonly MemoryKill[] {
  return records.flatMap((record) => {
    const [, microseconds, pid] = outOfMemory.exec(record) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), seconds: Number(microseconds) / 1e6 }];
  });
}

/** Whether it was this very process, not one that had its number before. */
export function endedForMemory({ bootId, pid, startTicks }: ProcessIdentity, kills: readonly MemoryKill[]): boolean {
  if (!bootId.endsWith(initialNamespace)) return false;
  return kills.some((kill) => kill.pid === pid && kill.seconds >= startTicks / ticksPerSecond);
}
