import { lowest } from "./expression.ts";

/** What is promised of everything that a stack watches, over a month. */
export interface ServiceLevel {
  /** Never changed: what it is known by everywhere. */
  readonly id: string;
  readonly title: string;
  /** Of what, the share that is good. */
  readonly description: string;
  /** Share that must be good, 0 to 1. What is left of it is the error budget. */
  readonly target: number;
}

export const backupSuccess: ServiceLevel = {
  id: "backup-success",
  title: "Backups succeed",
  description: "Of all runs that were not skipped, those that ended as success.",
  target: 0.99,
};

export const recoveryPoint: ServiceLevel = {
  id: "recovery-point",
  title: "Data is as recent as promised",
  description:
    "Of all time, that in which the newest proven backup of each objective was younger than its recovery point objective.",
  target: 0.99,
};

/** 1 while it is met, 0 while it is not, also of what was never saved. Prometheus and Datadog take this one measure. */
export const recoveryPointMet = lowest("objectiveMet", { by: ["host", "objective"], where: { promise: ["rpo"] } });
