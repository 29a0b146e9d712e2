import { mkdir } from "node:fs/promises";
import * as z from "zod";
import { subvolumeName } from "../config/scalars.ts";
import { StepError } from "../model/run/outcome.ts";
import { createSnapshot, showSubvolume } from "../tools/btrfs/btrfs.ts";
import { locate, locateNearest } from "../tools/files/filesystem.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import { declaredSubvolume, proveSnapshot, requireSubvolume, snapshotEvidence } from "./subvolume.ts";

/** Somebody who makes this many snapshots of one subvolume within one second wants something else. */
const mostOfOneSecond = 1000;

export const snapshotBtrfs = defineRunner({
  uses: "snapshot.btrfs",
  summary: "Makes a read-only snapshot of a Btrfs subvolume and proves it by what Btrfs says of it.",
  risk: "creates",
  kind: "snapshot",
  options: () => z.strictObject({ subvolume: subvolumeName }),
  produces: () =>
    z.object({
      path: z.string().meta({ description: "Absolute path of the snapshot" }),
      name: z.string().meta({ description: "Its name in the directory of snapshots" }),
      ...snapshotEvidence(),
    }),
  target: (options) => options.subvolume,

  async check({ subvolume }, context) {
    const { path, snapshots } = declaredSubvolume(subvolume, context);
    await requireSubvolume(path);
    await requireRoomForSnapshots(path, snapshots);
    // The privilege that the proof takes, and the program, are best tried out.
    await showSubvolume(context.execute, path);
  },

  async run({ subvolume }, context) {
    const { path, snapshots } = declaredSubvolume(subvolume, context);
    await requireSubvolume(path);
    await requireRoomForSnapshots(path, snapshots);
    const name = `${subvolume}.${context.timestamp}`;
    if (context.dryRun) {
      const evidence = { path: `${snapshots}/${name}`, name, uuid: null, parent_uuid: null, created_at: null };
      return { evidence, message: `would snapshot ${path} as ${evidence.path}` };
    }
    const source = await showSubvolume(context.execute, path);
    await makeDirectory(snapshots);
    const made = await createUnderFreeName(path, snapshots, name, context);
    const shown = proveSnapshot(await showSubvolume(context.execute, made.path), source, made.path, path);
    const created_at = new Date(shown.createdAt * 1000).toISOString();
    const evidence = { ...made, uuid: shown.uuid, parent_uuid: source.uuid, created_at };
    return { evidence, message: `${path} is kept as ${made.path}` };
  },
});

async function requireRoomForSnapshots(path: string, snapshots: string): Promise<void> {
  const source = await locate(path);
  const { place: target } = await locateNearest(snapshots);
  if (source.mount.device !== target.mount.device) {
    throw new StepError("config", `${snapshots} is on ${target.mount.source}, ${path} on ${source.mount.source}`, {
      advice: "a snapshot stays on the filesystem of its subvolume: name a directory there as snapshots",
    });
  }
  if (target.mount.readOnly) {
    throw new StepError(
      "source",
      `${snapshots} is on a filesystem that is mounted read-only at ${target.mount.mountPoint}`,
      {
        advice: "see dmesg: Btrfs turns itself read-only after an error; otherwise mount -o remount,rw",
      },
    );
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOSPC" ? "space" : code === "EACCES" || code === "EPERM" ? "auth" : "source";
    throw new StepError(reason, `the directory of snapshots ${path} could not be made: ${message}`, {
      advice: `make it by hand: mkdir -p ${path}`,
      cause,
    });
  }
}

async function createUnderFreeName(source: string, snapshots: string, name: string, context: RunnerContext) {
  for (let attempt = 0; attempt < mostOfOneSecond; attempt += 1) {
    const candidate = attempt === 0 ? name : `${name}_${attempt}`;
    const path = `${snapshots}/${candidate}`;
    if ((await createSnapshot(context.execute, source, path)) === "created") return { path, name: candidate };
  }
  throw new StepError("config", `${mostOfOneSecond} names that begin with ${snapshots}/${name} are taken`, {
    advice: "see that the clock is right, and who makes them",
  });
}
