import type { Config } from "../../config/schema.ts";
import type { Artifact, Sample } from "../../model/samples/sample.ts";
import { clockTolerance } from "../../model/time/clock-tolerance.ts";
import { ownTag } from "../../tools/restic/history.ts";

/** A restic snapshot as a look keeps it. */
export type SeenSnapshot = Artifact & Required<Pick<Artifact, "group" | "host">>;

/** Hosts that have a series of their own: a repository may hold any number of them. */
const mostHosts = 50;

/** What the snapshots of one repository say. @param now seconds since the epoch */
export function repositorySamples(
  repository: string,
  snapshots: readonly SeenSnapshot[],
  { config, now }: { readonly config: Config; readonly now: number },
): readonly Sample[] {
  const past = snapshots.filter(({ at }) => at <= now + clockTolerance);
  const newest = newestOf(past, ({ host }) => host);
  const told = [...newest.values()].sort((a, b) => b.at - a.at).slice(0, mostHosts);
  return [
    { metric: "repositoryReachable", labels: { repository }, value: 1 },
    { metric: "repositorySnapshots", labels: { repository }, value: snapshots.length },
    { metric: "repositoryMisdated", labels: { repository }, value: snapshots.length - past.length },
    { metric: "repositoryHosts", labels: { repository }, value: new Set(snapshots.map(({ host }) => host)).size },
    ...told
      .slice(0, 1)
      .map(({ at }): Sample => ({ metric: "repositoryLastSnapshot", labels: { repository }, value: at })),
    ...told.flatMap(({ host, at, bytes }): Sample[] => {
      const labels = { repository, snapshot_host: host };
      const size: Sample[] = bytes === undefined ? [] : [{ metric: "repositoryNewestSize", labels, value: bytes }];
      return [{ metric: "repositoryNewest", labels, value: at }, ...size];
    }),
    ...ofJobs(repository, past, config),
  ];
}

/** The newest of each declared job that stores something here, by the tags that its snapshots carry. */
function ofJobs(repository: string, past: readonly SeenSnapshot[], config: Config): readonly Sample[] {
  const marked = past.filter(({ group }) => group.includes(` ${ownTag} `));
  return Object.entries(config.jobs).flatMap(([job, { steps }]): Sample[] => {
    const hosts = steps.flatMap((step) => {
      const { uses, repository: target, host } = step as Readonly<Record<string, unknown>>;
      return target === repository && String(uses).startsWith("backup.") ? [host ?? config.host] : [];
    });
    const own = marked.filter(({ host, group }) => hosts.includes(host) && group.split(" ").includes(`job:${job}`));
    const [last] = newestOf(own, () => job).values();
    return last ? [{ metric: "repositoryJobNewest", labels: { repository, job }, value: last.at }] : [];
  });
}

function newestOf(snapshots: readonly SeenSnapshot[], keyOf: (snapshot: SeenSnapshot) => string) {
  const newest = new Map<string, SeenSnapshot>();
  for (const snapshot of snapshots) {
    const key = keyOf(snapshot);
    const known = newest.get(key);
    if (known === undefined || snapshot.at > known.at) newest.set(key, snapshot);
  }
  return newest;
}
