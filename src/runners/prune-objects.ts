import * as z from "zod";
import { retentionKeep } from "../config/retention.ts";
import { destinationName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes } from "../model/quantity.ts";
import { StepError, toStepError } from "../model/run/outcome.ts";
import { cancellation } from "../tools/cancellation.ts";
import { wholeSeries } from "../tools/destinations/open-destination.ts";
import { withStore } from "./archive/store.ts";
import { archiveShelf, type Prunable, type Shelf, seriesShelf, unfinishedArchive } from "./pruning/shelf.ts";
import { judge, policiesOf } from "./pruning/verdict.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const options = lazily(() =>
  z.strictObject({
    destination: destinationName,
    prefix: z
      .string()
      .refine((prefix) => !/\d{8}T\d{6}Z$/.test(prefix), "is what stands before the timestamp: falkordb-")
      .default("")
      .meta({
        description:
          "Below the destination's own prefix: what stands before the timestamp in the names of folders (falkordb-), or where archives are",
      }),
    archives: z.string().min(1).optional().meta({
      description: "Name of archives of archive.btrfs-send, pruned by chains; default: folders with timestamps",
    }),
    host: z.string().min(1).optional().meta({ description: "Whose archives; default: the configuration's" }),
    keep: retentionKeep.optional().meta({
      description: "What is kept besides what the retention of the destination holds; default: nothing more",
    }),
    hidden_versions: z.boolean().default(false).meta({
      description:
        "Of what is removed, also the old versions and delete markers that a bucket with versions keeps, and bills",
    }),
  }),
);
type Options = z.infer<ReturnType<typeof options>>;

/** Names that are told; there may be thousands. */
const mostNames = 100;
const Spared = lazily(() => z.object({ name: z.string(), why: z.string() }));

export const pruneObjects = defineRunner({
  uses: "prune.objects",
  summary: "Removes timestamped folders or archives at a destination that no tier of a retention policy holds.",
  risk: "deletes",
  kind: "prune",
  options,
  produces: () =>
    z.object({
      destination: z.string().meta({ description: "Its name in the configuration" }),
      prefix: z
        .string()
        .meta({ description: "What was pruned: the text before the timestamps, or where the archives are" }),
      kept: z.int().meta({ description: "Folders or archives that stay" }),
      removed: z.int().meta({ description: "Those that went; 0 in a dry run" }),
      removed_bytes: z.int().meta({ description: "Their size" }),
      names: z.array(z.string()).meta({ description: "What was removed, or would be in a dry run; at most 100" }),
      spared: z
        .array(Spared())
        .meta({ description: "What stays although the policy does not hold it, and why; at most 100" }),
    }),
  target: ({ destination }) => destination,

  async check(options, context) {
    policiesOf(options, context);
    await withStore(options.destination, context, (_, destination) => destination.probe());
  },

  async run(options, context) {
    const { archives: name, destination: to, host = context.config.host } = options;
    return await withStore(to, context, async (store, destination) => {
      // A folder that is not mounted looks as if everything had gone.
      await destination.probe();
      if (name === undefined) {
        const series = wholeSeries(options.prefix, destination);
        return await prune({ prefix: series, shelf: seriesShelf(series, destination) }, options, context);
      }
      const place = { prefix: destination.whole(options.prefix), host, name };
      const unfinished = await unfinishedArchive(place, store);
      if (unfinished === null) {
        return await prune({ prefix: place.prefix, shelf: archiveShelf(place, store, destination) }, options, context);
      }
      const message = `${unfinished} is being written, or was left unfinished: nothing was removed, the next archive of ${name} clears it`;
      const evidence = { destination: to, prefix: place.prefix, ...nothing };
      return { evidence, outcome: "skipped", reason: "condition", message } as const;
    });
  },

  /** A removal that was begun is brought to its end: half a folder still looks like one. */
  async removeLeftover({ destination: to, prefix, name, host, archives, versions }, context) {
    if (typeof to !== "string" || typeof name !== "string" || typeof prefix !== "string" || name === "") return;
    await withStore(to, context, async (store, destination) => {
      const place = { prefix, host: String(host), name: String(archives) };
      const shelf = archives === "" ? seriesShelf(prefix, destination) : archiveShelf(place, store, destination);
      await shelf.remove(name, { versions: versions === true });
    });
  },
});

