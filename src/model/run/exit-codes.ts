import type { Run } from "./run.ts";

/** The command's exit codes: the same table in `--help`, in the README and here. */
export const exitCodes = {
  success: [0, "success; nothing to do"],
  failed: [1, "failed; or something is not as it must be (objectives, audit, disks, doctor)"],
  usage: [2, "usage or configuration error"],
  partial: [
    3,
    "partial: an optional step failed, files were skipped, or the run could not be journaled; or nothing is wrong, but something is unknown (objectives, audit, disks)",
  ],
  skipped: [4, "skipped: another run of the job holds the lock, or a condition of only_if does not hold"],
  pending: [5, "changes pending (plan)"],
  deadline: [124, "ended at its deadline or timeout"],
  hungUp: [129, "cancelled by SIGHUP: its terminal is gone"],
  interrupted: [130, "cancelled by SIGINT"],
  terminated: [143, "cancelled by SIGTERM"],
} as const satisfies Record<string, readonly [code: number, meaning: string]>;

/**
 * The exit code that tells how a run ended.
 * @param unjournaled the run is not in the ledger proper: success becomes partial, since nobody who watches the ledger can see it
 */
export function exitCodeOf(
  run: Pick<Run, "outcome" | "reason">,
  unjournaled: boolean,
  stoppedBy: string | null,
): number {
  if (run.reason === "cancelled") return exitCodeOfStop(stoppedBy);
  if (run.outcome === "failed") return exitCodes[run.reason === "timeout" ? "deadline" : "failed"][0];
  if (run.outcome === "skipped") return exitCodes.skipped[0];
  return exitCodes[run.outcome === "partial" || unjournaled ? "partial" : "success"][0];
}

/** @param stoppedBy the signal; null: somebody else has asked it to stop */
export function exitCodeOfStop(stoppedBy: string | null): number {
  const told = { SIGHUP: "hungUp", SIGINT: "interrupted", SIGTERM: "terminated" } as const;
  return exitCodes[told[stoppedBy as keyof typeof told] ?? "terminated"][0];
}
