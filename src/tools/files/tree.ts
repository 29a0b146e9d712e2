import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";

export interface FoundFile {
  /** Relative to the root, `/` between names; bytes, because a name need not be UTF-8. */
  readonly path: Buffer;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** When its content, name or rights last changed: no program can set it. Milliseconds since the epoch. */
  readonly changedAt: number;
}

export interface FileTree {
  readonly files: AsyncIterable<FoundFile>;
  /** Symbolic links, sockets, pipes and devices met so far: no copy of file contents holds them. */
  readonly special: () => number;
}

/** Files whose state is asked for at once: libuv has four threads. */
const batch = 16;

/**
 * All regular files below a folder, folder by folder. Follows no symbolic link, except that the root itself may be one.
 * @throws StepError `source` (unreadable, vanished while being read), `cancelled`
 */
export function fileTree(root: string, signal?: AbortSignal): FileTree {
  let special = 0;
  async function* walk(): AsyncGenerator<FoundFile> {
    const pending: Buffer[] = [Buffer.alloc(0)];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const files: Buffer[] = [];
      for (const entry of await entries(root, folder)) {
        const path = folder.length === 0 ? entry.name : Buffer.concat([folder, slash, entry.name]);
        if (entry.isDirectory()) pending.push(path);
        else if (entry.isFile()) files.push(path);
        else special += 1;
      }
      for (let at = 0; at < files.length; at += batch) {
        if (signal?.aborted) throw cancellation(`reading ${root}`, signal);
        yield* await Promise.all(files.slice(at, at + batch).map((path) => look(root, path)));
      }
    }
  }
  return { files: walk(), special: () => special };
}

const slash = Buffer.from("/");

function below(root: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(root), slash, path]);
}

async function entries(root: string, folder: Buffer): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(below(root, folder), { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    throw unreadable(root, folder, error);
  }
}

async function look(root: string, path: Buffer): Promise<FoundFile> {
  try {
    const { size, mtimeMs, ctimeMs } = await lstat(below(root, path));
    return { path, size, modifiedAt: mtimeMs, changedAt: ctimeMs };
  } catch (error) {
    throw unreadable(root, path, error);
  }
}

function unreadable(root: string, path: Buffer, cause: unknown): StepError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const what = path.length === 0 ? root : `${root}/${path.toString("utf8")}`;
  if (code === "EACCES" || code === "EPERM") {
    return new StepError("source", `${what} cannot be read: permission denied`, {
      advice: "run it as a user who may read it",
      cause,
    });
  }
  const why = code === "ENOENT" ? "it is not there (any more)" : String(cause);
  return new StepError("source", `${what} cannot be read: ${why}`, {
    advice: "read from a snapshot, which stands still, and check the path",
    cause,
  });
}
