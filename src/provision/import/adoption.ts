import { StepError } from "../../model/run/outcome.ts";
import { formOf } from "../forms.ts";
import type { Owned } from "../identity.ts";
import { nameOf, type RemoteResource, type Resource } from "../resource.ts";
import type { Target } from "../target.ts";

/** Reads at the same time. */
const atOnce = 4;

/**
 * What becomes ours by the next sync: monitors that definitions name by their number and that do not carry our tags yet. One that is gone is
 * not among them: it is created.
 * @param remote what carries the tags of the stack
 * @throws StepError `config` when one belongs to another stack, or is known by another id
 */
export async function adopted(
  stack: string,
  desired: readonly Resource[],
  remote: readonly RemoteResource[],
  target: Pick<Target, "find">,
): Promise<readonly Owned[]> {
  const known = new Set(
    remote.flatMap(({ kind, body }) => {
      const mark = formOf(kind).identity.read(body);
      return mark === null ? [] : [nameOf({ kind, id: mark.id })];
    }),
  );
  const waiting = desired.filter((resource) => resource.adopts !== undefined && !known.has(nameOf(resource)));
  const found: Owned[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { kind, id, adopts = "" } = next;
      const there = await target.find(kind, adopts);
      if (there === null) continue;
      refuseOwned(stack, next, there);
      found.push({ ...there, mark: { stack, id, applied: null }, isAdopted: true });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}

function refuseOwned(stack: string, { kind, id, adopts, file }: Resource, { body }: RemoteResource): void {
  const mark = formOf(kind).identity.read(body);
  if (mark === null || (mark.stack === stack && mark.id === id)) return;
  if (mark.stack !== stack) {
    throw new StepError("config", `${kind} ${adopts}, which ${file ?? id} adopts, belongs to the stack ${mark.stack}`, {
      advice: `remove the file, or take it from there first: remove its pantheros_stack and pantheros_id (tags, or the last line of its description)`,
    });
  }
  throw new StepError("config", `${kind} ${adopts}, which ${file ?? id} adopts, is known as ${mark.id} already`, {
    advice: `an id is not changed: name the file ${mark.id}.json; or, to have it as ${id} from now on, write pantheros_id:${id} into its tags (a dashboard: the last line of its description) in Datadog`,
  });
}
