import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Recording } from "../fixtures/postgres/record.ts";

const fixtures = join(import.meta.dirname, "../fixtures/postgres");

/** Versions of which recordings are kept. */
export const postgresVersions: readonly string[] = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

export function postgresCases(version: string): readonly string[] {
  return readdirSync(join(fixtures, version)).map((file) => file.replace(/\.json$/, ""));
}

export function postgresRecording(version: string, name: string) {
  const seen = JSON.parse(readFileSync(join(fixtures, version, `${name}.json`), "utf8")) as Recording;
  return { ...seen, stdout: seen.stdout.join("\n"), stderr: seen.stderr.join("\n") };
}
