import { suggest } from "./closest.ts";
import type { LoadedStep, StepDeclaration } from "./declaration.ts";
import { readSource, type Source } from "./document.ts";
import { excerptOf, positionOf } from "./excerpt.ts";
import { readConfigText } from "./file.ts";
import type { Finding, Mistake } from "./finding.ts";
import { check } from "./issues.ts";
import { secretRanges } from "./mask.ts";
import { partialConfig } from "./partial.ts";
import { entriesOf, isMap, quote, valueAt, writePath } from "./path.ts";
import { locate } from "./place.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { name } from "./scalars.ts";
import { type Config, configuration } from "./schema.ts";
import { literalSecret } from "./secret-names.ts";
import { checkSteps } from "./steps.ts";

export interface CheckOptions {
  /** Those that the steps of the file use; see `usesOf`. */
  readonly runners: readonly StepDeclaration[];
  /** All that a step could use. @default the names of `runners` */
  readonly runnerNames?: readonly string[];
  /** Names that the section `collectors` may use. @default any */
  readonly collectors?: readonly string[];
}

export interface LoadOptions extends CheckOptions {
  /** @default the file system */
  readonly readFile?: (file: string) => Uint8Array;
}

/** A configuration as it is written, before anything is checked. */
export interface WrittenConfig {
  readonly file: string;
  readonly source: Source;
}

export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  /** By job. */
  readonly steps: ReadonlyMap<string, readonly LoadedStep[]>;
}

/** More than anybody mends in one go. */
const maxProblems = 100;

/** What stands in a configuration file. */
export function readConfig(file: string, text: string): WrittenConfig {
  return { file, source: readSource(text) };
}

/**
 * Checks what a configuration file says.
 * @throws ConfigError with every problem at once
 */
export function checkConfig(written: WrittenConfig, options: CheckOptions): LoadedConfig {
  const { loaded, findings } = judge(written, options);
  if (loaded === null) throw refusal(written, findings);
  return loaded;
}

/** Jobs in which something is wrong → those after which they say that they come. */
export type LeftOut = ReadonlyMap<string, readonly string[]>;

/** A configuration of which one job is wanted; without the jobs that are left out. */
export interface LoadedForJob {
  readonly loaded: LoadedConfig;
  readonly leftOut: LeftOut;
}

/**
 * As `checkConfig`, for the run of one job: what is wrong in other jobs only, and nowhere else, must not keep it from being run.
 * @throws ConfigError with every problem, also of other jobs, when one is not in other jobs only
 */
export function checkConfigFor(job: string, written: WrittenConfig, options: CheckOptions): LoadedForJob {
  const whole = judge(written, options);
  if (whole.loaded !== null) return { loaded: whole.loaded, leftOut: new Map() };
  const problems = refusal(written, whole.findings);
  const { source } = written;
  const wrong = new Set<string>();
  for (const { path } of [...source.mistakes, ...whole.findings]) {
    const [section, other] = path;
    if (source.broken || section !== "jobs" || other === undefined || other === job) throw problems;
    wrong.add(String(other));
  }
  // The wanted job stands in for them: others may speak of them by name, in objectives and in `after`.
  const jobs = entriesOf(valueAt(source.value, ["jobs"]));
  const standIn = withoutAfter(valueAt(source.value, ["jobs", job]));
  const withStandIns = jobs
    .filter(([other]) => !wrong.has(other) || name.safeParse(other).success)
    .map(([other, own]) => [other, wrong.has(other) ? standIn : own]);
  const value = { ...(source.value as object), jobs: Object.fromEntries(withStandIns) };
  const { loaded } = judge({ ...written, source: { ...source, value, mistakes: [] } }, options);
  if (loaded === null) throw problems;
  const right = ([other]: readonly [string, unknown]) => !wrong.has(other);
  const config = { ...loaded.config, jobs: Object.fromEntries(Object.entries(loaded.config.jobs).filter(right)) };
  return {
    loaded: { ...loaded, config, steps: new Map([...loaded.steps].filter(right)) },
    leftOut: new Map(jobs.filter(([other]) => wrong.has(other)).map(([other, own]) => [other, afterOf(own)])),
  };
}

