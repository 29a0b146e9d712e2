import { join } from "node:path";
import * as z from "zod";
import { subvolumeName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { StepError } from "../model/run/outcome.ts";
import { isSubvolumeThere, listWithoutTimes, showSubvolume } from "../tools/btrfs/btrfs.ts";
import { locate } from "../tools/files/filesystem.ts";
import { removeOrphans } from "../tools/snapper/orphans.ts";
import { createSnapshot, listSnapshots, readSettings, runKey, snapperCleanups } from "../tools/snapper/snapper.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import {
  declaredSubvolume,
  isSamePlace,
  pathAsDeclared,
  proveSnapshot,
  requireSubvolume,
  snapshotEvidence,
} from "./subvolume.ts";

const options = lazily(() =>
  z.strictObject({
    subvolume: subvolumeName,
    config: z
      .string()
      .regex(/^[^\s/"'=,-][^\s/"'=,]*$/, "the name of a snapper configuration, as snapper list-configs shows it")
      .meta({ description: "Name of the snapper configuration whose SUBVOLUME this is" }),
    cleanup: z.enum(snapperCleanups).default("timeline").meta({
      description: "By which of its rules snapper removes the snapshot later; none: it stays until somebody does",
    }),
    description: z.string().min(1).max(200).optional().meta({ description: "For people; default: pantheros: JOB" }),
  }),
);
type Options = z.infer<ReturnType<typeof options>>;

export const snapshotSnapper = defineRunner({
  uses: "snapshot.snapper",
  summary:
    "Lets snapper make a read-only snapshot by one of its configurations and proves it by what Btrfs says of it.",
  risk: "creates",
  kind: "snapshot",
  options,
  produces: () =>
    z.object({
      path: z.string().meta({ description: "Absolute path of the snapshot" }),
      number: z.int().meta({ description: "Its number; in a dry run the one that snapper would give" }),
      config: z.string().meta({ description: "The snapper configuration" }),
      ...snapshotEvidence(),
    }),
  target: ({ subvolume }) => subvolume,

  async check(options, context) {
    await open(options, context);
    await listSnapshots(context.execute, options.config);
  },

  async run(options, context) {
    const { execute, runId } = context;
    const { config, cleanup, description = `pantheros: ${context.job}` } = options;
    const { path, snapshots, directory, unruled } = await open(options, context);
    if (unruled !== null) {
      context.log(
        `${unruled} is not "yes" in the snapper configuration ${config}: snapper will not remove its snapshots`,
      );
    }
    const known = await listSnapshots(execute, config);
    const after = known.reduce((highest, { number }) => Math.max(highest, number), 0);
    const named = (number: number) => pathAsDeclared(directory, `${number}/snapshot`, snapshots);
    if (context.dryRun) {
      const evidence = { path: await named(after + 1), number: after + 1, config };
      const message = `would let snapper snapshot ${path} by its configuration ${config}`;
      return { evidence: { ...evidence, uuid: null, parent_uuid: null, created_at: null }, message };
    }
    const source = await showSubvolume(execute, path);
    const before = new Set((await listWithoutTimes(execute, (await locate(path)).mount)).map(({ uuid }) => uuid));
    const leftover = context.leftover({ directory, after });
    const number = await createSnapshot(execute, { config, description, runId, cleanup }).catch((error: unknown) => {
      // When snapper itself could not, it has tidied up; when it was ended, it could not do that either.
      if (error instanceof StepError && error.details.exitCode) leftover.settled();
      throw error;
    });
    const made = (await listSnapshots(execute, config)).find((snapshot) => snapshot.number === number);
    if (made?.userdata[runKey] !== runId) throw unknownToSnapper(number, made !== undefined, options);
    leftover.settled();
    const place = join(directory, `${number}`, "snapshot");
    const shown = proveSnapshot(await showSubvolume(execute, place), source, place, path, before);
    const created_at = new Date(shown.createdAt * 1000).toISOString();
    const evidence = {
      path: await named(number),
      number,
      config,
      uuid: shown.uuid,
      parent_uuid: source.uuid,
      created_at,
    };
    return { evidence, message: `${path} is kept as snapshot ${number} of ${config}: ${evidence.path}` };
  },

  async removeLeftover({ directory, after }, { execute, now }) {
    await removeOrphans(execute, String(directory), Number(after), now());
  },
});

/**
 * The subvolume of the configuration, if it is the one that is meant, the folder in which snapper keeps its snapshots, and the setting
 * that would have to be "yes" for the chosen rule to remove them.
 */
async function open({ subvolume, config, cleanup }: Options, context: RunnerContext) {
  const { path, snapshots } = declaredSubvolume(subvolume, context);
  await requireSubvolume(path);
  const settings = await readSettings(context.execute, config);
  const configured = settings["SUBVOLUME"] ?? "";
  if (!configured.startsWith("/") || !(await isSamePlace(path, configured))) {
    throw new StepError("config", `the snapper configuration ${config} is about ${configured}, not about ${path}`, {
      advice: `name the one whose SUBVOLUME is ${path}: snapper list-configs`,
    });
  }
  const directory = join(configured, ".snapshots");
  if (!(await isSubvolumeThere(directory))) {
    throw new StepError("config", `${directory}, where snapper keeps its snapshots, is not there or no subvolume`, {
      advice: `mount it, or make it: btrfs subvolume create ${directory}`,
    });
  }
  const rule = `${cleanup.toUpperCase()}_CLEANUP`;
  return { path, snapshots, directory, unruled: cleanup !== "none" && settings[rule] !== "yes" ? rule : null };
}

function unknownToSnapper(number: number, listed: boolean, { config }: Options): StepError {
  const what = listed ? "that is of another run" : "but does not list it";
  return new StepError("verification", `snapper says it made snapshot ${number} of ${config}, ${what}`, {
    advice: `look at it: snapper -c ${config} list`,
  });
}
