import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { fileFailure } from "../files/failure.ts";
import { isMissing } from "../files/filesystem.ts";
import { fileTree } from "../files/tree.ts";
import { objectName } from "../rclone/names.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";

/** What is being written has this behind its name, until it is whole and on the disk. */
const partial = ".partial";

/** A folder, for example on another disk. */
export function folderStore(root: string, signal: AbortSignal): ObjectStore {
  const fileOf = (key: string) => join(root, key);

  async function* everything(folder: string): AsyncGenerator<StoredObject> {
    const path = fileOf(folder);
    if ((await sizeOf(path)) === null) return;
    for await (const file of fileTree(path, signal).files) {
      yield { key: folder === "" ? objectName(file.path) : `${folder}/${objectName(file.path)}`, size: file.size };
    }
  }

  async function write(key: string, bytes: AsyncIterable<Buffer>): Promise<number> {
    const file = fileOf(key);
    if ((await sizeOf(root)) === null) {
      throw new StepError("config", `the destination ${root} is not there`, {
        advice: `mount it, or create it: mkdir -p ${root}`,
      });
    }
    try {
      await mkdir(dirname(file), { recursive: true });
      const size = await writeDurably(`${file}${partial}`, bytes, signal);
      await rename(`${file}${partial}`, file);
      await syncDirectory(dirname(file));
      return size;
    } catch (error) {
      // Where it cannot be removed either, what came first says why.
      await rm(`${file}${partial}`, { force: true }).catch(() => undefined);
      throw asFailure(file, error);
    }
  }

  return {
    url: fileOf,
    async *list(folder) {
      for await (const object of everything(folder)) if (!object.key.endsWith(partial)) yield object;
    },
    async find(key) {
      const size = await sizeOf(fileOf(key));
      return size === null ? null : { key, size };
    },
    read: (key, expectedBytes) => readFile(fileOf(key), expectedBytes, signal),
    write,
    writeText: async (key, text) => {
      await write(key, once(Buffer.from(text)));
    },
    async discard(key) {
      for (const file of [fileOf(key), `${fileOf(key)}${partial}`]) await remove(file);
    },
    discardUnfinished: (key) => remove(`${fileOf(key)}${partial}`),
    async *unfinished(folder) {
      for await (const { key } of everything(folder)) if (key.endsWith(partial)) yield key.slice(0, -partial.length);
    },
    close: () => undefined,
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function writeDurably(path: string, bytes: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  const file = await open(path, "w", 0o600);
  let size = 0;
  try {
    for await (const chunk of bytes) {
      if (signal.aborted) throw cancellation(`writing ${path}`, signal);
      await file.writeFile(chunk);
      size += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

/** The new name is on the disk when the folder is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause) => {
    throw asFailure(path, cause);
  });
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw asFailure(path, error);
  }
}

async function* readFile(path: string, expectedBytes: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024, signal })) {
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (signal.aborted) throw cancellation(`reading ${path}`, signal);
    throw asFailure(path, error);
  }
  if (size === expectedBytes) return;
  throw new StepError("verification", `${path} has ${size} bytes, the listing says ${expectedBytes}`, {
    advice: "look at the destination: somebody writes there, or it has lost data",
  });
}

function asFailure(path: string, cause: unknown): unknown {
  return cause instanceof StepError || (cause as NodeJS.ErrnoException).code === undefined
    ? cause
    : fileFailure(path, cause);
}
