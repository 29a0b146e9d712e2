import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * How many processes the kernel has ended for lack of memory in our cgroup (v2) and below it, whoever ran out: `memory.events`, see the
 * kernel's Documentation/admin-guide/cgroup-v2. Null where nobody can know: cgroup v1, or no memory controller.
 */
export function memoryKillCount(root = "/"): number | null {
  try {
    const own = /^0::(.*)$/m.exec(readFileSync(join(root, "proc/self/cgroup"), "utf8"))?.[1];
    if (own === undefined) return null;
    const events = readFileSync(join(root, "sys/fs/cgroup", own, "memory.events"), "utf8");
    const count = /^oom_kill (\d+)$/m.exec(events)?.[1];
    return count === undefined ? null : Number(count);
  } catch {
    // Not mounted, or not shown to us.
    return null;
  }
}
