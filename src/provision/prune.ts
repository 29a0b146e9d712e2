import { StepError } from "../model/run/outcome.ts";
import type { Owned } from "./identity.ts";
import type { Planned } from "./plan.ts";
import { nameOf } from "./resource.ts";

/** More than this at once is rather a mistake than a clean-up. */
export const mostPruned = 10;

/**
 * What a plan deletes: what needs others before what they need.
 * @param most refused beyond it. @default 10
 * @throws StepError `config` when it is more than that, or everything that the stack has
 */
export function prunable({ plan, owned }: Planned, most: number = mostPruned): readonly Owned[] {
  const doomed = plan.steps
    .filter(({ action }) => action === "delete")
    .flatMap((step) => owned.get(nameOf(step)) ?? []);
  if (doomed.length > most) {
    throw new StepError("config", `${doomed.length} resources would be deleted, more than ${most}`, {
      advice: `look at the list first; if it is right: --most ${doomed.length}`,
    });
  }
  const ours = [...owned.values()].filter(({ isAdopted }) => isAdopted !== true);
  if (doomed.length > 0 && doomed.length === ours.length) {
    throw new StepError("config", `everything that the stack ${plan.stack} has would be deleted`, {
      advice:
        "is this the right stack, and are these the right definitions? Sync first: what is defined is never pruned",
    });
  }
  const isComposite = ({ body }: Owned) => (body["type"] === "composite" ? 0 : 1);
  return doomed.toSorted((a, b) => isComposite(a) - isComposite(b));
}
