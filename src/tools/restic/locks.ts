import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { StepError } from "../../model/outcome.ts";
import { openListing } from "../destinations/open-listing.ts";
import type { Execute } from "../exec.ts";
import { hasEnded, showsOthers, statOf } from "../process/process.ts";
import { createResticCall, type ResticCall } from "./call.ts";
import { jsonOf, parseIds } from "./output.ts";
import { localPath, type ResticRepository } from "./repository.ts";

export interface ResticLock {
  readonly id: string;
  /** Seconds since the epoch; a lock that is in use is written anew every 5 minutes. */
  readonly at: number;
  readonly exclusive: boolean;
  readonly host: string;
  readonly pid: number;
}

/** `cat lock`: what is false or 0 may be missing. */
const lockContent = z.object({
  time: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
  exclusive: z.boolean().default(false),
  hostname: z.string().default(""),
  pid: z.int().default(0),
});

/**
 * restic itself takes a lock for stale from this age on, whoever holds it, and younger ones whose process on this host is gone.
 * https://github.com/restic/restic/blob/v0.18.0/internal/restic/lock.go (2026-11)
 */
const staleForRestic = 30 * 60;

/** What is known of who holds a lock. */
export interface Judgement {
  readonly lock: ResticLock;
  /** Proven: nobody holds it any more. */
  readonly dead: boolean;
  /** In words for a person. */
  readonly because: string;
}

/** This machine, as far as it tells about holders of locks. */
export interface Machine {
  readonly host: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** `hidden`: processes of others are not shown here. */
  readonly processOf: (pid: number) => Process | "gone" | "hidden";
}

interface Process {
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** As the kernel knows it. */
  readonly name: string;
}

export function thisMachine(now: number): Machine {
  return { host: hostname(), now, processOf };
}

/**
 * @param others when given, locks of other hosts that are older than this count as dead, seconds. Nobody here can see their processes.
 */
export function judgeLock(lock: ResticLock, machine: Machine, others: number | null): Judgement {
  const age = Math.round(machine.now - lock.at);
  if (lock.host !== machine.host) {
    const because = `held by process ${lock.pid} of ${lock.host}, which cannot be seen from here, ${age} s old`;
    return { lock, dead: others !== null && age > others, because };
  }
  const holder = machine.processOf(lock.pid);
  if (holder === "gone") return { lock, dead: true, because: `process ${lock.pid} of this host is gone` };
  if (holder === "hidden") return { lock, dead: false, because: `process ${lock.pid} of this host is hidden from us` };
  // A number is given again, after a restart of the machine at the latest. A restic is believed to be the holder whenever it began: a clock
  // that was set moves all beginnings, and the lock of a restic at work must stay.
  const another = holder.startedAt > lock.at + clockMargin && !holder.name.includes("restic");
  const because = another
    ? `process ${lock.pid} of this host is ${holder.name} now, begun after the lock was made`
    : `process ${lock.pid} of this host is alive`;
  return { lock, dead: another, because };
}
/** What the age of a process is rounded by, seconds. */
const clockMargin = 5;

/** Every lock that is there and can still be read. @throws StepError as `restic-failure.ts` */
export async function listLocks(repository: ResticRepository, execute: Execute): Promise<readonly ResticLock[]> {
  const restic = createResticCall(repository, execute);
  const locks: ResticLock[] = [];
  for (const id of await lockIds(restic, repository, repository.patienceSeconds)) {
    const result = await restic.call(["cat", "lock", "--no-lock", id], { timeoutSeconds: 120 });
    if (result.exitCode === 0) locks.push(parseLock(id, result.stdout));
    // Its holder has ended meanwhile, or has written it anew under another id.
    else if ((await lockIds(restic, repository, repository.patienceSeconds)).includes(id)) {
      throw restic.failure(`read a lock of the repository ${repository.name}`, result);
    }
  }
  return locks;
}

/** @throws StepError `unknown` */
export function parseLock(id: string, stdout: string): ResticLock {
  const { data } = lockContent.safeParse(jsonOf(stdout));
  if (!data) {
    throw new StepError("unknown", `restic printed something that is not a lock for ${id.slice(0, 8)}`, {
      advice: "see that the program called restic is restic itself, 0.14 or newer",
      tail: stdout.slice(0, 2000),
    });
  }
  return {
    id,
    at: Date.parse(data.time) / 1000,
    exclusive: data.exclusive,
    host: data.hostname,
    pid: data.pid,
  };
}

/**
 * Removes locks whose holders are dead. In a folder these and no others. Elsewhere only `restic unlock` can, which removes what it takes for
 * stale and cannot be told less: it is called when all that it would remove is among them.
 * @returns why nothing was done, or null
 */
export async function removeLocks(
  dead: readonly ResticLock[],
  alive: readonly ResticLock[],
  repository: ResticRepository,
  execute: Execute,
  now: number,
): Promise<string | null> {
  const folder = localPath(repository.location);
  if (folder !== null) {
    for (const { id } of dead) await rm(join(folder, "locks", id), { force: true }).catch(refuse(id));
    return null;
  }
  const tooMany = alive.find((lock) => now - lock.at > staleForRestic - 60);
  if (tooMany) {
    return `restic unlock would also remove lock ${tooMany.id.slice(0, 8)} of ${tooMany.host}, which is not proven dead`;
  }
  const restic = createResticCall(repository, execute);
  await restic.succeed(`unlock the repository ${repository.name}`, ["unlock"], { timeoutSeconds: 600 });
  return null;
}

/**
 * Ids of the locks; that of the call itself is never among them. Where the files can be listed, restic is not started: that costs as much as
 * a whole listing of snapshots.
 * @throws StepError as `restic-failure.ts`
 */
export async function lockIds(
  restic: ResticCall,
  repository: ResticRepository,
  seconds = 60,
): Promise<readonly string[]> {
  const listing = openListing(repository, { signal: new AbortController().signal, seconds: Math.min(seconds, 30) });
  const seen = await listing?.ids("locks").catch(() => null);
  if (seen) return [...seen];
  // What kept it from being listed is told by restic.
  const task = `list the locks of the repository ${repository.name}`;
  return parseIds((await restic.soon(task, ["list", "locks", "--no-lock"], seconds)).stdout);
}

/** `/proc/stat` says when the machine was started, `/proc/PID/stat` how many ticks later a process was. */
function processOf(pid: number): Process | "gone" | "hidden" {
  const stat = statOf(pid);
  if (stat === null) return showsOthers() ? "gone" : "hidden";
  if (hasEnded(stat)) return "gone";
  const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
  return { startedAt: bootedAt + stat.startTicks / ticksPerSecond, name: nameOf(pid) };
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch (error) {
    // It has ended since: the next look finds it gone.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "restic?";
    throw error;
  }
}
/** USER_HZ: 100 on every architecture that Node runs on, proc_pid_stat(5). */
const ticksPerSecond = 100;

function refuse(id: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    throw new StepError("auth", `the lock ${id.slice(0, 8)} cannot be removed: ${cause.message}`, {
      advice: "run as the owner of the repository's folder",
      cause,
    });
  };
}
