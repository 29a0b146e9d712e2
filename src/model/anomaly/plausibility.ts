import { median } from "./statistics.ts";

/** How many earlier sizes a size is held against: enough that one odd one does not decide, few enough to follow data that shrinks for good. */
export const plausibleHistory = 7;

/** Why a size is not believed. */
export interface Implausible {
  /** The median of the earlier sizes. */
  readonly usual: number;
  /** The smallest size that would have been believed. */
  readonly smallest: number;
}

/**
 * Whether an artifact is suspiciously smaller than the last good ones. Measured against their median, so that neither one that was huge nor
 * one that was tiny moves the bar; what grows is always believed.
 * @param earlier sizes of the last good ones, newest first; those after `plausibleHistory` are not looked at
 * @param minimumRatio share of the median that is still believed; 0 believes everything
 * @returns null: plausible, or there is nothing to hold it against
 */
export function implausiblySmall(size: number, earlier: readonly number[], minimumRatio: number): Implausible | null {
  const usual = median(earlier.slice(0, plausibleHistory));
  if (usual === null) return null;
  const smallest = Math.ceil(usual * minimumRatio);
  return size < smallest ? { usual, smallest } : null;
}
