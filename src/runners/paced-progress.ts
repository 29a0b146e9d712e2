import type { RunnerContext } from "./runner.ts";

/** How often progress is told at most, milliseconds: `--json` prints a line of each. */
const every = 250;

/**
 * For what goes on with every chunk or file.
 * @returns a `progress` that hands on the first update and then one of each quarter of a second; what is told in between is left out
 */
export function pacedProgress({ progress, now }: Pick<RunnerContext, "progress" | "now">): RunnerContext["progress"] {
  let told = Number.NEGATIVE_INFINITY;
  return (update) => {
    const at = now();
    // A clock that was set back must not silence it for as long.
    if (at >= told && at - told < every) return;
    told = at;
    progress(update);
  };
}
