import { objectivePromises } from "../objective/objective.ts";
import { gauge, type MetricDefinition } from "./definition.ts";

/** Objectives. */
export const objectives = {
  objectiveRpoPromised: gauge(
    "objective_rpo_promised_seconds",
    "objective.rpo.promised",
    "seconds",
    ["objective"],
    "Recovery point objective: the data loss that is promised at most.",
  ),
  objectiveRpoActual: gauge(
    "objective_rpo_actual_seconds",
    "objective.rpo.actual",
    "seconds",
    ["objective"],
    "Age of the oldest of the objective's newest proven backups.",
  ),
  objectiveRtoPromised: gauge(
    "objective_rto_promised_seconds",
    "objective.rto.promised",
    "seconds",
    ["objective"],
    "Recovery time objective: how long a restore may take at most.",
  ),
  objectiveRtoActual: gauge(
    "objective_rto_actual_seconds",
    "objective.rto.actual",
    "seconds",
    ["objective"],
    "The longest recovery time that the objective's drills measured last; absent without one.",
  ),
  objectiveCopiesPromised: gauge(
    "objective_copies_promised",
    "objective.copies.promised",
    "count",
    ["objective"],
    "Copies that must exist, the original among them.",
  ),
  objectiveCopies: gauge(
    "objective_copies",
    "objective.copies",
    "count",
    ["objective"],
    "Copies of the data, the original among them; a copy counts when its own place has listed it and it is fresh enough.",
  ),
  objectiveOffsitePromised: gauge(
    "objective_offsite_copies_promised",
    "objective.offsite_copies.promised",
    "count",
    ["objective"],
    "Offsite copies that must exist.",
  ),
  objectiveOffsite: gauge(
    "objective_offsite_copies",
    "objective.offsite_copies",
    "count",
    ["objective"],
    "Copies that are offsite.",
  ),
  objectiveMedia: gauge(
    "objective_media",
    "objective.media",
    "count",
    ["objective"],
    "Different media that hold a copy, that of the original among them.",
  ),
  objectiveMet: gauge(
    "objective_met",
    "objective.met",
    "boolean",
    ["objective", "promise"],
    "1 when a promise (rpo, rto, copies, offsite, retention, budget) holds, 0 when it is broken; absent when nothing has measured it.",
    { promise: objectivePromises },
  ),
} as const satisfies Record<string, MetricDefinition>;
