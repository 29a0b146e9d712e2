import type { HistoryVerdict, SubjectVerdict } from "../../collectors/retention-look/verdicts.ts";
import { formatDuration } from "../../model/quantity.ts";
import { tierNames } from "../../model/retention/keep.ts";
import type { Style } from "../terminal/style.ts";

/** A verdict as a person says it, in colours. */
export function verdictWords(seen: SubjectVerdict, isTrial: boolean, style: Style): string {
  if (seen.state === "unpromised") return style.dim("nothing promised");
  if (seen.state === "unknown") return style.warn("unknown");
  const tiers = seen.histories.flatMap(({ verdict }) => verdict.tiers);
  if (seen.state === "kept") {
    return style.good(tiers.some(({ expected }) => expected > 0) ? "kept" : "kept, nothing owed");
  }
  const missing = tiers.reduce((sum, tier) => sum + tier.missing.length, 0);
  const faults = [missing > 0 ? `${missing} missing` : null, excessWords(seen, isTrial)];
  return style.bad(faults.filter((fault) => fault !== null).join(", "));
}

function excessWords({ histories }: SubjectVerdict, isTrial: boolean): string | null {
  const excess = histories.reduce((sum, { verdict }) => sum + verdict.excess, 0);
  if (excess === 0) return null;
  if (isTrial) return `${excess} would go`;
  const hasStopped = histories.some(({ stopped }) => stopped?.startsWith("pruning has stopped"));
  return hasStopped ? "not pruned" : `${excess} too many`;
}

/** What a person has to know besides the numbers. */
export function sentences({ kind, subject, unknown, histories }: SubjectVerdict, style: Style): string[] {
  if (unknown !== null) return [style.warn(`${kind} ${subject}: ${unknown}`)];
  return histories.flatMap((history) => {
    const what = `${kind} ${subject}${history.name === null ? "" : `, ${history.name}`}`;
    const ahead = history.verdict.heldBy.filter((holds) => holds.includes("future")).length;
    const future = `${what}: ${ahead} dated after now: a clock was wrong, they stand for no period`;
    return [
      ...(history.stopped === null ? [] : [style.bad(`${what}: ${history.stopped}`)]),
      ...(ahead === 0 ? [] : [style.warn(future)]),
      ...(history.owed === "nothing" ? [style.dim(`${what}: no job adds to it any more, nothing is owed`)] : []),
    ];
  });
}

/** `laptop (daily 7, weekly 4), in force for 200d` */
export function policyWords({ policyName, policy, inForceSince }: SubjectVerdict, at: number): string {
  const kept = tierNames.flatMap((tier) => {
    const promised = policy?.[tier];
    if (!promised) return [];
    return [`${tier} ${tier === "within" ? formatDuration(promised) : promised}`];
  });
  const since = inForceSince === null ? "not in force yet" : `in force for ${formatDuration(at - inForceSince)}`;
  return `${policyName} (${kept.join(", ")}), ${since}`;
}

export function owedWords({ owed, jobs }: HistoryVerdict): string {
  if (owed === "nothing") return "nothing is owed: no job adds to it any more";
  if (owed === "schedule") return `owed by the schedule of ${jobs.join(", ")}`;
  const why = jobs.length === 0 ? "no job of this configuration makes it" : `${jobs.join(", ")} has no schedule`;
  return `every period that is over is owed: ${why}`;
}

/** The leading unit alone: `174d`, `15h`; what lies ahead as `in 20d`. */
export function brief(seconds: number): string {
  const [leading = ""] = formatDuration(Math.abs(Math.trunc(seconds))).split(" ");
  return seconds < -1 ? `in ${leading}` : leading;
}
