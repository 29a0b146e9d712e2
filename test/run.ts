/**
 * Runs the tests and ends with the plain line `N passed, N failed, N skipped`.
 *
 *   node test/run.ts [WORD…]      only files whose path holds one of the words
 *
 * PANTHEROS_REQUIRE_ALL=1: a skipped test is a failure, as in continuous integration.
 */
import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { createReport } from "./report.ts";
import { openStage } from "./stage.ts";

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
const report = createReport({
  write: (text) => process.stdout.write(text),
  requireAll: process.env["PANTHEROS_REQUIRE_ALL"] === "1",
  colours: process.stdout.isTTY === true && !process.env["NO_COLOR"],
  where: (file) => relative(root, file),
});

const stage = await openStage(tmpdir());
process.env["TMPDIR"] = stage.directory;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

const stream = run({
  cwd: root,
  files: files.map((file) => join(root, file)),
  concurrency: 2,
  // No file may take longer, whatever it waits for.
  timeout: 300_000,
  signal: stop.signal,
});
for await (const event of stream) report.take(event);
if (files.length === 0) report.failure("", "no tests", `no test file's path holds ${words.join(" or ")}`);
const left = await stage.clear();
if (stop.signal.aborted) report.failure("", "interrupted", "the run was stopped; what it had made was removed");
else if (left.length > 0) report.failure("", "left behind by a test, removed now", left.join("\n"));
process.exitCode = report.close() ? 0 : 1;
