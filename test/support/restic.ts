import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { onPath } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";

export interface ResticRepository {
  readonly path: string;
  /** Mode 0600. */
  readonly passwordFile: string;
  readonly program: string;
  /** Runs restic on the repository and returns its standard output. */
  restic(...args: string[]): string;
}

/**
 * An empty local repository for one test, with a cache of its own.
 * @param program which restic; @default the machine's own
 * @param options.init false: only the places, nothing is created. @default true
 */
export function createRepository(
  t: Pick<TestContext, "after">,
  program: string | null = onPath("restic"),
  options: { readonly init?: boolean } = {},
): ResticRepository {
  assert.ok(program, 'no restic here: the test has to say needs("restic")');
  const base = temporaryDirectory(t);
  const path = join(base, "repository");
  const passwordFile = join(base, "password");
  writeFileSync(passwordFile, "correct horse battery staple\n", { mode: 0o600 });
  const restic = (...args: string[]) =>
    execFileSync(
      program,
      ["--repo", path, "--password-file", passwordFile, "--cache-dir", join(base, "cache"), ...args],
      {
        encoding: "utf8",
        timeout: 60_000,
        maxBuffer: 64 * 1024 * 1024,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
  if (options.init !== false) restic("init");
  return { path, passwordFile, program, restic };
}
