import { formatBytes, formatDuration } from "../quantity.ts";
import { claimOf } from "./claim.ts";
import type { Step } from "./run.ts";

// Texts are joined, not written as templates: of a hundred thousand runs each would be kept with all of its pieces.

/** Names that are written out; a run that makes thousands of snapshots shall not fill a page. */
const mostNamed = 4;

/** What a step says it has left behind, as a person would look for it; empty: nothing that others could see. */
export function artifactsOf(step: Pick<Step, "kind" | "target" | "evidence" | "outcome">): string[] {
  const claim = step.outcome === "success" ? claimOf(step) : null;
  if (claim === null) return [];
  switch (claim.kind) {
    case "subvolume":
      return [claim.path];
    case "repository": {
      const named = claim.snapshotIds
        .slice(0, mostNamed)
        .map((id) => ["snapshot", id.slice(0, 8), "in", claim.subject].join(" "));
      const more = claim.snapshotIds.length - named.length;
      return more > 0 ? [...named, `and ${more} more in ${claim.subject}`] : named;
    }
    case "destination":
      return [`${claim.name === "" ? "the top" : claim.name} at ${claim.subject}`];
  }
}

/** What a step has proved, in a few words; empty: nothing. */
export function provedBy({
  id,
  kind,
  outcome,
  files,
  bytes,
  evidence,
}: Pick<Step, "id" | "kind" | "outcome" | "files" | "bytes" | "evidence">): string[] {
  if (outcome !== "success") return [];
  const seconds = number(evidence["rto_seconds"]);
  if (kind === "drill" && seconds !== null) {
    return [`${id}: restored in ${formatDuration(seconds)}${evidence["rto_estimated"] === true ? " (reckoned)" : ""}`];
  }
  const coverage = number(evidence["coverage_ratio"]);
  if (kind === "check") return [coverage === null ? `${id}: read back` : `${id}: ${percent(coverage)} read back`];
  const amounts = [files === null ? null : `${files} files`, bytes === null ? null : formatBytes(bytes)];
  const said = amounts.filter((amount) => amount !== null).join(", ");
  return said === "" ? [] : [[id, said].join(": ")];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
