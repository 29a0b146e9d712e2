#!/usr/bin/env node
import module from "node:module";
import { join } from "node:path";
import { openCompileCache, removeOtherBuilds } from "./commands/cache.ts";
import { loadCompiled } from "./commands/compiled.ts";
import { commands } from "./commands/index.ts";
import { favourMemory } from "./commands/memory.ts";

const [, , name = ""] = process.argv;
// First of all: what V8 compiles, and whether it takes it from the cache, depends on how it was told to work.
const { stays } = commands[name] ?? {};
if (stays !== undefined) favourMemory(stays);
const cache = openCompileCache(process.env);
if (cache) {
  module.enableCompileCache(cache.folder);
  // A run is what timers start, day and night; the file is one of the build's.
  if (name === "run") loadCompiled(join(import.meta.dirname, "run.js"), cache.folder);
}
void import("./commands/start.ts")
  .then(({ start }) => start(process))
  .then((exitCode) => {
    if (cache?.isNew) removeOtherBuilds(cache.folder);
    // The only process.exit: what is still open then (a socket that nobody reads, a timer) must not keep a finished command alive.
    process.exit(exitCode);
  });
