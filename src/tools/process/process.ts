import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ProcessIdentity } from "../../model/run/run.ts";

/** What `/proc/PID/stat` says of a process, as far as it matters here. */
export interface ProcessStat {
  readonly pid: number;
  /** `R`, `S`, `D`, `T`, … `Z`: it has ended, but its parent has not asked how. */
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

/**
 * What a process id means something in: this boot of the machine and this PID namespace, so that a pid of yesterday, or of a container, is never
 * taken for one of here and now.
 */
export function bootId(): string {
  own ??= `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  return own;
}
/** Neither changes while a process lives. */
let own: string | undefined;

/** @returns null when there is no such process */
export function statOf(pid: number): ProcessStat | null {
  // Asked first, because an exception costs ten times as much, and after a crash there may be thousands that are gone.
  if (!existsSync(`/proc/${pid}`)) return null;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    // ENOENT, or ESRCH when it ended between open and read: there is no such process.
    return null;
  }
  return parseStat(text);
}

/** One line of `/proc/PID/stat`, see proc_pid_stat(5). The second field is the program's own choice and may hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const afterName = text.lastIndexOf(")");
  const [state, , group, session, ...rest] = text.slice(afterName + 2).split(" ");
  const startTicks = Number(rest[15]);
  if (afterName === -1 || state === undefined || !Number.isSafeInteger(startTicks)) return null;
  return { pid: Number.parseInt(text, 10), state, group: Number(group), session: Number(session), startTicks };
}

/** @returns null when there is no such process, or only its exit code is left of it */
export function identityOf(pid: number): ProcessIdentity | null {
  const stat = statOf(pid);
  return stat === null || hasEnded(stat) ? null : { bootId: bootId(), pid, startTicks: stat.startTicks };
}

/** `hidden`: from here nobody can tell, because the process belongs to another PID namespace, or other processes are not shown. */
export type Sight = "alive" | "gone" | "hidden";

/** What this process can see of another: `alive` only for the very process that was recorded, never for one that got its number later. */
export function sightOf(identity: ProcessIdentity): Sight {
  if (!isOfThisBoot(identity)) return "gone";
  if (identity.bootId !== bootId()) return "hidden";
  const now = identityOf(identity.pid);
  if (now !== null && now.startTicks === identity.startTicks) return "alive";
  return now === null && !showsOthers() ? "hidden" : "gone";
}

/**
 * The same of a number alone, as other programs write it down: in which PID namespace it counts, they do not say. `gone` is said only where
 * the processes of all namespaces are seen, and none of them goes by this number.
 */
export function sightOfNumber(pid: number): Sight {
  if (identityOf(pid) !== null) return "alive";
  const namesakes = namesakesOf(pid);
  if (namesakes === null) return "hidden";
  return namesakes.length > 0 ? "alive" : "gone";
}

/** All processes that go by a number in their own PID namespaces; null: not everybody is seen from here. */
export function namesakesOf(pid: number): readonly ProcessStat[] | null {
  if (!showsOthers() || !bootId().endsWith(` ${outermostNamespace}`)) return null;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && ownNumberOf(entry) === pid)
    .map((entry) => statOf(Number(entry)))
    .filter((stat): stat is ProcessStat => stat !== null && !hasEnded(stat));
}
/** PROC_PID_INIT_INO of include/linux/proc_ns.h: fixed since Linux 3.8. */
const outermostNamespace = `pid:[${0xeffffffc}]`;

/** What a process is called in its own namespace: the last number of NSpid, see proc_pid_status(5). */
function ownNumberOf(entry: string): number | null {
  try {
    const [, number] = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, "latin1")) ?? [];
    return number === undefined ? null : Number(number);
  } catch {
    // ENOENT or ESRCH: it has ended since the listing.
    return null;
  }
}

/** Process 1 is always there: where it is not shown (hidepid, ProtectProc=), neither is anybody else's. */
function showsOthers(): boolean {
  others ??= statOf(1) !== null;
  return others;
}
let others: boolean | undefined;

/** False: the machine has been down since, so nothing of that time still runs. */
export function isOfThisBoot({ bootId: recorded }: ProcessIdentity): boolean {
  return recorded.split(" ")[0] === bootId().split(" ")[0];
}

export function ownIdentity(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === null) throw new Error("/proc does not show this process: is it mounted?");
  return identity;
}

/** A zombie executes nothing any more; where nobody reaps (a container without init) it stays for ever. */
export function hasEnded(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}
