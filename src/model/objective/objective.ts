/** What a data set may be promised: each is judged by itself. The names are labels of `objective_met`: a closed set. */
export const objectivePromises = ["rpo", "rto", "copies", "offsite", "retention", "budget"] as const;
export type ObjectivePromise = (typeof objectivePromises)[number];

/** Promises in the words of a person. */
export const promiseNames: Readonly<Record<ObjectivePromise, string>> = {
  rpo: "recovery point (RPO)",
  rto: "recovery time (RTO)",
  copies: "copies",
  offsite: "offsite copies",
  retention: "retention",
  budget: "budget",
};

/** `unknown`: nothing has measured it, which is neither kept nor broken. */
export type Verdict = "holds" | "broken" | "unknown";

/** One promise, what was measured of it, and what follows. All moments and durations are seconds. */
export interface Judgement {
  readonly promise: ObjectivePromise;
  readonly verdict: Verdict;
  /** Seconds of `rpo` and `rto`, a count of `copies` and `offsite`, US dollars of `budget`; null: retention promises no number. */
  readonly promised: number | null;
  /** In the unit of `promised`; null: nobody knows. */
  readonly measured: number | null;
  /** The moment that the evidence is true for; null: there is none. */
  readonly at: number | null;
  /** For a person, without a full stop. */
  readonly why: string;
  /** What to do or to configure when it does not hold; null: nothing to say. */
  readonly advice: string | null;
}

/** The newest data that one job has saved, or that a repository holds which others fill. */
export interface RecoveryPoint {
  /** `job home`, `repository q`. */
  readonly source: string;
  /** The data is as old as this; null: there is none, or nobody can see it. */
  readonly at: number | null;
  /** Why there is no `at`, or what proves it. */
  readonly why: string;
  /** Where nothing was ever saved: since when it should have been; null: unknown. */
  readonly missingSince: number | null;
}

/** One drill of a data set: its last success, and whether one has failed since. */
export interface DrillResult {
  readonly job: string;
  /** Its last success; null: never. */
  readonly at: number | null;
  /** From nothing to usable data. */
  readonly seconds: number | null;
  /** Reckoned from a part of the data. */
  readonly estimated: boolean;
  /** The failure of its last attempt; null: that succeeded, or none is known. */
  readonly failure: { readonly at: number; readonly why: string } | null;
}

/** `late`: seen, and older than the recovery point allows. */
export type CopyState = "proven" | "unproven" | "disagrees" | "late";

/** A place besides the original where the data should be. */
export interface CopyAtPlace {
  /** `repository main`, `destination b2`. */
  readonly place: string;
  readonly medium: string;
  readonly offsite: boolean;
  readonly state: CopyState;
  /** The data there is as old as this; null: unknown. */
  readonly at: number | null;
  readonly why: string;
}

/** The verdict on one history that the data set's jobs and repositories write. */
export interface RetentionOfSubject {
  readonly subject: string;
  readonly policy: string;
  /** Null: not judged yet. */
  readonly compliant: boolean | null;
  readonly at: number | null;
}

/** Everything that the promises of one data set are judged by; what is not promised is null. */
export interface ObjectiveEvidence {
  readonly rpo: { readonly promised: number; readonly points: readonly RecoveryPoint[] } | null;
  readonly rto: {
    readonly promised: number;
    /** How old a drill may be and still prove anything. */
    readonly within: number;
    readonly drills: readonly DrillResult[];
  } | null;
  readonly copies: { readonly promised: number | null; readonly offsite: number | null } | null;
  readonly places: readonly CopyAtPlace[];
  readonly retention: readonly RetentionOfSubject[];
  readonly budget: { readonly promised: number; readonly used: number | null; readonly at: number | null } | null;
}

/** The worst of several: one broken promise breaks the whole; null: nothing is promised. */
export function worstVerdict(judgements: readonly { readonly verdict: Verdict }[]): Verdict | null {
  const order: readonly Verdict[] = ["broken", "unknown", "holds"];
  return order.find((verdict) => judgements.some((judgement) => judgement.verdict === verdict)) ?? null;
}
