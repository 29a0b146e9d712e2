import { StepError } from "../../model/run/outcome.ts";
import { openListing } from "../destinations/open-listing.ts";
import type { Execute } from "../exec.ts";
import { type BackupReport, type BackupRequest, backupArguments, collectBackup } from "./backup.ts";
import { createResticCall } from "./call.ts";
import {
  parseRawDataSize,
  parseRepositoryId,
  parseSnapshots,
  parseVersion,
  type ResticProgress,
  type ResticSnapshot,
} from "./output.ts";
import { localPath, type ResticRepository } from "./repository.ts";

/** The oldest restic that is supported: the one of Debian 12. */
const oldestRestic = "0.14.0";

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

/** restic on one repository. Every function throws StepError with the reason of `restic-failure.ts`, or what `execute` throws. */
export interface Restic {
  /** `0.14.0`. @throws StepError `tool_missing` when it is older than what is supported, or no restic at all */
  version(): Promise<string>;
  /** Looks whether a remote repository answers at all; a local one answers at once anyway. */
  reach(): Promise<void>;
  /** Of the repository, 64 characters; null: there is none yet. @throws StepError `auth` when it cannot be opened */
  id(): Promise<string | null>;
  init(): Promise<void>;
  backup(request: BackupRequest, onProgress: (progress: ResticProgress) => void): Promise<BackupReport>;
  /** Takes no lock and needs no right to write. */
  snapshots(filter?: SnapshotFilter, timeoutSeconds?: number): Promise<readonly ResticSnapshot[]>;
  forget(request: ForgetRequest): Promise<void>;
  /** Bytes that the data of all snapshots takes in the repository. Reads every folder of every snapshot: seconds to many minutes. */
  rawDataSize(timeoutSeconds: number): Promise<number>;
}

export function createRestic(repository: ResticRepository, execute: Execute): Restic {
  const { name } = repository;
  const local = localPath(repository.location);
  const { call, succeed, soon, failure, clean } = createResticCall(repository, execute);
  const openTask = `open the repository ${name}`;

  return {
    async version() {
      const result = await call(["version"], { timeoutSeconds: 30 });
      if (result.signal !== null) throw failure("tell its version", result);
      const version = result.exitCode === 0 ? parseVersion(result.stdout) : null;
      if (version !== null && !isOlder(version, oldestRestic)) return version;
      const found = version === null ? "does not say which restic it is" : `is restic ${version}`;
      throw new StepError("tool_missing", `${repository.program} ${found}; restic ${oldestRestic} or newer is needed`, {
        advice: "install the package restic, or name another program in restic: of the repository",
        tail: result.stdout.slice(0, 2000) + result.stderr,
      });
    },

    async reach() {
      if (local !== null || (await answers(repository))) return;
      await soon(openTask, ["cat", "config", "--no-lock"], repository.patienceSeconds ?? 60);
    },

    async id() {
      const args = ["cat", "config", "--no-lock"];
      try {
        return parseRepositoryId((await soon(openTask, args, repository.patienceSeconds ?? 60)).stdout);
      } catch (error) {
        if (error instanceof StepError && error.reason === "repository_missing") return null;
        throw error;
      }
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
      return { ...report, tail: clean(report.tail) };
    },

    async snapshots({ ids = [], host, tags } = {}, timeoutSeconds = 600) {
      const filter = [...(host === undefined ? [] : [`--host=${host}`]), ...(tags ? [`--tag=${tags.join(",")}`] : [])];
      const args = ["snapshots", "--json", "--no-lock", ...filter, "--", ...ids];
      const result = await soon(`list the snapshots of the repository ${name}`, args, timeoutSeconds);
      return parseSnapshots(result.stdout);
    },

    async rawDataSize(timeoutSeconds) {
      const args = ["stats", "--json", "--no-lock", "--mode", "raw-data"];
      const result = await soon(`measure the data of the repository ${name}`, args, timeoutSeconds);
      return parseRawDataSize(result.stdout);
    },

    async forget({ ids, prune }) {
      for (let from = 0; from < ids.length; from += mostIds) {
        const last = from + mostIds >= ids.length;
        const args = ["forget", ...(prune && last ? ["--prune"] : []), "--", ...ids.slice(from, from + mostIds)];
        const task = `forget snapshots of the repository ${name}`;
        const result = await call(args);
        if (/^Remove\(<.*(?:forbidden|access ?denied|\(403\))/im.test(result.stderr)) {
          throw new StepError("config", `cannot ${task}: its place lets this key remove nothing (403)`, {
            advice: "as an append-only one should: forget where the repository lives, or with a key that may remove",
            exitCode: result.exitCode,
            tail: clean(result.stderr),
          });
        }
        // 0.18 ends with 0 although it could not remove a snapshot.
        if (result.exitCode !== 0 || /^unable to remove /m.test(result.stderr)) throw failure(task, result);
      }
    },
  };
}

/** Whether its server has the repository, without restic, which takes half a second to open one. What else it says is restic's to explain. */
async function answers(repository: ResticRepository): Promise<boolean> {
  const seconds = Math.min(answerSeconds, repository.patienceSeconds ?? answerSeconds);
  const listing = openListing(repository, { signal: new AbortController().signal, seconds });
  return (await listing?.exists().catch(() => false)) ?? false;
}
const answerSeconds = 10;

/** True when `version` comes before `other`; both as 1.2.3. */
export function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}
