import type { LastStep } from "../ledger/ledger.ts";
import { claimOf } from "../model/run/claim.ts";
import { lastLook } from "./collector.ts";
import type { KnownState } from "./known-state.ts";
import { type Proof, proofOf } from "./proof.ts";

/** A step's last success, held against what was seen. */
export interface SeenStep {
  readonly step: LastStep;
  /** Null: it leaves nothing that others could see. */
  readonly proof: Proof | null;
  /** What can be relied on now: itself while nothing contradicts it, else an earlier one that was seen; null: nothing. */
  readonly usable: DatedProof | null;
  /** The newest that its place has shown since it was made; null: none. */
  readonly shown: DatedProof | null;
}

export interface DatedProof {
  /** Start of its run, seconds since the epoch: the data is at least as old. */
  readonly at: number;
  readonly why: string;
}

/** How far back one looks for an earlier one that is still there: it would have to be as old as this many runs. */
const earlierRuns = 8;

/**
 * Holds steps against what was seen since. Right after a run nobody has looked yet, and then the one before it is what its place has shown:
 * without that every copy would be doubtful until the next look.
 */
export function seenSteps(steps: readonly LastStep[], state: KnownState): SeenStep[] {
  const known = knownBy.get(state) ?? new Map<LastStep, SeenStep>();
  knownBy.set(state, known);
  return steps.map((step) => {
    const seen = known.get(step) ?? seenStep(step, state);
    known.set(step, seen);
    return seen;
  });
}

/** Several judgements ask for the same steps. */
const knownBy = new WeakMap<KnownState, Map<LastStep, SeenStep>>();

function seenStep(step: LastStep, state: KnownState): SeenStep {
  const proof = proofOf(step, state.observations);
  const at = step.runStartedAt / 1000;
  if (proof === null) return { step, proof, shown: null, usable: { at, why: "proved by its own run" } };
  if (proof.state === "proven") {
    const dated = { at, why: proof.why };
    return { step, proof, shown: dated, usable: dated };
  }
  const earlier = earlierShown(step, state);
  return { step, proof, shown: earlier, usable: proof.state === "unproven" ? { at, why: proof.why } : earlier };
}

function earlierShown(step: LastStep, { ledger, observations }: KnownState): DatedProof | null {
  const claim = claimOf(step);
  // A place that nobody has ever looked at has not shown anything earlier either.
  if (claim === null || lastLook(observations, claim.kind, claim.subject) === null) return null;
  for (const { runId, finishedAt, startedAt, ...past } of ledger.pastSteps(step, earlierRuns)) {
    if (finishedAt >= step.finishedAt) continue;
    const proof = proofOf({ ...step, ...past, finishedAt }, observations);
    if (proof?.state !== "proven") continue;
    const at = (ledger.run(runId)?.startedAt ?? startedAt) / 1000;
    return { at, why: `an earlier one, ${proof.why}` };
  }
  return null;
}
