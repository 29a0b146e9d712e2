import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { StepError } from "../model/outcome.ts";
import { redact, type Secret } from "../model/secret.ts";
import type { Execute, ToolCall, ToolResult } from "./exec.ts";
import { identityOf } from "./process.ts";
import { type BackupReport, type BackupRequest, backupArguments, collectBackup } from "./restic-backup.ts";
import { lockHolder, resticFailure, resticImpatience } from "./restic-failure.ts";
import { parseIds, parseSnapshots, parseVersion, type ResticProgress, type ResticSnapshot } from "./restic-output.ts";
import { localPath, type ResticRepository } from "./restic-repository.ts";

/** The oldest restic that is supported: the one of Debian 12. */
export const oldestRestic = "0.14.0";

export interface SnapshotFilter {
  /** Ids or beginnings of them. */
  readonly ids?: readonly string[];
  readonly host?: string;
  /** Only snapshots that carry all of them. */
  readonly tags?: readonly string[];
}

export interface ForgetRequest {
  /** Whole ids: what is removed, and nothing else, whatever has come meanwhile. */
  readonly ids: readonly string[];
  /** Also free the space that only they used. */
  readonly prune: boolean;
}

/** Ids in one call, 65 bytes each: far below what the kernel takes. */
const mostIds = 5000;

/** restic 0.14 removes its lock on SIGINT, but is killed by SIGTERM and leaves a lock that needs a hand; later ones clean up on both. */
const stopSignal = "SIGINT";

/** restic on one repository. Every function throws StepError with the reason of `restic-failure.ts`, or what `execute` throws. */
export interface Restic {
  /** `0.14.0`. @throws StepError `tool_missing` when it is older than what is supported, or no restic at all */
  version(): Promise<string>;
  /** Looks whether a remote repository answers and can be opened; a local one answers at once anyway. */
  reach(): Promise<void>;
  init(): Promise<void>;
  backup(request: BackupRequest, onProgress: (progress: ResticProgress) => void): Promise<BackupReport>;
  /** Takes no lock and needs no right to write. */
  snapshots(filter?: SnapshotFilter, timeoutSeconds?: number): Promise<readonly ResticSnapshot[]>;
  forget(request: ForgetRequest): Promise<void>;
  /** How many locks there are, its own never among them. */
  lockCount(timeoutSeconds?: number): Promise<number>;
}

