import { policiesInForce } from "../../config/policies.ts";
import type { RetentionPolicy } from "../../config/retention.ts";
import { timezoneOf } from "../../config/timezone.ts";
import { keepByAny } from "../../model/retention/retention.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { RunnerContext } from "../runner.ts";
import type { Prunable, Shelf } from "./shelf.ts";

/** What is to be pruned, and by which policy besides the promised one. */
interface Question {
  readonly destination: string;
  readonly keep?: string | RetentionPolicy | undefined;
}

export interface Verdict {
  /** In the order in which it has to go. */
  readonly removable: readonly Prunable[];
  /** What stays although the policy does not hold it. */
  readonly spared: readonly { readonly name: string; readonly why: string }[];
}

/** Whatever the policy: `keepByAny` always holds the newest, and what a job claims as its last is spared. */
export function judge(all: readonly Prunable[], shelf: Shelf, options: Question, context: RunnerContext): Verdict {
  const { config, job, now } = context;
  const claimed = claimedOn(shelf, options, context);
  requirePresent(all, claimed, options, context);
  const timezone = timezoneOf(config.jobs[job], config);
  const times = all.map(({ at }) => at);
  const verdict = keepByAny(times, policiesOf(options, context), timezone, { now: now() / 1000 });
  const kept = new Set([...verdict.kept.keys()].map((index) => (all[index] as Prunable).name));
  const spared: { name: string; why: string }[] = [];
  for (const name of claimed.keys()) {
    if (kept.has(name)) continue;
    kept.add(name);
    spared.push({ name, why: `job ${claimed.get(name)} claims it as its last` });
  }
  const { removable, needed } = shelf.removable(all, kept);
  spared.push(...needed.map(({ name, by }) => ({ name, why: `${by} needs it` })));
  return { removable, spared };
}

/** What jobs have proven there as their last, by name → job. */
function claimedOn(shelf: Shelf, { destination }: Question, { lastSteps }: RunnerContext): ReadonlyMap<string, string> {
  const claimed = new Map<string, string>();
  for (const { job, evidence } of lastSteps()) {
    if (evidence["destination"] !== destination) continue;
    const name = shelf.claimed(evidence);
    if (name !== null) claimed.set(name, job);
  }
  return claimed;
}

/**
 * A listing that lacks what was proven there is not whole, or something has happened that pruning must not make worse. Jobs that are not
 * declared any more will never prove anything new: they do not count.
 */
function requirePresent(
  all: readonly Prunable[],
  claimed: ReadonlyMap<string, string>,
  options: Question,
  { config }: RunnerContext,
): void {
  const present = new Set(all.map(({ name }) => name));
  for (const [name, job] of claimed) {
    if (present.has(name) || !Object.hasOwn(config.jobs, job)) continue;
    throw new StepError(
      "disagreement",
      `${options.destination} does not list ${name}, the last that ${job} has proven`,
      {
        advice: `find out where it has gone; nothing was removed, and nothing will be until ${job} has succeeded again`,
      },
    );
  }
}

/** @throws StepError `config` when nothing says what is kept */
export function policiesOf({ destination, keep }: Question, { config }: RunnerContext) {
  const declared = Object.hasOwn(config.destinations, destination) ? config.destinations[destination] : undefined;
  const promised = { kind: "destination", name: destination, retention: declared?.retention } as const;
  return policiesInForce(keep, promised, config.retention);
}
