import { StepError } from "../model/run/outcome.ts";
import { type Basis, type Plan, planActions } from "./plan.ts";
import { isBody } from "./resource.ts";

const format = "pantheros plan 1";

/** A plan as it is kept in a file, for somebody to read and for `sync` to hold to. */
export function writePlan(plan: Plan): string {
  return `${JSON.stringify({ format, ...plan }, null, 2)}\n`;
}

/** @throws StepError `config` for what is no plan */
export function readPlan(text: string, file: string): Plan {
  const value = parse(text);
  if (isBody(value) && value["format"] === format && isPlan(value)) return value;
  throw new StepError("config", `${file} is no plan of this version`, {
    advice: `write one with: pantheros monitors plan --out ${file}`,
  });
}

/** What has changed since a plan was made, in words; empty: nothing, so that it may be carried out. */
export function stalenessOf(old: Plan, now: Plan): readonly string[] {
  if (old.stack !== now.stack) return [`it is for the stack ${old.stack}, not ${now.stack}`];
  if ((old.installation ?? null) !== now.installation)
    return [
      `it was made by the installation ${old.installation ?? "without a name"}, not ${now.installation ?? "one without a name"}`,
    ];
  if (old.place !== now.place) return [`it was made for ${old.place}, not ${now.place}`];
  if (old.organization !== null && now.organization !== null && old.organization !== now.organization)
    return [`it was made with keys of organisation ${old.organization}, these are of ${now.organization}`];
  const actions = ({ steps }: Plan) =>
    Object.fromEntries(steps.map(({ kind, id, action }) => [`${kind} ${id}`, action]));
  const moved = [
    ...changesBetween(old.basis.desired, now.basis.desired).map((change) => `the definition of ${change}`),
    ...changesBetween(old.basis.remote, now.basis.remote).map((change) => `the remote ${change}`),
  ];
  return moved.length > 0
    ? moved
    : changesBetween(actions(old), actions(now)).map((change) => `the step for ${change}`);
}

function changesBetween(before: Basis["remote"], after: Basis["remote"]): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    if (before[name] === after[name]) return [];
    if (before[name] === undefined) return [`${name} is new`];
    return [after[name] === undefined ? `${name} is gone` : `${name} has changed`];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

function isPlan(value: object): value is Plan {
  const { stack, place, only = null, steps, basis } = value as Partial<Plan>;
  return (
    typeof stack === "string" &&
    typeof place === "string" &&
    (only === null || (Array.isArray(only) && only.every((id: unknown) => typeof id === "string"))) &&
    Array.isArray(steps) &&
    steps.every((step: unknown) => isBody(step) && planActions.some((action) => action === step["action"])) &&
    isBody(basis) &&
    isBody(basis["desired"]) &&
    isBody(basis["remote"])
  );
}
