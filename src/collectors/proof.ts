import type { LastStep } from "../ledger/ledger.ts";
import type { ProofState } from "../model/metrics/label-values.ts";
import { formatBytes } from "../model/quantity.ts";
import { type Claim, claimOf } from "../model/run/claim.ts";
import type { Artifact, Observation } from "../model/samples/sample.ts";
import { lastLook, wasTried } from "./collector.ts";
import { artifactsOf } from "./look-index.ts";

export interface Proof {
  readonly state: ProofState;
  /** For a person: what was seen, or why nothing is known. */
  readonly why: string;
}

/** What a step claims, held against what somebody else has seen since; null: it claims nothing that could be seen. */
export function proofOf(step: LastStep, observations: readonly Observation[]): Proof | null {
  const claim = claimOf(step);
  if (claim === null) return null;
  const look = lastLook(observations, claim.kind, claim.subject);
  const observedAt = look?.observedAt ?? null;
  if (look === null || observedAt === null) {
    const what = `${claim.kind} ${claim.subject}`;
    const why = wasTried(observations, claim.kind)
      ? `the last look did not get to ${what}`
      : `nobody has looked at ${what} yet`;
    return { state: "unproven", why };
  }
  if (observedAt * 1000 < step.finishedAt) {
    return { state: "unproven", why: `nobody has looked at ${claim.kind} ${claim.subject} since` };
  }
  const missing = missingFrom(claim, artifactsOf(look, claim.subject));
  const when = minuteOf(observedAt);
  return missing === null
    ? { state: "proven", why: `seen at ${when}` }
    : { state: "disagrees", why: `${missing} (looked at ${when})` };
}

/** `2026-11-21 16:36 UTC`: stays true, however late it is read. */
function minuteOf(at: number): string {
  return `${new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** @returns what is missing, in words; null: all of it is there */
function missingFrom(claim: Claim, seen: readonly Artifact[]): string | null {
  switch (claim.kind) {
    case "subvolume":
      // Another snapshot may have taken its name, and one filesystem may be mounted at two places: a UUID is never given twice.
      return seen.some(({ name, identity }) =>
        claim.uuid !== null && identity !== undefined ? identity === claim.uuid : name === claim.path,
      )
        ? null
        : `${claim.path} is not there`;
    case "repository": {
      // restic 0.14 reports the first 8 characters of an id.
      const gone = claim.snapshotIds.find((id) => !seen.some(({ name }) => name.startsWith(id)));
      return gone === undefined ? null : `snapshot ${gone} is not in repository ${claim.subject}`;
    }
    case "destination": {
      const found = seen.find(({ name }) => name === claim.name);
      const where = `${claim.name === "" ? "the top" : claim.name} of destination ${claim.subject}`;
      if (!found || found.files === 0) return `nothing is at ${where}`;
      if (claim.files !== null && (found.files ?? 0) < claim.files)
        return `${found.files ?? 0} of ${claim.files} files are at ${where}`;
      if (claim.bytes !== null && (found.bytes ?? 0) < claim.bytes)
        return `${formatBytes(found.bytes ?? 0)} of ${formatBytes(claim.bytes)} are at ${where}`;
      return null;
    }
  }
}

/** The worst of several: a job may leave more than one thing at a target. */
export function worstProof(proofs: readonly Proof[]): Proof | null {
  const order: readonly ProofState[] = ["disagrees", "unproven", "proven"];
  return proofs.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0] ?? null;
}
