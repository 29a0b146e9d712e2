import type { ProvisioningSettings, StackSettings } from "../config/sections/provisioning.ts";
import { count, percent, type Quantity, seconds, type Unit } from "../model/alert/measure.ts";
import type { Stack, Thresholds } from "../model/alert/stack.ts";
import { StepError } from "../model/run/outcome.ts";

/**
 * The stacks of a configuration: what it says over what is shipped under the same name, else over the first that is shipped.
 * @param settings undefined: those that are shipped, as they are
 */
export function configuredStacks(
  shipped: readonly Stack[],
  settings: ProvisioningSettings | undefined,
): readonly Stack[] {
  const named = Object.entries(settings?.stacks ?? {});
  const runbooks = settings?.runbooks;
  if (named.length === 0) return runbooks === undefined ? shipped : shipped.map((stack) => ({ ...stack, runbooks }));
  return named.map(([name, own]) => {
    const base = shipped.find((stack) => stack.name === name) ?? (shipped[0] as Stack);
    const hosts = hostsOf(name, named);
    return { name, ...hosts, thresholds: thresholdsOf(base.thresholds, own), routes: routesOf(base, own), runbooks };
  });
}

/** Those that it names, else those that no other one names: two stacks in one place tell nobody anything twice. @throws StepError `config` */
function hostsOf(name: string, stacks: readonly (readonly [string, StackSettings])[]): Pick<Stack, "hosts"> {
  const own = stacks.find(([each]) => each === name)?.[1].hosts;
  const others = stacks.filter(([each]) => each !== name);
  const twice = others.find(([, { hosts = [] }]) => hosts.some((host) => own?.includes(host)));
  if (twice !== undefined) {
    const host = own?.find((each) => twice[1].hosts?.includes(each));
    throw new StepError("config", `the host ${host} is in two stacks: ${[name, twice[0]].sort().join(" and ")}`, {
      advice: "name it in the hosts of one of them: each host has the thresholds of one stack",
    });
  }
  if (own !== undefined) return { hosts: { only: own } };
  const except = others.flatMap(([, { hosts = [] }]) => hosts);
  return except.length === 0 ? {} : { hosts: { except } };
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
