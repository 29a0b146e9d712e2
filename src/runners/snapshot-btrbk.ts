import { basename, dirname } from "node:path";
import * as z from "zod";
import { absolutePath, subvolumeName } from "../config/scalars.ts";
import { timezoneOf } from "../config/timezone.ts";
import { lazily } from "../model/lazily.ts";
import { explainFailure, StepError, withEvidence } from "../model/run/outcome.ts";
import { type BtrbkCall, type BtrbkReport, listConfigured, runBtrbk } from "../tools/btrbk/btrbk.ts";
import type { BtrbkRelation } from "../tools/btrbk/output.ts";
import { removeUnfinished } from "../tools/btrbk/unfinished.ts";
import { commit, listWithoutTimes, showSubvolume } from "../tools/btrfs/btrfs.ts";
import { isMissing, locate } from "../tools/files/filesystem.ts";
import { findUnchanged, lookAtTargets, proveMade } from "./btrbk-artifacts.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import { declaredSubvolume, isSamePlace, pathAsDeclared, requireSubvolume, snapshotEvidence } from "./subvolume.ts";

const options = lazily(() =>
  z.strictObject({
    subvolume: subvolumeName,
    config: absolutePath.optional().meta({
      description: "btrbk's configuration file; default: the first of /etc/btrbk.conf, /etc/btrbk/btrbk.conf",
    }),
    command: z.enum(["run", "snapshot"]).default("run").meta({
      description: "run: snapshot, send to the targets and remove what its rules do not keep; snapshot: send nothing",
    }),
    filter: z.array(z.string().regex(/^[^-]/, "a filter does not begin with a dash")).default([]).meta({
      description: "Only these volumes, subvolumes, targets or groups of the configuration; default: all of it",
    }),
  }),
);
type Options = z.infer<ReturnType<typeof options>>;

const time = lazily(() => z.string().nullable());

export const snapshotBtrbk = defineRunner({
  uses: "snapshot.btrbk",
  summary: "Runs btrbk by its own configuration and proves every snapshot that came of it by what Btrfs says of them.",
  risk: "deletes",
  kind: "snapshot",
  options,
  produces: () =>
    z.object({
      path: z.string().meta({ description: "The newest snapshot of the subvolume" }),
      ...snapshotEvidence(),
      unchanged: z.boolean().meta({
        description: "It is from an earlier run: the subvolume has not changed since (snapshot_create onchange)",
      }),
      snapshots: z
        .array(z.object({ source: z.string(), path: z.string(), uuid: z.string().nullable(), created_at: time() }))
        .meta({
          description: "Every snapshot that this run made; uuid is null on other hosts, where nothing was proved",
        }),
      backups: z
        .array(z.object({ snapshot: z.string(), backup: z.string() }))
        .meta({ description: "What btrbk says it has sent" }),
      targets: z
        .array(z.object({ source: z.string(), target: z.string(), newest: z.string().nullable(), newest_at: time() }))
        .meta({
          description:
            "Each target with the newest backup that btrbk finds there, and of when its data is: target_preserve may hold sending back",
        }),
      removed: z.array(z.string()).meta({ description: "Snapshots and backups that btrbk's rules did not keep" }),
    }),
  target: ({ subvolume }) => subvolume,

  async check(options, context) {
    const { path } = declaredSubvolume(options.subvolume, context);
    await requireSubvolume(path);
    await findSources(options, path, context);
    await showSubvolume(context.execute, path);
  },

  async run(options, context) {
    const { execute, dryRun } = context;
    const call = callOf(options, context);
    const { path, snapshots } = declaredSubvolume(options.subvolume, context);
    await requireSubvolume(path);
    const { configured, own } = await findSources(options, path, context);
    const source = await showSubvolume(execute, path);
    const before = new Set((await listWithoutTimes(execute, (await locate(path)).mount)).map(({ uuid }) => uuid));
    const report = await runToItsEnd(options, context);

    const done = doneBy(report, dryRun);
    const made = await proveMade(execute, done.snapshots, dryRun ? null : before);
    const all = { snapshots: made, backups: done.backups, removed: done.removed };
    const newest = made.findLast((snapshot) => own.has(snapshot.source));
    if (newest === undefined && report.problem !== null) throw withEvidence(report.problem, all);
    const { path: place, uuid, created_at } = newest ?? (await findUnchanged(execute, call, own, source));
    const evidence = {
      path: await pathAsDeclared(dirname(place), basename(place), snapshots),
      ...{ uuid, created_at, parent_uuid: uuid === null ? null : source.uuid, unchanged: newest === undefined, ...all },
      targets: dryRun ? [] : await lookAtTargets(execute, call, configured),
    };
    const verb = dryRun ? "would be kept" : newest === undefined ? "has not changed and is still kept" : "is kept";
    const counts = `snapshots made: ${made.length}, backups: ${done.backups.length}, removed: ${done.removed.length}`;
    const message = `${path} ${verb} as ${evidence.path} (${counts})`;
    const { problem, tail } = report;
    if (problem === null) return { evidence, message, tail };
    const { reason } = problem;
    return { evidence, tail, outcome: "partial", reason, message: `${message}, but ${explainFailure(problem)}` };
  },

  async removeLeftover(what, context) {
    const config = what["config"] === undefined ? undefined : String(what["config"]);
    const filter = JSON.parse(String(what["filter"])) as string[];
    await removeUnfinished(context.execute, { config, filter, timezone: zoneOf(context) }, Number(what["startedAt"]));
  },
});