export function createRestic(repository: ResticRepository, execute: Execute): Restic {
  const { name } = repository;
  const local = localPath(repository.location);
  const secrets = [repository.password, ...Object.values(repository.environment).filter(isSecret)];
  // Everything that may hold a secret goes by environment: the location, too, may be https://user:password@host.
  const environment: NonNullable<ToolCall["environment"]> = {
    RESTIC_CACHE_DIR: repository.cacheDirectory,
    RESTIC_PROGRESS_FPS: "1",
    ...(repository.timezone === undefined ? {} : { TZ: repository.timezone }),
    ...repository.environment,
    RESTIC_REPOSITORY: repository.location,
    RESTIC_PASSWORD: repository.password,
  };

  /** 0.19 gives up when it cannot use its cache, where 0.14 and 0.18 go on; a full state directory must not cost a backup. */
  async function call(args: readonly string[], more: Partial<ToolCall> = {}): Promise<ToolResult> {
    const result = await execute({ argv: [repository.program, ...args], environment, stopSignal, ...more });
    if (result.exitCode !== 1 || !/^unable to open cache: /m.test(result.stderr)) return result;
    return await execute({ argv: [repository.program, "--no-cache", ...args], environment, stopSignal, ...more });
  }

  /** A call that has to end with 0. */
  async function succeed(task: string, args: readonly string[], more: Partial<ToolCall> = {}): Promise<ToolResult> {
    const result = await call(args, more);
    if (result.exitCode !== 0) throw failure(task, result);
    return result;
  }

  /** A call to which a repository that can be reached has its answer soon. */
  async function soon(task: string, args: readonly string[], seconds: number): Promise<ToolResult> {
    try {
      return await succeed(task, args, { timeoutSeconds: seconds });
    } catch (error) {
      if (!(error instanceof StepError) || error.reason !== "timeout" || local !== null) throw error;
      throw clean(resticImpatience(task, seconds, error.details.tail ?? ""));
    }
  }

  function failure(task: string, result: Pick<ToolResult, "exitCode" | "signal" | "stderr">): StepError {
    return clean(aboutStaleLock(resticFailure({ task, ...result }), result.stderr));
  }

  function clean({ reason, message, details }: StepError): StepError {
    const tail = details.tail === undefined ? {} : { tail: redact(details.tail, secrets) };
    return new StepError(reason, redact(message, secrets), { ...details, ...tail });
  }

  return {
    async version() {
      const result = await call(["version"], { timeoutSeconds: 30 });
      const version = result.exitCode === 0 ? parseVersion(result.stdout) : null;
      if (version !== null && !isOlder(version, oldestRestic)) return version;
      const found = version === null ? "does not say which restic it is" : `is restic ${version}`;
      throw new StepError("tool_missing", `${repository.program} ${found}; restic ${oldestRestic} or newer is needed`, {
        advice: "install the package restic, or name another program in restic: of the repository",
        tail: result.stdout.slice(0, 2000) + result.stderr,
      });
    },

    async reach() {
      if (local !== null) return;
      await soon(`open the repository ${name}`, ["cat", "config", "--no-lock"], repository.patienceSeconds ?? 60);
    },

    async init() {
      await succeed(`create the repository ${name}`, ["init", "--json"]);
    },

    async backup(request, onProgress) {
      const task = `back up to the repository ${name}`;
      const collected = collectBackup(onProgress);
      const result = await call(backupArguments(request), {
        onStdoutLine: collected.onStdoutLine,
        onStderrLine: collected.onStderrLine,
        ...(request.directory === undefined ? {} : { directory: request.directory }),
      });
      if (result.exitCode !== 0 && result.exitCode !== 3) throw failure(task, result);
      const report = collected.report(result.exitCode);
      return { ...report, tail: redact(report.tail, secrets) };
    },

    async snapshots({ ids = [], host, tags } = {}, timeoutSeconds = 600) {
      const filter = [...(host === undefined ? [] : [`--host=${host}`]), ...(tags ? [`--tag=${tags.join(",")}`] : [])];
      const args = ["snapshots", "--json", "--no-lock", ...filter, "--", ...ids];
      const result = await soon(`list the snapshots of the repository ${name}`, args, timeoutSeconds);
      return parseSnapshots(result.stdout);
    },

    async forget({ ids, prune }) {
      for (let from = 0; from < ids.length; from += mostIds) {
        const last = from + mostIds >= ids.length;
        const args = ["forget", ...(prune && last ? ["--prune"] : []), "--", ...ids.slice(from, from + mostIds)];
        await succeed(`forget snapshots of the repository ${name}`, args);
      }
    },

    async lockCount(timeoutSeconds = 600) {
      const task = `list the locks of the repository ${name}`;
      // Another restic costs as much as the whole listing of snapshots; in a folder the locks can be seen without it.
      if (local !== null) return (await readdir(join(local, "locks")).catch(refuse(task))).filter(isId).length;
      const result = await soon(task, ["list", "locks", "--no-lock"], timeoutSeconds);
      return parseIds(result.stdout).length;
    },
  };
}

/** True when `version` comes before `other`; both as 1.2.3. */
export function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}

const isSecret = (value: string | Secret): value is Secret => typeof value !== "string";
const isId = (file: string) => /^[0-9a-f]{64}$/.test(file);

/** A lock whose process on this host is gone will never go away by itself. Removing it stays with the person: hosts may share a name. */
function aboutStaleLock(failure: StepError, stderr: string): StepError {
  const holder = failure.reason === "repository_locked" ? lockHolder(stderr) : null;
  if (holder === null || holder.host !== hostname() || identityOf(holder.pid) !== null) return failure;
  const message = `${failure.message}; process ${holder.pid} of this host is gone`;
  return new StepError(failure.reason, message, {
    ...failure.details,
    advice: "remove the lock that it left behind: restic unlock",
  });
}

function refuse(task: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    const reason = cause.code === "EACCES" ? "auth" : "repository_missing";
    throw new StepError(reason, `cannot ${task}: ${cause.message}`, { cause });
  };
}
