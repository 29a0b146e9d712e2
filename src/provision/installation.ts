import { StepError } from "../model/run/outcome.ts";
import type { Owned } from "./identity.ts";
import { nameOf } from "./resource.ts";

/**
 * Two installations that call their stacks by one name would take turns at overwriting each other, and one would prune what the other has defined.
 * @param own its name; null: it has none
 * @throws StepError `config` for what another one, or one with a name, has written
 */
export function refuseOthers(owned: Iterable<Owned>, stack: string, own: string | null): void {
  const theirs = [...owned].filter(({ mark }) => (mark.installation ?? null) !== null && mark.installation !== own);
  const [first] = theirs;
  if (first === undefined) return;
  const other = first.mark.installation ?? "";
  const rest = theirs.length === 1 ? "is" : `and ${theirs.length - 1} more are`;
  const here = own === null ? "this one has no name" : `this one is ${own}`;
  throw new StepError(
    "config",
    `${nameOf({ kind: first.kind, id: first.mark.id })} (${first.remoteId}) ${rest} of the installation ${other}, and ${here}, with the same stack ${stack}: they would overwrite each other`,
    {
      advice: `give the stack of one of them another name (provisioning.stacks); or, if this is ${other} or takes its place: provisioning.installation: ${other}`,
    },
  );
}
