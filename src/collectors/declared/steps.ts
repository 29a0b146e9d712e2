import { stepId } from "../../config/declaration.ts";
import type { Config } from "../../config/schema.ts";
import type { LastStep } from "../../ledger/ledger.ts";
import type { StepKind } from "../../model/run/run.ts";

/** A step of the configuration that leaves evidence at a place. */
export interface DeclaredStep {
  readonly job: string;
  readonly id: string;
  /** As the journal will have it: the subvolume of a snapshot, the repository or destination of a check or drill. */
  readonly target: string;
}

type Evident = Extract<StepKind, "snapshot" | "check" | "drill">;

/** Names of runners by what their steps are counted as; runners themselves are not for collectors, a test holds the two together. */
const runnersOf: Readonly<Record<Evident, RegExp>> = {
  snapshot: /^snapshot\./,
  check: /^(?:verify\..+|archive\.verify)$/,
  drill: /^drill\./,
};

/** Every step of a kind that jobs declare, whether or not it has ever run. */
export function declaredSteps(kind: Evident, config: Config): readonly DeclaredStep[] {
  return Object.entries(config.jobs).flatMap(([job, { steps }]) =>
    steps.flatMap((step, position) => {
      const { subvolume, repository, destination } = step as Readonly<Record<string, unknown>>;
      const target = kind === "snapshot" ? subvolume : (repository ?? destination);
      const isOne = runnersOf[kind].test(step.uses) && typeof target === "string";
      return isOne ? [{ job, id: stepId(step, position), target }] : [];
    }),
  );
}

/** A step that was taken out of the configuration promises nothing any more. */
export function isDeclared({ job, id }: LastStep, config: Config): boolean {
  const steps = Object.hasOwn(config.jobs, job) ? config.jobs[job]?.steps : undefined;
  return steps?.some((step, position) => stepId(step, position) === id) ?? false;
}
