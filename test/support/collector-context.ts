import type { CollectorContext } from "../../src/collectors/collector.ts";
import { configuration } from "../../src/config/schema.ts";
import type { Artifact } from "../../src/model/samples/sample.ts";
import { createExecute } from "../../src/tools/exec.ts";
import { notesInMemory } from "./notes.ts";

/**
 * What the snapshots collector gets to see: the real tools, and what an earlier look saw.
 * @param config as written, without the host
 */
export function collectorContextOf(
  config: Readonly<Record<string, unknown>>,
  seen: readonly Artifact[] = [],
): CollectorContext {
  const ledger = { observations: () => [{ collector: "snapshots", artifacts: seen }] };
  return {
    ledger,
    config: configuration.parse({ host: "testhost", state_directory: "/", ...config }),
    execute: createExecute({ env: process.env, defaultTimeoutSeconds: 60 }),
    now: Date.now() / 1000,
    ...notesInMemory(),
  } as unknown as CollectorContext;
}
