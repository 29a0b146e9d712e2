#!/usr/bin/env node
import { mkdirSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { cacheFolder, isPrivate } from "./commands/cache.ts";
import { commands } from "./commands/index.ts";
import { favourMemory } from "./commands/memory.ts";

// First of all: what V8 compiles, and whether it takes it from the cache, depends on how it was told to work.
const { stays } = commands[process.argv[2] ?? ""] ?? {};
if (stays !== undefined) favourMemory(stays);
enableCompileCache();
void import("./commands/start.ts")
  .then(({ start }) => start(process))
  // The only process.exit: what is still open then (a socket that nobody reads, a timer) must not keep a finished command alive.
  .then((exitCode) => process.exit(exitCode));

/**
 * Compiled code is kept between starts, in a folder that only its owner can write: Node's default below the shared temporary folder would
 * let another user put code there that root then runs. One for all commands: Node stores the code of a file as it is right after the file was
 * compiled, whatever is called of it later, and keeps code for other flags of V8 apart by itself.
 */
function enableCompileCache(): void {
  if (process.env["NODE_DISABLE_COMPILE_CACHE"]) return;
  const directory = join(cacheFolder(process.env), "compile");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (isPrivate(directory)) module.enableCompileCache(directory);
  } catch {
    // A read-only or foreign cache folder costs some milliseconds and nothing else.
  }
}