/** What a send that is ended in the middle leaves at the target would be in the way of every later run. */
async function runToItsEnd(options: Options, context: RunnerContext): Promise<BtrbkReport> {
  const { config, filter, command } = options;
  const { execute, dryRun, now } = context;
  const call = callOf(options, context);
  if (dryRun) return await runBtrbk(execute, call, { command, dryRun });
  // btrbk holds what Btrfs has committed against its snapshots: without this it would take what was written just now for unchanged.
  const { path } = declaredSubvolume(options.subvolume, context);
  await commit(execute, path);
  const named = config === undefined ? {} : { config };
  const leftover = context.leftover({ ...named, filter: JSON.stringify(filter), startedAt: now() });
  try {
    const report = await runBtrbk(execute, call, { command, dryRun });
    leftover.settled();
    return report;
  } catch (error) {
    if (error instanceof StepError && error.reason !== "killed" && error.details.exitCode) leftover.settled();
    throw error;
  }
}

function callOf({ config, filter }: Options, context: RunnerContext): BtrbkCall {
  return { config, filter, timezone: zoneOf(context) };
}

function zoneOf({ config, job }: RunnerContext): string {
  return timezoneOf(config.jobs[job], config);
}

/** What btrbk's configuration has, and by which names the subvolume is in it: it may be another mount of the same one. */
async function findSources(options: Options, path: string, context: RunnerContext) {
  const configured = await listConfigured(context.execute, callOf(options, context));
  const own = new Set<string>();
  for (const { source } of configured) if (await isThisOne(source, path)) own.add(source);
  if (own.size > 0) return { configured, own };
  const others = [...new Set(configured.map(({ source }: BtrbkRelation) => source))].join(", ") || "none";
  throw new StepError("config", `btrbk's configuration does not have the subvolume ${path}, but ${others}`, {
    advice: "declare it there, or see that config and filter are right: btrbk list config",
  });
}

async function isThisOne(source: string, path: string): Promise<boolean> {
  if (!source.startsWith("/")) return false;
  try {
    return await isSamePlace(source, path);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function doneBy({ transactions }: BtrbkReport, dryRun: boolean) {
  const succeeded = transactions.filter(({ status }) => status === (dryRun ? "dryrun_success" : "success"));
  return {
    snapshots: succeeded
      .filter(({ type }) => type === "snapshot")
      .map(({ source, target: path }) => ({ source, path })),
    backups: succeeded
      .filter(({ type }) => type.startsWith("send-"))
      .map(({ source: snapshot, target: backup }) => ({ snapshot, backup })),
    removed: succeeded.filter(({ type }) => type.startsWith("delete_")).map(({ target }) => target),
  };
}
