import type { Outcome } from "../../model/run/outcome.ts";
import type { Progress } from "../../runners/runner.ts";

/** How a person follows the steps of a run, one at a time. */
export interface ProgressDisplay {
  start(label: string): void;
  update(progress: Progress): void;
  /** Ends the step that was started last. @param text what came of it, in a line; may be empty */
  done(outcome: Outcome, text: string): void;
  /** A message between or within steps. */
  note(text: string): void;
  /** Leaves the terminal clean; a step that is still running is left without a line. */
  close(): void;
}
