import { StepError, toStepError } from "../model/run/outcome.ts";
import { openListing } from "../tools/destinations/open-listing.ts";
import { createResticCall } from "../tools/restic/call.ts";
import { lockIds } from "../tools/restic/locks.ts";
import {
  openRepository,
  type PlacedRepository,
  placeRepository,
  type ResticRepository,
} from "../tools/restic/repository.ts";
import type { ListedFiles, RepositoryListing } from "../tools/restic/repository-listing.ts";
import { createRestic } from "../tools/restic/restic.ts";
import { asOne, type Collected, type CollectorContext, defineCollector } from "./collector.ts";
import { agesOfOthers } from "./repositories/ages.ts";
import { lookInside, namesOf } from "./repositories/inside.ts";
import { lockSamples } from "./repositories/locks.ts";
import { lookOutside } from "./repositories/outside.ts";
import { repositorySamples } from "./repositories/samples.ts";
import { type SizeQuestion, sizeOf } from "./repositories/size.ts";

/** restic takes 64 MB and a core for each repository that it opens. */
const atOnce = 4;
const timeout = 300;
/** A server that says nothing for so long is silent, seconds. */
const patience = 30;

/** Looks at repositories without a lock and without any right to write; one that is broken or silent takes nothing from the others. */
export const restic = defineCollector({
  name: "restic",
  summary: "Snapshots, sizes and locks of the restic repositories, whoever made them.",
  every: 900,
  timeout,
  async collect(context) {
    const { config } = context;
    const names = Object.keys(config.repositories);
    // All of them have to fit into the collector's time, so that a silent one is named instead of ending the whole look.
    const rounds = Math.ceil(names.length / atOnce);
    const limit = ((config.collectors["restic"]?.timeout ?? timeout) * 0.9) / Math.max(1, rounds);
    const found: Collected[] = [];
    const queue = names.values();
    const worker = async () => {
      for (const name of queue) found.push(await look(name, limit, context));
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, worker));
    const seen = asOne(found);
    return { ...seen, samples: [...seen.samples, ...agesOfOthers(seen.samples, config)] };
  },
});

/** One repository in one look, with the time that is left for it. */
interface Looked {
  readonly name: string;
  readonly place: PlacedRepository;
  /** Null: only restic can look there. */
  readonly listing: RepositoryListing | null;
  /** With its password; null: declared without one. */
  readonly opened: ResticRepository | null;
  /** Seconds that are left. */
  readonly left: () => number;
}

async function look(name: string, limit: number, context: CollectorContext): Promise<Collected> {
  const { config, readSecret, signal } = context;
  const declared = config.repositories[name];
  const startedAt = performance.now();
  const left = () => Math.max(1, limit - (performance.now() - startedAt) / 1000);
  try {
    const place = placeRepository(name, declared, readSecret);
    const world = { stateDirectory: config.state_directory, readSecret };
    const opened = declared?.password === undefined ? null : openRepository(name, declared, world);
    const listing = openListing(place, { signal, seconds: Math.min(patience, limit / 6) });
    const looked = { name, place, listing, opened, left };
    if (opened !== null) return await inside(looked, opened, context);
    if (listing === null) throw unseen(name);
    return await withRest(await lookOutside(name, listing, context), looked, context);
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      samples: [{ metric: "repositoryReachable", labels: { repository: name }, value: 0 }],
      problems: [problem(name, error)],
    };
  }
}

async function inside(looked: Looked, opened: ResticRepository, context: CollectorContext): Promise<Collected> {
  const { name, left } = looked;
  const names = await namesOf(looked.listing);
  const tool = createRestic(opened, context.execute);
  const found = await lookInside({ name, names, restic: tool, seconds: left() }, context);
  const seen: Collected = {
    samples: [
      ...repositorySamples(name, found.snapshots, context),
      { metric: "repositoryOpened", labels: { repository: name }, value: found.openedAt },
    ],
    artifacts: found.snapshots,
    problems: found.problems.map((text) => `${name}: ${text}`),
  };
  return await withRest(seen, { ...looked, listing: names?.listing ?? null }, context);
}

/** Locks and sizes: what cannot be learnt of them takes nothing from what is known of the snapshots. */
async function withRest(seen: Collected, looked: Looked, context: CollectorContext): Promise<Collected> {
  const { name } = looked;
  const parts: Collected[] = [seen];
  const failed = (error: unknown) => {
    if (context.signal.aborted) throw error;
    parts.push({ samples: [], problems: [problem(name, error)] });
  };
  await locksOf(looked, context).then((locks) => parts.push({ samples: lockSamples(name, locks, context) }), failed);
  for (const question of sizeQuestions(looked, context)) {
    const { failure, ...size } = await sizeOf(question, context);
    parts.push(size);
    if (failure !== undefined) failed(failure);
  }
  return asOne(parts);
}

async function locksOf({ listing, opened, left }: Looked, { execute }: CollectorContext): Promise<ListedFiles> {
  if (listing !== null) return await listing.files("locks");
  if (opened === null) return new Map();
  const ids = await lockIds(createResticCall(opened, execute), opened, left());
  return new Map(ids.map((id) => [id, { size: 0 }]));
}

function sizeQuestions({ name, place, listing, opened, left }: Looked, { execute, signal }: CollectorContext) {
  const questions: SizeQuestion[] = [];
  if (listing !== null) {
    const measure = async () => {
      const seconds = Math.ceil(left());
      const limits = { seconds, signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]) };
      const files = await (openListing(place, limits) ?? listing).files("data");
      return [...files.values()].reduce((all, { size }) => all + size, 0);
    };
    questions.push({ repository: name, kind: "stored", measure });
  }
  if (opened === null) return questions;
  const measure = () => createRestic(opened, execute).rawDataSize(left());
  return [...questions, { repository: name, kind: "data", measure } satisfies SizeQuestion];
}

function unseen(name: string): StepError {
  return new StepError("config", `without its password nothing can be seen of the repository ${name}`, {
    advice: "declare its password, or reach it without a proxy",
  });
}

function problem(name: string, error: unknown): string {
  return `${name}: ${toStepError(error).message}`;
}
