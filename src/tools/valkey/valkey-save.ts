import { constants } from "node:fs";
import { access, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../model/quantity.ts";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { type RdbFile, readRdb } from "./rdb-file.ts";
import type { Valkey } from "./valkey.ts";

/** Between two looks at a server that saves, milliseconds: short at first, because most dumps are small. */
const firstPause = 20;
const longestPause = 1000;

export interface Dump extends RdbFile {
  /** `file`: what BGSAVE has written, copied; `connection`: the server's folder is not here, so it sent the dump itself. */
  readonly by: "file" | "connection";
}

interface Waiting {
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (ratio: number) => void;
}

/**
 * A dump of a running server, of a moment after the call.
 *
 * Where the server's folder is here, BGSAVE is awaited and its file copied: the server forks once, and its own dump on disk is new as well.
 * Where it is not – another host, a container, no right to ask – the server sends one over the connection (SYNC, `--rdb`), which takes
 * another fork, but no disk of the server's. That the folder is the server's and not just called the same is proved by the time in the dump.
 * @param file where to put it, in a folder of ours
 */
export async function dumpServer(
  server: Valkey,
  file: string,
  options: Waiting & { readonly moduleType?: string | undefined },
): Promise<Dump> {
  const saved = await folderOf(server);
  if (saved !== null) {
    const since = await saveInBackground(server, saved, options);
    if (await isTaken(saved.file, file)) {
      const dump = await readRdb(file, options);
      if (dump.savedAt !== null && dump.savedAt >= since) return { ...dump, by: "file" };
    }
  }
  await server.dumpTo(file);
  return { ...(await readRdb(file, options)), by: "connection" };
}

interface Saved {
  readonly folder: string;
  readonly file: string;
}

/** Where the server puts its dumps; null where that cannot be asked or is not here. */
async function folderOf(server: Valkey): Promise<Saved | null> {
  const [folder, name] = await Promise.all([setting(server, "dir"), setting(server, "dbfilename")]);
  if (!folder?.startsWith("/") || !name) return null;
  const isHere = await access(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return isHere ? { folder, file: join(folder, name) } : null;
}

/** Null: CONFIG is not allowed, or renamed, as services for rent do. */
async function setting(server: Valkey, name: string): Promise<string | null> {
  try {
    const [, value] = await server.call("CONFIG", "GET", name);
    return value ?? null;
  } catch (error) {
    const refused = error instanceof StepError && (error.reason === "source" || /NOPERM/.test(error.message));
    if (refused) return null;
    throw error;
  }
}

/**
 * BGSAVE, awaited. LASTSAVE is not asked: it begins as the start of the server and does not move when saving fails.
 * @returns the server's clock before it began, seconds
 * @throws StepError `source` when it could not be saved, or the server was restarted meanwhile; those of `Valkey.call`
 */
async function saveInBackground(server: Valkey, { folder }: Saved, { signal, onProgress }: Waiting): Promise<number> {
  const before = await server.info("server");
  let pause = firstPause;
  const wait = async () => {
    await sleep(pause, undefined, { signal }).catch(() => {
      throw cancellation(`waiting for ${server.address}`, signal);
    });
    pause = Math.min(longestPause, pause * 2);
  };

  // Another child at work, for a dump of its own or the append-only file: after it, ours.
  let since = await clockOf(server);
  while (!(await begins(server))) {
    await wait();
    since = await clockOf(server);
  }
  pause = firstPause;
  let state = await server.info("persistence");
  while (state.get("rdb_bgsave_in_progress") !== "0") {
    if (state.get("rdb_bgsave_in_progress") === undefined) throw unreadable(server);
    const total = Number(state.get("current_save_keys_total") ?? 0);
    if (total > 0) onProgress(Math.min(1, Number(state.get("current_save_keys_processed")) / total));
    await wait();
    state = await server.info("persistence");
  }

  const after = await server.info("server");
  if (after.get("run_id") !== before.get("run_id")) {
    throw new StepError("source", `${server.address} was restarted while it saved: nothing new is on its disk`, {
      advice: "see in its log, and in the kernel's (dmesg), why: a save can double the memory that it takes",
    });
  }
  if (state.get("rdb_last_bgsave_status") !== "ok") {
    const after = Number(state.get("rdb_last_bgsave_time_sec"));
    const how = after > 0 ? ` after ${formatDuration(after)}` : "";
    throw new StepError("source", `${server.address} could not save its data to ${folder}: it gave up${how}`, {
      advice: `see the server's own log; ${folder} must be writable for it and have room for a second dump (df ${folder})`,
    });
  }
  return since;
}

/** @returns false: another child of the server is at work */
async function begins(server: Valkey): Promise<boolean> {
  try {
    await server.call("BGSAVE");
    return true;
  } catch (error) {
    if (error instanceof StepError && /already in progress|Another child process is active/i.test(error.message)) {
      return false;
    }
    throw error;
  }
}

async function clockOf(server: Valkey): Promise<number> {
  const [seconds] = await server.call("TIME");
  return Number(seconds);
}

function unreadable(server: Valkey): StepError {
  return new StepError("unknown", `${server.address} does not say in INFO persistence whether it saves`, {
    advice: "see that it is a Valkey, Redis or FalkorDB server that answers there",
  });
}

/** @returns false when the file is not here */
async function isTaken(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "EPERM") return false;
    const full = code === "ENOSPC" || code === "EDQUOT";
    throw new StepError(full ? "space" : "source", `${from} cannot be copied to ${to}: ${message}`, {
      advice: full ? "free space there, or set scratch_directory" : "see dmesg",
      cause,
    });
  }
}
