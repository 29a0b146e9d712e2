import * as z from "zod";
import type { Artifact, Sample } from "../../model/samples/sample.ts";
import { clockTolerance } from "../../model/time/clock-tolerance.ts";
import type { ListedFiles, RepositoryListing } from "../../tools/restic/repository-listing.ts";
import type { Collected, CollectorContext } from "../collector.ts";

/** The beginning of an id, by which files are remembered: 64 bits. */
const short = (id: string) => id.slice(0, 16);

/** A note of 30 bytes each. */
const mostRemembered = 20_000;

/** Seconds since the epoch by the beginning of an id; 0: it was there when this repository was first looked at. */
const arrivals = z.record(z.string(), z.number());

/**
 * What names alone tell of a repository, without its password: how many snapshots there are, and when the newest came. In a folder files are
 * dated. A REST server dates nothing: there a snapshot is as old as the last look that did not show it yet, which is never younger than it
 * is; of those that the first look finds nothing is known. By names and not by numbers, so that a snapshot forgotten and another one made
 * do not look as if nothing had happened.
 */
export async function lookOutside(
  repository: string,
  listing: RepositoryListing,
  context: CollectorContext,
): Promise<Collected> {
  const files = await listing.files("snapshots");
  const dated = datesOf(repository, files, context);
  const artifacts = [...dated].map(([name, at]): Artifact => ({ subject: repository, name, at }));
  const labels = { repository };
  const last = Math.max(...dated.values());
  const newest: Sample[] = dated.size === 0 ? [] : [{ metric: "repositoryLastSnapshot", labels, value: last }];
  const empty = [...files].filter(([, { size }]) => size === 0).map(([id]) => id.slice(0, 8));
  return {
    samples: [
      { metric: "repositoryReachable", labels, value: 1 },
      { metric: "repositorySnapshots", labels, value: files.size - empty.length },
      ...newest,
    ],
    artifacts,
    problems:
      empty.length === 0
        ? []
        : [`${repository}: empty files instead of snapshots: ${empty.length}, e.g. ${empty[0]} – run restic check`],
  };
}

/** When snapshots came, seconds since the epoch, by id: those of which it is known. */
function datesOf(
  repository: string,
  files: ListedFiles,
  { now, recall, remember }: Pick<CollectorContext, "now" | "recall" | "remember">,
): ReadonlyMap<string, number> {
  const whole = [...files].filter(([, { size }]) => size > 0);
  const written = whole.flatMap(([id, { writtenAt }]) => (writtenAt === undefined ? [] : [[id, writtenAt] as const]));
  if (written.length > 0) return new Map(written.filter(([, at]) => at <= now + clockTolerance));

  const lastLook = z.number().safeParse(recall(`looked/${repository}`)).data ?? null;
  const before = new Map(Object.entries(arrivals.safeParse(recall(`arrivals/${repository}`)).data ?? {}));
  // Never now: it may have come long before this look, after an engine that did not run.
  const since = lastLook === null ? 0 : Math.min(lastLook, now);
  const come = whole.flatMap(([id]) => (before.has(short(id)) ? [] : [[short(id), since] as const]));
  if (come.length > 0) {
    // What is gone stays known: when its disk comes back, or the hub stops lying, it must not pass for new.
    const all = new Map([...before, ...come]);
    const here = new Set(whole.map(([id]) => short(id)));
    const kept = all.size <= mostRemembered ? [...all] : [...all].filter(([id]) => here.has(id));
    remember(`arrivals/${repository}`, Object.fromEntries(kept));
    for (const [id, at] of come) before.set(id, at);
  }
  remember(`looked/${repository}`, now);
  return new Map(
    whole.flatMap(([id]) => (before.get(short(id)) ? [[id, before.get(short(id)) as number] as const] : [])),
  );
}
