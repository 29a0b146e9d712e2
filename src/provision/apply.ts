import { StepError, toStepError } from "../model/run/outcome.ts";
import { updateBody } from "./forms.ts";
import { markedBody, type Planned, type PlanStep, remoteIdsOf } from "./plan.ts";
import { type Body, type Kind, nameOf, type Resource } from "./resource.ts";
import { createSlots } from "./slots.ts";
import type { Target } from "./target.ts";

/** What became of a step; `blocked`: something that it needs has failed, or nothing may be written. */
export interface Applied {
  /** With the id that it has there since. */
  readonly step: PlanStep;
  readonly outcome: "done" | "failed" | "blocked" | "cancelled";
  readonly failure: StepError | null;
}

export interface ApplyOptions {
  readonly target: Target;
  /** Writes at the same time. @default 4 */
  readonly inFlight?: number;
  readonly signal: AbortSignal;
  readonly onApplied?: (applied: Applied) => void;
}

/**
 * Carries out what is created and updated, each after everything that it needs. One failure blocks only what depends on it; keys that may not
 * write a kind block all of that kind that has not begun.
 * @returns every step that was to be done, in the order of the plan
 */
export async function applyPlan(
  planned: Planned,
  { target, inFlight = 4, signal, onApplied = () => undefined }: ApplyOptions,
): Promise<readonly Applied[]> {
  const { plan, desired, owned } = planned;
  const remoteIds = new Map(remoteIdsOf(planned));
  const steps = plan.steps.filter(({ action }) => action === "create" || action === "update");
  const resources = new Map(desired.map((resource) => [nameOf(resource), resource]));
  const running = new Map<string, Promise<Applied>>();
  const writes = createSlots(inFlight);
  const refused = new Map<Kind, StepError>();

  const begin = (step: PlanStep): Promise<Applied> => {
    const known = running.get(nameOf(step));
    if (known !== undefined) return known;
    // Its place is taken before it begins, since what it needs may begin by it.
    const { promise, resolve } = Promise.withResolvers<Applied>();
    running.set(nameOf(step), promise);
    void carryOut(step).then((applied) => {
      onApplied(applied);
      resolve(applied);
    });
    return promise;
  };

  const carryOut = async (step: PlanStep): Promise<Applied> => {
    const resource = resources.get(nameOf(step)) as Resource;
    const needed = await Promise.all(steps.filter(({ id }) => resource.needs.includes(id)).map(begin));
    const missing = needed.find(({ outcome }) => outcome !== "done");
    if (missing) return blocked(step, `${nameOf(missing.step)}, which it needs, was not written`);
    return await writes(async () => {
      const refusal = refused.get(step.kind);
      if (refusal !== undefined) return blocked(step, `the keys may not write: ${refusal.message}`, refusal);
      if (signal.aborted) return { step, outcome: "cancelled", failure: toStepError(signal.reason) };
      try {
        const remoteId = await write(step, resource);
        remoteIds.set(step.id, remoteId);
        return { step: { ...step, remoteId }, outcome: "done", failure: null };
      } catch (error) {
        const failure = toStepError(error);
        if (failure.reason === "auth" && !isRestricted(owned.get(nameOf(step))?.body)) refused.set(step.kind, failure);
        if (failure.reason === "cancelled") return { step, outcome: "cancelled", failure: inDoubt(step) };
        return { step, outcome: "failed", failure };
      }
    });
  };

  const write = async (step: PlanStep, resource: Resource): Promise<string> => {
    const { kind, id } = resource;
    const body = markedBody(resource, plan, remoteIds);
    const existing = owned.get(nameOf(step));
    if (existing === undefined) return (await target.create(kind, body, { stack: plan.stack, id })).remoteId;
    return (await target.update(kind, existing.remoteId, updateBody(kind, body, existing.body))).remoteId;
  };

  return await Promise.all(steps.map(begin));
}

/** What only some may edit says nothing about the others of its kind. */
function isRestricted(body: Body = {}): boolean {
  const { restricted_roles: roles, restriction_policy: policy = null, is_read_only: isReadOnly } = body;
  return (Array.isArray(roles) && roles.length > 0) || policy !== null || isReadOnly === true;
}

/** The request was on its way when it was asked to stop. */
function inDoubt(step: PlanStep): StepError {
  return new StepError("cancelled", `asked to stop while ${nameOf(step)} was written: it may be there or not`, {
    advice: "sync again: it looks first, and makes nothing twice",
  });
}

function blocked(step: PlanStep, why: string, cause?: StepError): Applied {
  const advice = cause?.details.advice ?? "mend that first, then sync again";
  return {
    step,
    outcome: "blocked",
    failure: new StepError(cause?.reason ?? "unknown", `not attempted: ${why}`, { advice }),
  };
}
