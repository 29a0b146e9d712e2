import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "../../model/run/run.ts";
import { bootId, hasEnded, type ProcessStat, statOf } from "./process.ts";

/**
 * Groups with a living process that was started with this variable, by its value, our own group left out. Finds what nobody has recorded: a
 * program whose starter was killed in the moment of starting it, and what it has started itself.
 */
export function groupsMarked(variable: string): ReadonlyMap<string, ReadonlySet<number>> {
  const name = `${variable}=`;
  const own = statOf(process.pid)?.group;
  const groups = new Map<string, Set<number>>();
  for (const entry of readdirSync("/proc")) {
    const marked = /^\d+$/.test(entry) ? environmentOf(entry).find((line) => line.startsWith(name)) : undefined;
    const stat = marked === undefined ? null : statOf(Number(entry));
    if (marked === undefined || stat === null || hasEnded(stat) || stat.group === own) continue;
    const value = marked.slice(name.length);
    groups.set(value, (groups.get(value) ?? new Set()).add(stat.group));
  }
  return groups;
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    // Gone meanwhile, or another user's, which we could not have started.
    return [];
  }
}

/** What asks a program to stop in good order: most listen to SIGTERM. */
export type StopSignal = "SIGTERM" | "SIGINT";

/** `gone`: nothing was left; `ended`: the stop signal was enough; `killed`: it took SIGKILL. */
export type GroupEnd = "gone" | "ended" | "killed";

/** A process in uninterruptible sleep outlives even SIGKILL until the kernel lets it go; nobody should wait for that. */
const killSeconds = 5;

/**
 * Ends a process group that an earlier pantheros started, also when its leader is gone and only its children are left.
 * A number that meanwhile belongs to somebody else is never signalled: the kernel keeps a group's number from being given to a new
 * process while a member lives, so a process of that number which started at another moment proves that our group is gone.
 */
export async function endGroup(leader: ProcessIdentity, graceSeconds: number): Promise<GroupEnd> {
  if (leader.bootId !== bootId()) return "gone";
  const holder = statOf(leader.pid);
  if (holder !== null && holder.startTicks !== leader.startTicks) return "gone";
  // A group that outlives its leader is still a session of its own: `detached` makes the leader both.
  const members = livingMembers(leader.pid).filter((member) => member.session === leader.pid);
  return members.length === 0 ? "gone" : endProcessGroup(leader.pid, graceSeconds);
}

/** The stop signal to all of a group, SIGKILL to what is left after the grace. The caller knows that the group is its own. */
export async function endProcessGroup(
  group: number,
  graceSeconds: number,
  stopSignal: StopSignal = "SIGTERM",
): Promise<GroupEnd> {
  if (!signalGroup(group, stopSignal)) return "gone";
  if (await emptied(group, graceSeconds)) return "ended";
  signalGroup(group, "SIGKILL");
  await emptied(group, killSeconds);
  return "killed";
}

async function emptied(group: number, seconds: number): Promise<boolean> {
  const until = performance.now() + seconds * 1000;
  for (let pause = 5; ; pause = Math.min(2 * pause, 200)) {
    if (!signalGroup(group, 0) || livingMembers(group).length === 0) return true;
    const left = until - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(pause, left));
  }
}

/** @returns false when the group has no member any more */
function signalGroup(group: number, signal: StopSignal | "SIGKILL" | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    if ((error as NodeJS.ErrnoException).code === "EPERM") return true;
    throw error;
  }
}

/** Processes of a group that still execute something. */
function livingMembers(group: number): readonly ProcessStat[] {
  const members: ProcessStat[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(Number(entry));
    if (stat !== null && stat.group === group && !hasEnded(stat)) members.push(stat);
  }
  return members;
}
