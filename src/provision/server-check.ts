import { StepError } from "../model/run/outcome.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { markedBody, type Planned, remoteIdsOf } from "./plan.ts";
import { isResolved, nameOf, type Resource } from "./resource.ts";
import type { Target } from "./target.ts";

const atOnce = 4;

/** Those that the server itself can be asked about: of a kind that it checks, and naming nothing that does not exist yet. */
export function checkedByServer(planned: Planned, target: Target): readonly Resource[] {
  const remoteIds = remoteIdsOf(planned);
  return planned.desired.filter((resource) => target.checks(resource.kind) && isResolved(resource, remoteIds));
}

/**
 * What the server objects to, of everything that is to be written; what names something that does not exist yet cannot be asked about.
 * @param all also what is unchanged. @default only what a sync would write
 */
export async function serverFindings(planned: Planned, target: Target, all = false): Promise<readonly Finding[]> {
  const { plan, desired, owned } = planned;
  const remoteIds = remoteIdsOf(planned);
  const changed = new Set(plan.steps.filter(({ action }) => action === "create" || action === "update").map(nameOf));
  const asked = desired.filter((resource) => (all || changed.has(nameOf(resource))) && isResolved(resource, remoteIds));
  const findings: Finding[] = [];
  const ask = async (resource: Resource) => {
    const body = markedBody(resource, plan, remoteIds);
    const objections = await objectionsOf(() =>
      target.validate(resource.kind, body, owned.get(nameOf(resource))?.remoteId ?? null),
    );
    findings.push(...findingsOf(resource, objections));
  };
  const waiting = [...asked];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await ask(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return findings;
}

async function objectionsOf(
  validate: () => Promise<readonly string[]>,
): Promise<readonly (readonly [string, string])[]> {
  try {
    return (await validate()).map((said) => [`Datadog says: ${said}`, "correct it in its file"]);
  } catch (error) {
    // A body that cannot even be sent is one more mistake of the definitions, to be told with the others.
    if (error instanceof StepError && error.reason === "config") return [[error.message, error.details.advice ?? ""]];
    throw error;
  }
}
