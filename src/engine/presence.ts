import type { Run } from "../model/run/run.ts";
import { sightOf } from "../tools/process/process.ts";

/** How often a living run says so in the ledger, milliseconds. */
export const heartbeat = 10_000;
/** A run that nobody here can see and that has been silent for so many heartbeats is gone. */
const silence = 6 * heartbeat;

/**
 * Whether the process of an unfinished run is gone for certain. Where it cannot be seen from here – it runs in a container that shares the state
 * directory, or /proc shows only our own –, its heartbeat decides. @param now milliseconds since the epoch
 */
export function isGone(run: Pick<Run, "holder" | "seenAt">, now: number): boolean {
  const sight = sightOf(run.holder);
  return sight === "gone" || (sight === "hidden" && now - run.seenAt > silence);
}
