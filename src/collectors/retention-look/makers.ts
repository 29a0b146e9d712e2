import { stepId } from "../../config/declaration.ts";
import { dutiesOf } from "../../config/duties.ts";
import type { Config } from "../../config/schema.ts";
import type { StepConfig } from "../../config/sections/jobs.ts";
import { timezoneOf } from "../../config/timezone.ts";
import type { Producer } from "../../model/retention/retention.ts";
import { seriesMadeBy } from "../declared/series.ts";
import type { RetentionSubject } from "./promises.ts";

/** A step that makes artifacts of a subject. */
export interface Maker {
  readonly job: string;
  /** Of the step. */
  readonly id: string;
  /** Under whose name it files what it makes. */
  readonly host: string;
  /** Zone in which its days begin. */
  readonly timezone: string;
  /** Its job's schedule, or those of the jobs that it is started after. */
  readonly producers: readonly Producer[];
  /** Which of several histories it adds to, where the configuration can tell; null: it cannot. */
  readonly history: string | null;
}

/** An artifact is dated by the start of what makes it and appears at its end: the deadline that a job has by default. */
const longestMaking = 43_200;
/** Where the configuration knows nobody who makes artifacts: every period that is over is owed one. */
export const unknownProducer: Producer = { schedule: null, grace: longestMaking };

export function makersOf(subject: RetentionSubject, config: Config): readonly Maker[] {
  return Object.entries(config.jobs).flatMap(([job, declared]) =>
    declared.steps.flatMap((step, position): Maker[] => {
      const history = madeBy(step, job, subject, config);
      if (history === undefined) return [];
      const { host = config.host } = step as { readonly host?: unknown };
      const timezone = timezoneOf(declared, config);
      const made = { job, id: stepId(step, position), host: String(host), timezone, history };
      return [{ ...made, producers: startsOf(job, config) }];
    }),
  );
}

/** When others copy into a repository what was made elsewhere; empty: nobody does. */
export function copiersOf({ kind, subject }: RetentionSubject, config: Config): readonly Producer[] {
  if (kind !== "repository") return [];
  const copying = Object.keys(config.jobs).filter((job) =>
    config.jobs[job]?.steps.some(
      (step) => step.uses === "hub.sync" && (step as { readonly into?: unknown }).into === subject,
    ),
  );
  return copying.flatMap((job) => startsOf(job, config));
}

/** What makers together owe: one that is started by hand owes nothing where another has a schedule. */
export function producersOf(makers: readonly Maker[]): readonly Producer[] {
  const producers = makers.flatMap((maker) => maker.producers);
  const scheduled = producers.filter(({ schedule }) => schedule !== null);
  if (scheduled.length > 0) return scheduled;
  return producers.length > 0 ? producers : [unknownProducer];
}

/** The history that a step adds to; undefined: it makes nothing of this subject. */
function madeBy(step: StepConfig, job: string, { kind, subject }: RetentionSubject, config: Config) {
  const options = step as Readonly<Record<string, unknown>>;
  if (kind === "subvolume") return step.uses.startsWith("snapshot.") && options[kind] === subject ? null : undefined;
  if (kind === "repository") return step.uses.startsWith("backup.") && options[kind] === subject ? null : undefined;
  const series = seriesMadeBy(step, job, config);
  if (series?.destination !== subject) return undefined;
  return series.shape === "archives" && series.archive === null ? null : series.name;
}

/** A job that nothing starts by the clock makes them when a person does. */
function startsOf(job: string, config: Config): readonly Producer[] {
  const duties = dutiesOf(job, config);
  return duties.length > 0 ? duties : [{ schedule: null, grace: config.jobs[job]?.deadline ?? longestMaking }];
}
