import { StepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";

export interface RdbCheck {
  /** `unable`: the checker is older than the dump's format, which says nothing about the dump. */
  readonly verdict: "passed" | "unable";
  /** Null where it could not count them. */
  readonly keys: number | null;
}

/**
 * `valkey-check-rdb` or `redis-check-rdb` on a dump: it takes every value apart, also those of modules, which describe themselves
 * (FalkorDB's graphs do; seen with the checker of Redis 8.2). One that is older than the dump refuses to begin.
 * @throws StepError `verification` when it finds the dump broken, and those of `execute`
 */
export async function checkRdb(program: string, file: string, execute: Execute): Promise<RdbCheck> {
  const { exitCode, signal, stdout, stderr } = await execute({ argv: [program, file] });
  const said = `${stdout}\n${stderr}`;
  if (exitCode === 0) return { verdict: "passed", keys: keysIn(said) };
  if (/Can't handle RDB format version/.test(said)) return { verdict: "unable", keys: null };
  const [, error] = /^\[offset \d+\] (.*)$/m.exec(said.split("--- RDB ERROR DETECTED ---")[1] ?? "") ?? [];
  const how = error ?? (signal === null ? `exit code ${exitCode}` : `it was ended by ${signal}`);
  throw new StepError("verification", `${program} finds ${file} broken: ${how}`, {
    advice:
      "nothing of it was uploaded; its checksum fits, so the server wrote it so: update the server or the checker",
    exitCode,
    signal,
    tail: said.trim().split("\n").slice(-20).join("\n"),
  });
}

function keysIn(said: string): number | null {
  const [, keys] = /^\[info\] (\d+) keys read$/m.exec(said) ?? [];
  return keys === undefined ? null : Number(keys);
}
