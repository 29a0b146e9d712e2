/** How long one call takes, milliseconds. */
export async function duration(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Calls each work once per round, by turns, so that whatever else the machine does hurts all alike; every second round backwards: who comes
 * after another pays for what that one leaves to be written to the disk.
 * @param warmUp rounds before those that count
 * @returns milliseconds per call, in the order of the rounds
 */
export async function byTurns<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, () => unknown>>,
  warmUp = 3,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(works) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const took = await duration(works[name]);
      if (round >= 0) measured[name].push(took);
    }
  }
  return measured;
}

/** The value below which that share of all values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
