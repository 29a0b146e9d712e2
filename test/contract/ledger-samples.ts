import type { RunFinish, RunStart } from "../../src/ledger/ledger.ts";
import type { StepFinish, StepPlan } from "../../src/model/run/run.ts";

export const holder = { bootId: "6ac1d6a5-0000-4000-8000-000000000001", pid: 4711, startTicks: 99 };
export const noon = Date.UTC(2026, 10, 21, 12);
export const snapshotStep: StepPlan = {
  position: 0,
  id: "snap",
  uses: "snapshot.btrfs",
  kind: "snapshot",
  target: "home",
  optional: false,
};
export const backupStep: StepPlan = {
  position: 1,
  id: "offsite",
  uses: "backup.restic",
  kind: "backup",
  target: "vault",
  optional: true,
};

export function runStart(id: string, changes: Partial<RunStart> = {}): RunStart {
  const startedAt = changes.startedAt ?? noon;
  return {
    id,
    job: "nightly",
    trigger: "schedule",
    startedAt,
    deadlineAt: startedAt + 3_600_000,
    holder,
    steps: [snapshotStep, backupStep],
    ...changes,
  };
}

export function runFinish(changes: Partial<RunFinish> = {}): RunFinish {
  return { finishedAt: noon + 60_000, outcome: "success", reason: null, message: null, increments: [], ...changes };
}

export function stepFinish(changes: Partial<StepFinish> = {}): StepFinish {
  const nothing = { reason: null, message: null, exitCode: null, signal: null, bytes: null, files: null, tail: null };
  return { outcome: "success", attempts: 1, evidence: {}, ...nothing, ...changes };
}