const nothing = { kept: 0, removed: 0, removed_bytes: 0, names: [], spared: [] };

interface Place {
  readonly prefix: string;
  readonly shelf: Shelf;
}

async function prune({ prefix, shelf }: Place, options: Options, context: RunnerContext) {
  const { destination } = options;
  const all = await listOrStop(shelf);
  const { removable, spared } = judge(all, shelf, options, context);
  const removed: Prunable[] = [];
  const evidence = () => ({
    destination,
    prefix,
    kept: all.length - removable.length,
    removed: removed.length,
    removed_bytes: bytesOf(removed),
    names: (context.dryRun ? removable : removed).slice(0, mostNames).map(({ name }) => name),
    spared: spared.slice(0, mostNames),
  });
  if (context.dryRun) {
    for (const { name } of removable) context.log(`would remove ${name}`);
    const message = `dry run: ${removable.length} of ${all.length} would go, ${formatBytes(bytesOf(removable))}`;
    return { evidence: evidence(), message };
  }
  try {
    for (const one of removable) {
      if (context.signal.aborted) throw cancellation(`pruning ${destination}`, context.signal);
      await remove(one, prefix, shelf, options, context);
      removed.push(one);
      context.progress({ ratio: removed.length / removable.length, note: `removed ${one.name}` });
    }
    if (removed.length > 0) await prove(all, removed, shelf, options);
  } catch (error) {
    // What is gone is gone: the journal hears of it, however the step ends.
    const { reason, message, details } = toStepError(error);
    throw new StepError(reason, `${message}; ${removed.length} had been removed`, { ...details, evidence: evidence() });
  }
  const counts = `${evidence().kept} kept, ${removed.length} removed, ${formatBytes(bytesOf(removed))}`;
  return { evidence: evidence(), message: counts };
}

/** Journaled before it is begun, so that it is brought to its end after a kill. */
async function remove(one: Prunable, prefix: string, shelf: Shelf, options: Options, context: RunnerContext) {
  const { destination, archives = "", hidden_versions: versions, host = context.config.host } = options;
  const leftover = context.leftover({ destination, prefix, name: one.name, archives, host, versions });
  try {
    await shelf.remove(one.name, { versions });
  } catch (error) {
    // Whoever may not remove, may not remove later either: it stays as it is.
    if (toStepError(error).reason === "auth") leftover.settled();
    throw error;
  }
  leftover.settled();
}

async function listOrStop(shelf: Shelf): Promise<readonly Prunable[]> {
  try {
    return await shelf.list();
  } catch (error) {
    const { reason, message, details } = toStepError(error);
    throw new StepError(reason, `${message}; without a whole listing nothing was removed`, details);
  }
}

/** Another listing, without the knowledge of the first. */
async function prove(all: readonly Prunable[], removed: readonly Prunable[], shelf: Shelf, options: Options) {
  const left = new Map((await shelf.list()).map((one) => [one.name, one]));
  const gone = new Set(removed.map(({ name }) => name));
  const still = removed.find(({ name }) => left.has(name));
  if (still) {
    throw new StepError("verification", `${still.name} was removed, but ${options.destination} still lists it`, {
      advice: "see whether the bucket locks its objects, and what else writes there",
    });
  }
  const hurt = all.find((one) => !gone.has(one.name) && (left.get(one.name)?.bytes ?? -1) < one.bytes);
  if (hurt) {
    throw new StepError(
      "verification",
      `${hurt.name} was to stay, but ${options.destination} lists less of it than before`,
      {
        advice: "see at once what else removes there; a bucket with versions can give it back",
      },
    );
  }
  if (!options.hidden_versions) return;
  for (const { name } of removed) {
    const versions = await shelf.versions(name);
    if (versions === 0) continue;
    throw new StepError("verification", `${versions} old versions of ${name} are still there`, {
      advice: "see whether the bucket locks its objects, and that the key may delete versions",
    });
  }
}

function bytesOf(some: readonly Prunable[]): number {
  return some.reduce((sum, { bytes }) => sum + bytes, 0);
}
