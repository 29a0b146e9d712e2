/** The value in the middle of the sorted ones, between the two in the middle where their number is even; null: there are none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

/** What makes a median absolute deviation comparable with a standard deviation: 1 / Φ⁻¹(3/4). */
const normalConsistency = 1.4826;

/**
 * How far values usually are from a centre: half of them are nearer than two thirds of it. The median absolute deviation, scaled; fewer than
 * half of the values cannot move it far, whatever they are.
 * @param least a floor, because values that never differ (deviation 0) would make any difference a wonder
 */
export function spreadAround(centre: number, values: readonly number[], least: number): number {
  const deviation = median(values.map((value) => Math.abs(value - centre))) ?? 0;
  return Math.max(least, normalConsistency * deviation);
}
