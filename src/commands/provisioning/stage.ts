import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stacks } from "../../../monitors/stacks.ts";
import type { ProvisioningSettings } from "../../config/sections/provisioning.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { datadogUrl } from "../../model/datadog-site.ts";
import { formatDuration } from "../../model/quantity.ts";
import { chosen } from "../../provision/choice.ts";
import { refuseFindings } from "../../provision/finding.ts";
import { adopted } from "../../provision/import/adoption.ts";
import { importedResources } from "../../provision/import/folder.ts";
import { importables } from "../../provision/import/kinds.ts";
import { makePlan, type PlanInput, type Planned } from "../../provision/plan.ts";
import type { RemoteResource, Resource } from "../../provision/resource.ts";
import { checkResources } from "../../provision/rules.ts";
import { configuredStacks, stackNamed } from "../../provision/stacks.ts";
import type { Target } from "../../provision/target.ts";
import type { TransportOptions } from "../../provision/targets/transport.ts";
import { adoptedUnmarked, type UnmarkedChoice, unmarkedChoices } from "../../provision/unmarked.ts";
import { type Invocation, tell, UsageError } from "../command.ts";
import { configurationFile, openHost } from "../host.ts";
import { createProgress } from "../terminal/progress.ts";
import type { ProgressDisplay } from "../terminal/progress-display.ts";
import { readKeys, siteOf } from "./keys.ts";
import type { Subject } from "./subject.ts";

/** What every action starts from. */
export interface Stage {
  readonly stack: Stack;
  /** Who provisions it; null: they have no name. */
  readonly installation: string | null;
  readonly desired: readonly Resource[];
  readonly only: readonly string[] | undefined;
  /** Before something is deleted. @throws StepError `config` when the folder of imported definitions is not there: all of them would be no longer defined */
  readonly refuseLostFolder: () => void;
  /** `datadoghq.com`, as messages name it. */
  readonly site: string;
  readonly progress: ProgressDisplay;
  /** Reads the keys. @throws StepError `auth` when one is not there */
  readonly openTarget: () => Promise<Target>;
}

/** @throws UsageError, ConfigError, StepError `config`: nothing has been asked or written by then */
export async function openStage(subject: Subject, invocation: Invocation): Promise<Stage> {
  const settings = await settingsOf(invocation);
  const { stack: name, only } = invocation.options;
  const stack = stackNamed(configuredStacks(stacks, settings), typeof name === "string" ? name : undefined);
  const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
  const folder = importedFolder(settings, stack.name, invocation);
  const shown = (file: string) => nearby(file, invocation);
  const importedFrom = (from: string) =>
    importedResources(importables[subject.imports], from, { shown, stack: stack.name });
  const isLost = folder !== undefined && !existsSync(folder);
  if (isLost)
    tell(invocation, `the folder ${shown(folder)} of imported definitions is not there (yet): none are taken`);
  return {
    stack,
    installation: settings?.installation ?? null,
    desired: [...subject.resources(stack), ...(folder === undefined || isLost ? [] : importedFrom(folder))],
    refuseLostFolder: () => void (isLost && importedFrom(folder)),
    only: typeof only === "string" ? idsIn(only) : undefined,
    site: settings?.datadog.url ?? siteOf(settings, invocation),
    progress,
    openTarget: () => openTarget(settings, invocation, progress),
  };
}

export interface PlanStageOptions {
  readonly prune?: boolean;
  /** Instead of what the command line says. */
  readonly only?: readonly string[] | undefined;
  /** What becomes of what has lost its mark; null: it stops the plan. @default nobody looks: nothing is going to be created */
  readonly unmarked?: UnmarkedChoice | null;
}

