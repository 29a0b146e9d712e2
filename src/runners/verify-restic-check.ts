import * as z from "zod";
import { duration, repositoryName } from "../config/scalars.ts";
import { timezoneOf } from "../config/timezone.ts";
import type { PastStep } from "../ledger/ledger.ts";
import {
  type Coverage,
  coverageOf,
  expectedCoverage,
  mostParts,
  nextPart,
  type Part,
  type PastCheck,
  partsFor,
  usualInterval,
} from "../model/check-rotation.ts";
import { lazily } from "../model/lazily.ts";
import { nextAfter, parseSchedule } from "../model/time/schedule.ts";
import { checkRepository } from "../tools/restic/check.ts";
import { createRestic } from "../tools/restic/restic.ts";
import { repositoryOf, resticVersion } from "./open-repository.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const CheckOptions = lazily(() =>
  z
    .strictObject({
      repository: repositoryName,
      cover_within: duration
        .prefault("30d")
        .meta({ description: "Time in which every part has its turn; also the window of coverage_ratio" }),
      parts: z.int().min(1).max(mostParts).optional().meta({
        description:
          "In how many parts the data is read, one in each run; default: as many as the job runs in cover_within, by its schedule or else by its history",
      }),
      subset: z
        .string()
        .regex(/^(?:\d{1,2}(?:\.\d+)?|100)%$/, "write a share like 5%")
        .optional()
        .meta({ description: "Read a random share instead: 5%. Chance covers nothing for certain" }),
    })
    .refine(({ parts, subset }) => parts === undefined || subset === undefined, "give parts or subset, not both"),
);
type Options = z.infer<ReturnType<typeof CheckOptions>>;

/** How far back the journal is asked: more than falls into any window that makes sense. */
const mostHistory = 2000;
const day = 86_400;

export const verifyResticCheck = defineRunner({
  uses: "verify.restic-check",
  summary: "Checks a restic repository and reads a part of its data, so that in time all of it has been read.",
  risk: "read-only",
  kind: "check",
  options: CheckOptions,
  produces: () =>
    z.object({
      repository: z.string().meta({ description: "Its name in the configuration" }),
      subset: z.string().meta({ description: "What was read, as restic was told: 3/30, 5%" }),
      part: z.int().optional().meta({ description: "Number of the part that was read, from 1" }),
      parts: z.int().optional().meta({ description: "In how many parts the data is read" }),
      packs_read: z.int().meta({ description: "Files of the repository whose content was read" }),
      packs_total: z.int().optional().meta({ description: "Files that hold data in the repository" }),
      coverage_ratio: z.number().optional().meta({
        description:
          "Share of the repository read within cover_within, 0 to 1; absent for random shares, which cover nothing for certain",
      }),
      coverage_expected: z.number().optional().meta({
        description:
          "Share that random shares are expected to have read within cover_within, 0 to 1: a mean, not a promise",
      }),
      oldest_part_age_seconds: z.number().optional().meta({
        description: "How long ago the part was read that waits longest; absent until every part has been read once",
      }),
      errors: z.int().meta({ description: "Always 0: a check that finds one fails" }),
    }),
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
  },

  async run(options, context) {
    const repository = repositoryOf(options.repository, context);
    const now = context.now() / 1000;
    const past = context.history(mostHistory);
    const part = options.subset === undefined ? dueNext(options, past, context) : null;
    const subset = options.subset ?? `${part?.number}/${part?.of}`;
    if (context.dryRun) {
      const covered = part === null ? {} : coverageFields(coverageOf(partsRead(past), options.cover_within, now));
      const evidence = {
        repository: repository.name,
        subset,
        ...partFields(part),
        packs_read: 0,
        ...covered,
        errors: 0,
      };
      return { evidence, message: `would check ${repository.name} and read ${subset} of its data` };
    }
    await createRestic(repository, context.execute).reach();
    const report = await checkRepository(repository, context.execute, subset, (progress) =>
      context.progress({ ...progress, note: `reading ${subset}` }),
    );
    const covered = part === null ? randomFields(subset, past, options, now) : ownFields(part, past, options, now);
    const evidence = {
      repository: repository.name,
      subset,
      ...partFields(part),
      packs_read: report.packsRead,
      ...(report.packsTotal === null ? {} : { packs_total: report.packsTotal }),
      ...covered,
      errors: 0,
    };
    const [share, how] =
      "coverage_ratio" in covered
        ? [covered.coverage_ratio, "read"]
        : [covered.coverage_expected, "expected by chance"];
    return {
      evidence,
      message: `no errors in ${repository.name}; ${subset} read, ${report.packsRead} packs; ${Math.floor(share * 100)} % ${how} within ${options.cover_within / day} days`,
    };
  },
});

