import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";
import { openListing } from "../destinations/open-listing.ts";
import type { Execute } from "../exec.ts";
import { hasEnded, namesakesOf, type ProcessStat, statOf } from "../process/process.ts";
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
const lockContent = lazily(() =>
  z.object({
    time: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
    exclusive: z.boolean().default(false),
    hostname: z.string().default(""),
    pid: z.int().default(0),
  }),
);

/**
 * Seconds: restic itself takes a lock for stale from this age on, whoever holds it, and younger ones whose process on this host is gone.
 * https://github.com/restic/restic/blob/v0.18.0/internal/restic/lock.go (2026-11)
 */
export const staleForRestic = 30 * 60;

/** What is known of who holds a lock. */
export interface Judgement {
  readonly lock: ResticLock;
  /** Proven, or believed because of its age: nobody holds it any more. */
  readonly dead: boolean;
  /** In words for a person. */
  readonly because: string;
  /** What `restic unlock`, called here, would do wrong because of it; null: nothing. */
  readonly harm: string | null;
}

/** This machine, as far as it tells about holders of locks. */
export interface Machine {
  readonly host: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Whom a signal of ours to this number would reach. */
  readonly processOf: (pid: number) => Process | null;
  /** All who call themselves by this number, in containers too; null: not everybody is seen from here. */
  readonly namesakesOf: (pid: number) => readonly Process[] | null;
}

interface Process {
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** As the kernel knows it. */
  readonly name: string;
}

export function thisMachine(now: number): Machine {
  return { host: hostname(), now, processOf, namesakesOf: (pid) => namesakesOf(pid)?.map(shownAs) ?? null };
}

/**
 * @param others when given, locks whose holders cannot be seen from here – of other hosts, and of containers that share this host's name –
 *   count as dead when they are older than this, seconds
 */
export function judgeLock(lock: ResticLock, machine: Machine, others: number | null): Judgement {
  const { dead, because } = verdictOf(lock, machine, others);
  return { lock, dead, because, harm: harmOf(lock, dead, machine) };
}

function verdictOf(lock: ResticLock, machine: Machine, others: number | null): Pick<Judgement, "dead" | "because"> {
  const { host, pid } = lock;
  const age = Math.round(machine.now - lock.at);
  const byAge = (because: string) => ({ dead: others !== null && age > others, because: `${because}, ${age} s old` });
  if (host !== machine.host) return byAge(`held by process ${pid} of ${host}, which cannot be seen from here`);
  const here = machine.processOf(pid);
  const all = machine.namesakesOf(pid);
  const seen = [...(here === null ? [] : [here]), ...(all ?? [])];
  // A restic is believed to be the holder whenever it began: a clock that was set moves all beginnings, and the lock of a restic at work must stay.
  if (seen.some(isRestic)) return { dead: false, because: `process ${pid} of this host is alive` };
  if (all === null) return byAge(`process ${pid} of this host is hidden from us, perhaps in another container`);
  // A number is given again, after a restart of the machine at the latest, and every container begins to count at 1.
  const elder = seen.find(({ startedAt }) => startedAt <= lock.at + clockMargin);
  if (elder) return byAge(`process ${pid} of this host may be ${elder.name}, which is older than the lock`);
  const [younger] = seen;
  return {
    dead: true,
    because: younger
      ? `process ${pid} of this host is ${younger.name} now, begun after the lock was made`
      : `process ${pid} of this host is gone`,
  };
}
/** What the age of a process is rounded by, seconds. */
const clockMargin = 5;

const isRestic = ({ name }: Process) => name.includes("restic");

/** `restic unlock` goes by the number alone, in its own PID namespace; whether that is alive it asks with SIGHUP, which ends most programs. */
function harmOf(lock: ResticLock, dead: boolean, { host, now, processOf }: Machine): string | null {
  const tooMuch = `restic unlock would also remove lock ${lock.id.slice(0, 8)} of ${lock.host}, which is not proven dead`;
  if (!dead && now - lock.at > staleForRestic - 60) return tooMuch;
  if (lock.host !== host || now - lock.at > staleForRestic + 60) return null;
  const reached = processOf(lock.pid);
  if (reached === null) return dead ? null : tooMuch;
  return isRestic(reached) ? null : `restic unlock would send SIGHUP to process ${lock.pid}, which is ${reached.name}`;
}

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
  const { data } = lockContent().safeParse(jsonOf(stdout));
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
 * stale and cannot be told less: it is called when it would do no harm.
 * @returns why nothing was done, or null
 */
export async function removeLocks(
  verdicts: readonly Judgement[],
  repository: ResticRepository,
  execute: Execute,
): Promise<string | null> {
  const folder = localPath(repository.location);
  if (folder !== null) {
    const dead = verdicts.filter((verdict) => verdict.dead);
    for (const { lock } of dead) await rm(join(folder, "locks", lock.id), { force: true }).catch(refuse(lock.id));
    return null;
  }
  const harm = verdicts.map((verdict) => verdict.harm).find((found) => found !== null);
  if (harm !== undefined) return harm;
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

function processOf(pid: number): Process | null {
  const stat = statOf(pid);
  return stat === null || hasEnded(stat) || !maySignal(pid) ? null : shownAs(stat);
}

function maySignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // EPERM: it is somebody else's, whom restic takes for gone as well; ESRCH: it has ended since.
    return false;
  }
}

/** `/proc/stat` says when the machine was started, `/proc/PID/stat` how many ticks later a process was. */
function shownAs({ pid, startTicks }: ProcessStat): Process {
  const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
  return { startedAt: bootedAt + startTicks / ticksPerSecond, name: nameOf(pid) };
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
