import type { ProvisioningSettings, StackSettings } from "../config/sections/provisioning.ts";
import { count, percent, type Quantity, seconds, type Unit } from "../model/alert/measure.ts";
import type { Stack, Thresholds } from "../model/alert/stack.ts";
import { StepError } from "../model/outcome.ts";

/**
 * The stacks of a configuration: what it says over what is shipped under the same name, else over the first that is shipped.
 * @param settings undefined: those that are shipped, as they are
 */
export function configuredStacks(
  shipped: readonly Stack[],
  settings: ProvisioningSettings | undefined,
): readonly Stack[] {
  const named = Object.entries(settings?.stacks ?? {});
  if (named.length === 0) return shipped;
  return named.map(([name, own]) => {
    const base = shipped.find((stack) => stack.name === name) ?? (shipped[0] as Stack);
    return { name, thresholds: thresholdsOf(base.thresholds, own), routes: routesOf(base, own) };
  });
}

/** @throws StepError `config` when it is not among them, or when none is named and there are several */
export function stackNamed(stacks: readonly Stack[], name: string | undefined): Stack {
  const names = stacks.map((stack) => stack.name).join(", ");
  if (name === undefined && stacks.length === 1) return stacks[0] as Stack;
  const found = stacks.find((stack) => stack.name === name);
  if (found !== undefined) return found;
  const message = name === undefined ? "there are several stacks" : `there is no stack ${name}`;
  throw new StepError("config", message, { advice: `name one with --stack: ${names}` });
}

function thresholdsOf(base: Thresholds, { thresholds }: StackSettings): Thresholds {
  const or = <U extends Unit>(value: number | undefined, unit: (value: number) => Quantity<U>, shipped: Quantity<U>) =>
    value === undefined ? shipped : unit(value);
  return {
    ...base,
    sinceSuccess: or(thresholds.since_success, seconds, base.sinceSuccess),
    snapshotAge: or(thresholds.snapshot_age, seconds, base.snapshotAge),
    diskUsage: or(thresholds.disk_usage, percent, base.diskUsage),
    budgetWarning: or(thresholds.budget_warning, percent, base.budgetWarning),
    budgetCritical: or(thresholds.budget_critical, percent, base.budgetCritical),
    failures: or(thresholds.failures, count, base.failures),
    drillAge: or(thresholds.drill_age, seconds, base.drillAge),
    checkAge: or(thresholds.check_age, seconds, base.checkAge),
    scrubAge: or(thresholds.scrub_age, seconds, base.scrubAge),
    lockAge: or(thresholds.lock_age, seconds, base.lockAge),
  };
}

function routesOf({ routes }: Stack, { routes: own }: StackSettings): Stack["routes"] {
  return {
    email: own.email ?? routes.email,
    chat: own.chat ?? routes.chat,
    onCall: own.on_call ?? routes.onCall,
    production: own.production_hosts ?? routes.production,
  };
}