/** Which part is read now. Its number of parts may be another one than last time: what was read before still counts. */
function dueNext(options: Options, past: readonly PastStep[], context: RunnerContext): Part {
  const now = context.now() / 1000;
  const parts = options.parts ?? partsFor(checksWithin(options.cover_within, past, context));
  return nextPart(partsRead(past), parts, now);
}

/** How often the job runs in that time: by its schedule, else by how often it did, else once a day. */
function checksWithin(seconds: number, past: readonly PastStep[], { config, job, now }: RunnerContext): number {
  const declared = config.jobs[job];
  if (declared?.schedule === undefined) {
    const moments = past.slice(0, 20).map(({ startedAt }) => startedAt / 1000);
    return seconds / Math.max(60, usualInterval(moments) ?? day);
  }
  const timezone = timezoneOf(declared, config);
  const schedule = parseSchedule(declared.schedule, timezone);
  const end = now() / 1000 + seconds;
  const times: number[] = [];
  for (let at = nextAfter(schedule, now() / 1000); at !== null && at <= end && times.length <= mostParts; ) {
    times.push(at);
    at = nextAfter(schedule, at);
  }
  // By the mean gap, so that it does not matter at which moment between two runs this one was started.
  const gap = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / Math.max(1, times.length - 1);
  return gap > 0 ? (seconds + clockChange) / gap : 1;
}
/** An hour of summer time more or less is no run less. */
const clockChange = 2 * 3600;

/** The checks of the past that read a part; what else a run of this step has read is not known by part. */
function partsRead(past: readonly PastStep[]): readonly PastCheck[] {
  return past.flatMap(({ startedAt, evidence }) => {
    const { part, parts } = evidence;
    const known = Number.isInteger(part) && Number.isInteger(parts);
    return known ? [{ at: startedAt / 1000, part: { number: part as number, of: parts as number } }] : [];
  });
}

function ownFields(part: Part, past: readonly PastStep[], options: Options, now: number) {
  return coverageFields(coverageOf([...partsRead(past), { at: now, part }], options.cover_within, now));
}

function coverageFields({ ratio, oldestSeconds }: Coverage) {
  return {
    coverage_ratio: ratio,
    ...(oldestSeconds === null ? {} : { oldest_part_age_seconds: Math.round(oldestSeconds) }),
  };
}

function randomFields(subset: string, past: readonly PastStep[], options: Options, now: number) {
  const within = past.filter(
    ({ startedAt }) => startedAt / 1000 <= now && now - startedAt / 1000 <= options.cover_within,
  );
  const shares = [subset, ...within.map(({ evidence }) => String(evidence["subset"]))].flatMap(shareOf);
  return { coverage_expected: expectedCoverage(shares) };
}

/** The share of `5%` and of `3/30`. */
function shareOf(subset: string): readonly number[] {
  const [, percent] = /^([\d.]+)%$/.exec(subset) ?? [];
  if (percent !== undefined) return [Number(percent) / 100];
  const [, of] = /^\d+\/(\d+)$/.exec(subset) ?? [];
  return of === undefined ? [] : [1 / Number(of)];
}

function partFields(part: Part | null) {
  return part === null ? {} : { part: part.number, parts: part.of };
}
