import { join, resolve } from "node:path";
import { formatBytes } from "../../model/quantity.ts";
import { StepError, toStepError } from "../../model/run/outcome.ts";
import { joinPrefix } from "../../tools/destinations/destination.ts";
import { type OpenDestination, withDestination } from "../../tools/destinations/open-destination.ts";
import { findRepositories } from "../../tools/rest-hub/hub.ts";
import { copyRepository, type HubReport } from "../../tools/rest-hub/hub-copy.ts";
import { listLocks } from "../../tools/restic/locks.ts";
import { localPath } from "../../tools/restic/repository.ts";
import { repositoryOf } from "../open-repository.ts";
import type { RunnerContext, StepResult } from "../runner.ts";
import type { HubEvidence, HubOptions } from "./options.ts";

/** `hub.sync` by rclone: repository after repository; one that fails does not keep the others from being copied. */
export async function copyRepositories(options: HubOptions, context: RunnerContext): Promise<StepResult<HubEvidence>> {
  const hub = options.hub as string;
  const names = await chosenRepositories(hub, options.repositories);
  return await withDestination(options.to as string, context, async (destination) => {
    await destination.probe();
    const scratch = await context.scratch();
    const reports = new Map<string, HubReport>();
    const failures: (readonly [string, StepError])[] = [];
    for (const name of names) {
      try {
        await refuseExclusiveLock(join(hub, name), context);
        reports.set(name, await copyOne(name, options, destination, scratch, context));
      } catch (error) {
        if (context.signal.aborted) throw error;
        failures.push([name, toStepError(error)]);
      }
    }
    const evidence = evidenceOf(options, destination, reports, context.dryRun);
    const [first] = failures;
    if (first !== undefined) throw whatFailed(first, failures.length, names.length, evidence);
    const { files, bytes, snapshots_source: snapshots, url } = evidence;
    const how = context.dryRun ? `would copy ${formatBytes(evidence.bytes_copied)} to ${url}` : `found at ${url}`;
    const message = `${names.length} repositories with ${snapshots} snapshots, ${files} files, ${formatBytes(bytes)}: ${how}`;
    return { evidence, files, bytes, message };
  });
}

async function chosenRepositories(hub: string, chosen: HubOptions["repositories"]): Promise<readonly string[]> {
  const found = await findRepositories(hub);
  const wanted = chosen === "all" ? found : chosen.map((name) => joinPrefix(name));
  const absent = wanted.find((name) => !found.includes(name));
  if (absent !== undefined || wanted.length === 0) {
    const what = absent === undefined ? "no restic repository" : `no restic repository called ${absent}`;
    throw new StepError("repository_missing", `${hub} holds ${what}`, {
      advice: `see that the path is right and that it is mounted${found.length > 0 ? `; there are: ${found.join(", ")}` : ""}`,
    });
  }
  return wanted;
}

/** Only with a repository's password can be seen what kind of lock there is: where the configuration has one for this folder. */
async function refuseExclusiveLock(folder: string, context: RunnerContext): Promise<void> {
  const declared = Object.entries(context.config.repositories).find(([, { repository, password }]) => {
    const path = localPath(repository);
    return password !== undefined && path !== null && resolve(path) === resolve(folder);
  });
  if (declared === undefined) return;
  const locks = await listLocks(repositoryOf(declared[0], context), context.execute);
  const exclusive = locks.find((lock) => lock.exclusive);
  if (exclusive === undefined) return;
  const holder = `process ${exclusive.pid} of ${exclusive.host}`;
  throw new StepError("repository_locked", `${folder} is locked exclusively by ${holder}: it may be pruned now`, {
    advice: "it is copied when that is over; a lock whose process is gone is removed by restic.unlock",
  });
}

async function copyOne(
  name: string,
  options: HubOptions,
  destination: OpenDestination,
  scratch: string,
  context: RunnerContext,
): Promise<HubReport> {
  const folder = join(options.hub as string, name);
  const note = `copying ${name === "" ? folder : name}`;
  context.progress({ note });
  const { place } = destination;
  const prefix = joinPrefix(destination.whole(options.prefix), name);
  return await copyRepository(
    { folder, place, destination, prefix, scratch, remove: options.remove, dryRun: context.dryRun },
    {
      execute: context.execute,
      signal: context.signal,
      onProgress: (bytesDone) => context.progress({ note, bytesDone }),
    },
  );
}

function evidenceOf(
  options: HubOptions,
  destination: OpenDestination,
  reports: ReadonlyMap<string, HubReport>,
  dryRun: boolean,
) {
  const sum = (field: keyof HubReport) => [...reports.values()].reduce((all, report) => all + report[field], 0);
  const prefix = destination.whole(options.prefix);
  const [source, target] = [sum("snapshotsSource"), sum("snapshotsTarget")];
  return {
    destination: destination.name,
    prefix,
    url: destination.url(prefix),
    repositories: [...reports.keys()],
    files: sum("files"),
    bytes: sum("bytes"),
    bytes_copied: sum("bytesCopied"),
    files_removed: sum("filesRemoved"),
    snapshots_source: source,
    snapshots_target: target,
    missing: dryRun ? Math.max(0, source - target) : 0,
  };
}

/** The first failure decides; what was copied all the same is told with it. */
function whatFailed(
  [name, failure]: readonly [string, StepError],
  count: number,
  all: number,
  evidence: Readonly<Record<string, unknown>>,
): StepError {
  const { reason, message, details } = failure;
  if (all === 1) return new StepError(reason, message, { ...details, evidence });
  return new StepError(reason, `${count} of ${all} repositories were not copied; ${name}: ${message}`, {
    ...details,
    evidence,
  });
}