/** Checks the definitions, lists what is there and compares. */
export async function planStage(
  subject: Subject,
  stage: Stage,
  target: Target,
  { prune = false, only = stage.only, unmarked }: PlanStageOptions = {},
): Promise<Planned> {
  const { stack, installation, desired, progress } = stage;
  // Before anybody is asked: a misspelt id is told at once.
  chosen(desired, only);
  refuseFindings(checkResources(desired));
  progress.start(`reading the ${subject.word} of ${stage.site}`);
  const remote: RemoteResource[] = [];
  for (const kind of subject.kinds) remote.push(...(await target.list(kind, stack.name)));
  const adoptees = await adopted(stack.name, desired, remote, target);
  progress.done("success", `${remote.length} of ${stack.name}`);
  const input: PlanInput = {
    stack: stack.name,
    installation,
    place: stage.site,
    desired,
    remote,
    adopted: adoptees,
    prune,
    ...(only === undefined ? {} : { only }),
  };
  const planned = makePlan(input);
  const found = unmarked === undefined ? [] : await adoptedUnmarked(planned, target, unmarked);
  return found.length === 0 ? planned : makePlan({ ...input, adopted: [...adoptees, ...found] });
}

/** What `--unmarked` says; null: nothing. @throws UsageError */
export function unmarkedChoice({ options: { unmarked } }: Invocation): UnmarkedChoice | null {
  if (unmarked === undefined) return null;
  const choice = unmarkedChoices.find((each) => each === unmarked);
  if (choice === undefined) throw new UsageError(`--unmarked ${String(unmarked)}: ${unmarkedChoices.join(" or ")}`);
  return choice;
}

/** Where the definitions of a stack are that import has written; beside the configuration, unless it is absolute. */
export function importedFolder(
  settings: ProvisioningSettings | undefined,
  stack: string,
  invocation: Invocation,
): string | undefined {
  const named = settings?.stacks[stack]?.imported;
  return named === undefined ? undefined : resolve(dirname(configurationFile(invocation)), named);
}

/** `a,b`; empty pieces are nobody's id. */
export const idsIn = (list: string): readonly string[] =>
  list
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");

/** A path as a person here would write it: in files that others read, a path of this machine says nothing. */
export function nearby(file: string, { directory }: Pick<Invocation, "directory">): string {
  const near = relative(directory, file);
  return near.startsWith("..") ? file : near;
}

/** A folder as the configuration would name it, which is read from where it lies; without one: from here. */
export function fromConfiguration(folder: string, invocation: Invocation): string {
  const directory = hasConfiguration(invocation) ? dirname(configurationFile(invocation)) : invocation.directory;
  return nearby(folder, { directory });
}

/** Undefined where there is no configuration, and none was asked for. */
export async function settingsOf(invocation: Invocation): Promise<ProvisioningSettings | undefined> {
  if (invocation.options["config"] === undefined && !hasConfiguration(invocation)) return undefined;
  return (await openHost(invocation)).config.provisioning;
}

function hasConfiguration(invocation: Invocation): boolean {
  try {
    configurationFile(invocation);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/** Reads the keys and loads what speaks to Datadog. @throws StepError `auth` when a key is not there */
export async function openTarget(
  settings: ProvisioningSettings | undefined,
  invocation: Invocation,
  progress: ProgressDisplay,
): Promise<Target> {
  const options = transportOptions(settings, invocation, progress);
  const { createDatadog } = await import("../../provision/targets/datadog-target.ts");
  return createDatadog(options);
}

/** Where Datadog is, and the keys to it. @throws StepError `auth` when a key is not there */
export function transportOptions(
  settings: ProvisioningSettings | undefined,
  invocation: Pick<Invocation, "environment" | "signal" | "now" | "random">,
  progress: Pick<ProgressDisplay, "note">,
): TransportOptions {
  const { signal, now, random } = invocation;
  const { apiKey, applicationKey } = readKeys(settings, invocation);
  return {
    url: settings?.datadog.url ?? datadogUrl(siteOf(settings, invocation)),
    apiKey,
    applicationKey,
    signal,
    now,
    random,
    wait: async (milliseconds) => {
      // What aborted it is what it is told by, not that it was aborted.
      await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    onWait: (why, milliseconds) => progress.note(`waiting ${formatDuration(milliseconds / 1000)}: ${why}`),
  };
}
