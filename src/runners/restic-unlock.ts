import * as z from "zod";
import { duration, repositoryName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { StepError } from "../model/run/outcome.ts";
import {
  type Judgement,
  judgeLock,
  listLocks,
  type ResticLock,
  removeLocks,
  thisMachine,
} from "../tools/restic/locks.ts";
import type { ResticRepository } from "../tools/restic/repository.ts";
import { refuseToReplace, repositoryOf, resticVersion } from "./open-repository.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const judged = lazily(() =>
  z.object({
    id: z.string().meta({ description: "Of the lock" }),
    because: z.string().meta({ description: "What is known of its holder" }),
  }),
);

export const resticUnlock = defineRunner({
  uses: "restic.unlock",
  summary: "Removes the locks of a restic repository whose holders are proven dead, and says why the others stay.",
  risk: "deletes",
  kind: "other",
  options: () =>
    z.strictObject({
      repository: repositoryName,
      other_hosts: z.boolean().default(false).meta({
        description:
          "Also locks whose holders nobody here can see, of other hosts or containers, when they are older than older_than",
      }),
      older_than: duration.prefault("6h").meta({
        description: "How old such a lock must be; a restic at work writes its lock anew every 5 minutes",
      }),
    }),
  produces: () =>
    z.object({
      repository: z.string().meta({ description: "Its name in the configuration" }),
      removed: z.array(judged()).meta({ description: "Locks that were removed, or would be in a dry run" }),
      kept: z.array(judged()).meta({ description: "Locks that stay" }),
    }),
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
  },

  async run(options, context) {
    const repository = repositoryOf(options.repository, context);
    const { execute } = context;
    const now = context.now() / 1000;
    const others = options.other_hosts ? options.older_than : null;
    const locks = await locksOf(repository, context);
    if (locks === null) {
      const evidence = { repository: repository.name, removed: [], kept: [] };
      return { evidence, message: `there is no repository ${repository.name} yet, and so no lock` };
    }
    const verdicts = locks.map((lock) => judgeLock(lock, thisMachine(now), others));
    const dead = verdicts.filter((verdict) => verdict.dead);
    const alive = verdicts.filter((verdict) => !verdict.dead);
    const evidence = { repository: repository.name, removed: dead.map(shown), kept: alive.map(shown) };
    if (dead.length === 0 || context.dryRun) {
      const would = context.dryRun ? "would remove" : "removed";
      return { evidence, message: `${would} ${sentence(dead, alive, repository.name)}` };
    }
    const refusal = await removeLocks(verdicts, repository, execute);
    if (refusal !== null) {
      throw new StepError("repository_locked", `${dead.length} dead locks of ${repository.name} stay: ${refusal}`, {
        advice:
          "run this step where the repository lives, or later: other_hosts and older_than say from which age a lock is dead",
        evidence: { repository: repository.name, removed: [], kept: verdicts.map(shown) },
      });
    }
    const left = new Set((await listLocks(repository, execute)).map(({ id }) => id));
    const still = dead.filter(({ lock }) => left.has(lock.id));
    if (still.length > 0) {
      throw new StepError("repository_locked", `${still.length} dead locks of ${repository.name} are still there`, {
        advice: "restic itself leaves them for 30 minutes: run it again then, or where the repository lives",
        evidence: {
          repository: repository.name,
          removed: dead.filter(({ lock }) => !left.has(lock.id)).map(shown),
          kept: [...still, ...alive].map(shown),
        },
      });
    }
    return { evidence, message: `removed ${sentence(dead, alive, repository.name)}` };
  },
});

/** Null: there is no repository yet; what saves something there may make it. */
async function locksOf(repository: ResticRepository, context: RunnerContext): Promise<readonly ResticLock[] | null> {
  const { name } = repository;
  try {
    return await listLocks(repository, context.execute);
  } catch (error) {
    const isAbsent = error instanceof StepError && error.reason === "repository_missing";
    if (!isAbsent || !context.config.repositories[name]?.initialize) throw error;
    refuseToReplace(name, context);
    return null;
  }
}

const shown = ({ lock, because }: Judgement) => ({ id: lock.id, because });

function sentence(dead: readonly Judgement[], alive: readonly Judgement[], name: string): string {
  const [first] = alive;
  const stay = first === undefined ? "none stays" : `${alive.length} stay: ${first.because}`;
  return `${dead.length} locks of ${name}, ${stay}`;
}
