import type { RetentionPolicy } from "../../config/retention.ts";
import type { Config } from "../../config/schema.ts";
import type { LastStep, Ledger } from "../../ledger/ledger.ts";
import {
  evaluateRetention,
  type Producer,
  type RetentionQuestion,
  type RetentionVerdict,
} from "../../model/retention/retention.ts";
import type { Artifact } from "../../model/samples/sample.ts";
import { previousOwedAt } from "../../model/time/schedule.ts";
import { type History, historiesOf } from "./histories.ts";
import { type SubjectLook, subjectLook } from "./look.ts";
import { policyKey, type RetentionPromise, type RetentionSubject, subjectsOf } from "./promises.ts";
import { describeStopped, type PruningRecord, pruningOf } from "./pruning.ts";

/** What a policy promises of one history, and what is there. */
export interface HistoryVerdict extends Pick<History, "name" | "jobs" | "timezone" | "artifacts"> {
  /** By what periods are owed: the schedules of its jobs; whole periods, where nobody knows one; nothing, where nobody adds to it any more. */
  readonly owed: "schedule" | "periods" | "nothing";
  readonly verdict: RetentionVerdict;
  readonly pruning: PruningRecord;
  /** That pruning has stopped, in a sentence; null: nothing is too many. */
  readonly stopped: string | null;
  /** What the verdict answers: for drawing a calendar of it. */
  readonly question: RetentionQuestion;
}

export interface SubjectVerdict extends RetentionSubject {
  /** `unpromised`: no policy. `unknown`: nothing has looked, or the last look did not get there. */
  readonly state: "kept" | "violated" | "unknown" | "unpromised";
  /** Why nothing is known; null: something is. */
  readonly unknown: string | null;
  readonly policyName: string | null;
  readonly policy: RetentionPolicy | null;
  /** Seconds since the epoch; null: there is no policy, or the ledger has not heard of it yet, and nothing is owed. */
  readonly inForceSince: number | null;
  /** Seconds since the epoch: what the verdict is true for. */
  readonly observedAt: number | null;
  readonly histories: readonly HistoryVerdict[];
}

/** What is known of retention: from the ledger alone. */
export interface RetentionWorld {
  readonly config: Config;
  readonly ledger: Pick<Ledger, "observations" | "declared" | "lastSteps">;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** A policy to be tried: what would it make of what exists? */
export interface Trial {
  readonly name: string;
  readonly policy: RetentionPolicy;
}

/**
 * Judges what was seen of every declared subject: the one judgement behind metrics, command and report. A verdict is true for the moment of its
 * look, not for now. A subject complies when all of its histories do.
 * @param trial judged instead of what is promised, as if it had always been in force and pruning were due at once
 */
export function retentionVerdicts({ config, ledger, now }: RetentionWorld, trial?: Trial): readonly SubjectVerdict[] {
  const observations = ledger.observations();
  const declared = ledger.declared("policy");
  const lastSteps = ledger.lastSteps();
  return subjectsOf(config).map(({ kind, subject, promise: promised }) => {
    const promise = trial ? triedPromise({ kind, subject }, trial) : promised;
    const look = subjectLook({ kind, subject }, config, observations);
    if (promise === null) return { ...nothingPromised(kind, subject), observedAt: look.observedAt };
    const since = trial ? null : (declared.get(policyKey(promise)) ?? null);
    const known = { ...promise, inForceSince: since === null ? null : since / 1000, observedAt: look.observedAt };
    if (look.unknown !== null) return { ...known, state: "unknown", unknown: look.unknown, histories: [] };
    const histories = historiesOf({ kind, subject }, look.artifacts, look.series, { config, lastSteps }).map(
      (history) => judge(history, promise, { config, lastSteps, look, now, trial, inForceSince: known.inForceSince }),
    );
    const isKept = histories.every(({ verdict }) => verdict.verdict === "compliant");
    return { ...known, state: isKept ? "kept" : "violated", unknown: null, histories };
  });
}

interface Judging {
  readonly config: Config;
  readonly lastSteps: readonly LastStep[];
  readonly look: SubjectLook;
  readonly now: number;
  readonly trial: Trial | undefined;
  readonly inForceSince: number | null;
}

function judge(history: History, promise: RetentionPromise, world: Judging): HistoryVerdict {
  const { name, jobs, timezone, artifacts, producers, chained, copiers = [] } = history;
  const { look, now, trial } = world;
  const recorded = pruningOf(promise, name, world.config, world.lastSteps);
  const pruning = trial ? { ...recorded, alsoKept: [], standsFor: "newest" as const } : recorded;
  const seenAt = Math.min(look.observedAt ?? now, now, ...copiers.map((copier) => lastCopyBefore(copier, now)));
  const question: RetentionQuestion = {
    timestamps: artifacts.map(({ at }) => at),
    policy: promise.policy,
    timezone,
    // Unheard of, it begins to be in force with the next one who may write the ledger.
    inForceSince: trial ? oldestOf(artifacts, seenAt) : (world.inForceSince ?? now),
    producers,
    now: seenAt,
    alsoKept: pruning.alsoKept ?? [],
    standsFor: pruning.standsFor ?? "newest",
    ...(chained === undefined ? {} : { chained }),
  };
  const verdict = evaluateRetention(question);
  const excess = { count: verdict.excess, since: verdict.excessSince, slack: promise.policy.slack };
  const owed = producers.length === 0 ? "nothing" : producers.some(({ schedule }) => schedule) ? "schedule" : "periods";
  const stopped = trial ? null : describeStopped(excess, pruning, now);
  return { name, jobs, timezone, artifacts, owed, verdict, pruning, stopped, question };
}

/** What was made since the last copy that has had its time cannot be here. */
function lastCopyBefore({ schedule, grace }: Producer, now: number): number {
  return schedule === null ? now : (previousOwedAt(schedule, now - grace) ?? now);
}

function triedPromise(subject: RetentionSubject, { name, policy }: Trial): RetentionPromise {
  return { ...subject, policyName: name, policy: { ...policy, slack: 0 } };
}

function oldestOf(artifacts: readonly Artifact[], none: number): number {
  return artifacts.reduce((oldest, { at }) => Math.min(oldest, at), none);
}

function nothingPromised(kind: RetentionSubject["kind"], subject: string): SubjectVerdict {
  return {
    ...{ kind, subject, state: "unpromised", unknown: null, policyName: null, policy: null },
    ...{ inForceSince: null, observedAt: null, histories: [] },
  };
}