/** It stands in for jobs that it may come after itself. */
function withoutAfter(job: unknown): unknown {
  return isMap(job) ? Object.fromEntries(Object.entries(job).filter(([key]) => key !== "after")) : job;
}

/** As far as it can be made out. */
function afterOf(job: unknown): readonly string[] {
  const after = valueAt(job, ["after"]);
  return Array.isArray(after) ? after.filter((other) => typeof other === "string") : [];
}

/** Null is loaded when anything is wrong: what is found, or what was found when the text was read. */
function judge({ file, source }: WrittenConfig, options: CheckOptions) {
  if (source.broken) return { loaded: null, findings: [] };
  if (!isMap(source.value)) return { loaded: null, findings: [notAMap(source.value)] };
  const parsed = check(configuration, source.value);
  const steps = checkSteps(source.value, options.runners, options.runnerNames);
  const findings = [
    ...parsed.findings,
    ...steps.findings,
    ...checkRules(source.value, steps.written),
    ...unknownCollectors(source.value, options.collectors),
  ];
  if (!parsed.data || findings.length > 0 || source.mistakes.length > 0) return { loaded: null, findings };
  const config = withStepDefaults(parsed.data, steps.loaded);
  return { loaded: { file, config, steps: steps.loaded }, findings };
}

/** A file, read and checked, for who knows the runners without having read it. @throws ConfigError when it cannot be read, and with every problem */
export function loadConfig(file: string, options: LoadOptions): LoadedConfig {
  return checkConfig(readConfig(file, readConfigText(file, options.readFile)), options);
}

function notAMap(value: unknown): Finding {
  if (value === null) return { path: [], message: "the file is empty", hint: "write one with: pantheros init" };
  const message = "the file must hold a map of sections: host, subvolumes, repositories, jobs, …";
  return { path: [], message, hint: "begin with: host: NAME" };
}

function unknownCollectors(value: unknown, names: readonly string[] | undefined): Finding[] {
  if (names === undefined) return [];
  return entriesOf(valueAt(value, ["collectors"]))
    .filter(([name]) => !names.includes(name))
    .map(([name]) => {
      const hint = suggest(name, names, "there are no collectors");
      return { path: ["collectors", name], mark: "key", message: `there is no collector ${quote(name)}`, hint };
    });
}

/** The effective configuration also says what the runners of its steps do by default. */
function withStepDefaults(config: Config, steps: LoadedConfig["steps"]): Config {
  const jobs = Object.entries(config.jobs).map(([name, job]) => {
    const withDefaults = job.steps.map((step, position) => ({ ...steps.get(name)?.[position]?.options, ...step }));
    return [name, { ...job, steps: withDefaults }];
  });
  return { ...config, jobs: Object.fromEntries(jobs) };
}

function refusal({ file, source }: WrittenConfig, findings: readonly Finding[]): ConfigError {
  const mistakes = [...source.mistakes, ...findings.map((finding) => locate(source, finding))];
  const literals = mistakes.filter(({ message }) => message === literalSecret.message).map(({ range }) => range);
  const secrets = secretRanges(source, literals);
  mistakes.sort((a, b) => a.range[0] - b.range[0] || (a.message < b.message ? -1 : 1));
  const shown = unique(mistakes);
  const problems = shown.slice(0, maxProblems).map((mistake): Problem => {
    const { line, column } = positionOf(source, mistake.range[0]);
    return {
      line,
      column,
      path: writePath(mistake.path),
      message: mistake.message,
      ...(mistake.hint === undefined ? {} : { hint: mistake.hint }),
      excerpt: excerptOf(source, mistake.range, secrets),
    };
  });
  const omitted = Math.max(0, shown.length - maxProblems);
  return new ConfigError(file, problems, { omitted, partial: partialConfig(source.value, source.broken) });
}

function unique(mistakes: readonly Mistake[]): Mistake[] {
  const byPlace = new Map(
    mistakes.map((mistake) => [`${mistake.range[0]} ${writePath(mistake.path)} ${mistake.message}`, mistake]),
  );
  return [...byPlace.values()];
}
