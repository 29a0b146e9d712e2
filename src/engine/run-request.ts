import type { LoadedStep } from "../config/declaration.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { LedgerError } from "../ledger/ledger.ts";
import type { ProcessIdentity, Run, RunTrigger, Step, StepPlan } from "../model/run/run.ts";
import type { Secret } from "../model/secret.ts";
import type { Progress, Runner } from "../runners/runner.ts";
import type { Journal } from "./journal.ts";

/** What a person or a log may want to see while a run is under way. */
export interface RunObserver {
  readonly started?: (run: { id: string; job: string; steps: readonly StepPlan[] }) => void;
  readonly stepStarted?: (step: StepPlan) => void;
  readonly stepProgress?: (step: StepPlan, progress: Progress) => void;
  readonly stepFinished?: (step: Step) => void;
  readonly note?: (message: string) => void;
}

/** What a run needs of the world. */
export interface RunServices {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly environment: NodeJS.ProcessEnv;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Steps only say what they would do. */
  readonly dryRun: boolean;
  readonly journal: Journal;
  readonly holder: ProcessIdentity;
  readonly observer: RunObserver;
  /** A living run of the job in the ledger that is not written now (the proper one or the fallback): its lock counts as well. */
  readonly heldElsewhere: (job: string) => Run | null;
  /** How many processes the kernel has ended for lack of memory, see `memoryKillCount`. @default those of our cgroup */
  readonly memoryKills?: () => number | null;
}

export interface RunRequest {
  readonly config: Config;
  readonly job: string;
  readonly trigger: RunTrigger;
  /** Aborted when the person or systemd asks to stop; its reason should be a StepError. */
  readonly signal: AbortSignal;
  readonly runnerFor: (uses: string) => Runner;
  /** What the steps of each job came to when the configuration was checked. @default they are checked as the run comes to them */
  readonly checkedSteps?: ReadonlyMap<string, readonly LoadedStep[]>;
  /** Jobs that are not in `config` because something is wrong in them: what they need is not known, so nothing is pruned. @default none */
  readonly leftOut?: readonly string[];
}

export interface RunReport {
  readonly run: Run;
  readonly steps: readonly Step[];
  /** The run that held the lock, when this one was skipped for it. */
  readonly lockedBy: Run | null;
  /** Why the run is not in the ledger proper; null: it is. */
  readonly unjournaled: LedgerError | null;
}
