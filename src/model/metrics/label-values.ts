import { type Hold, tierNames } from "../retention/keep.ts";
import { outcomes, type Reason, reasons } from "../run/outcome.ts";

/** Of what succeeded. */
export const noReason = "none";
/** Of a counter that had no room for one more reason, see `mostCountedReasons`. */
export const otherReason = "other";

/** Why something that is counted did not succeed. */
export const failureReasons: readonly (Reason | typeof otherReason)[] = [
  ...(Object.keys(reasons) as Reason[]),
  otherReason,
];
/** The same of all runs, of successful ones too. */
export const runReasons = [noReason, ...failureReasons] as const;

/** How a job's last run ended; `never`: none has finished yet. */
export const lastOutcomes = [...outcomes, "never"] as const;

/** How the age of a job's last success is to be judged: one that runs on Sundays is not late on a Tuesday. */
export const rhythms = ["daily", "rarer", "awake", "none"] as const;
export type Rhythm = (typeof rhythms)[number];

/** `unproven`: nothing has looked since; that is neither proven nor refuted. */
export const proofStates = ["proven", "unproven", "disagrees"] as const;
export type ProofState = (typeof proofStates)[number];

/** What lies on a subvolume, as declared. */
export const subvolumeContents = ["files", "database"] as const;

/** Why a snapshot is kept; `all`: every one, for whatever reason. */
export const snapshotTypes: readonly (Hold | "all")[] = ["all", ...tierNames, "future", "keep", "chain"];

/** What a retention policy can be promised for. */
export const subjectKinds = ["subvolume", "repository", "destination"] as const;
/** What a configuration declares by a name, jobs apart. */
export const declaredKinds = [...subjectKinds, "objective", "policy"] as const;

/** What a bucket stores: old versions are hidden, uploads that were never completed unfinished. */
export const storedStates = ["live", "hidden", "unfinished"] as const;
/** Of a forecast. */
export const forecastBounds = ["low", "likely", "high"] as const;
