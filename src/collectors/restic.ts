import { toStepError } from "../model/outcome.ts";
import type { Artifact, Sample } from "../model/sample.ts";
import { createRestic } from "../tools/restic.ts";
import { historyOf } from "../tools/restic-history.ts";
import type { ResticSnapshot } from "../tools/restic-output.ts";
import { openRepository } from "../tools/restic-repository.ts";
import { asOne, type Collected, type CollectorContext, defineCollector } from "./collector.ts";

/** restic takes 64 MB and a core for each repository that it opens. */
const atOnce = 4;
const timeout = 300;

/** Looks at repositories without a lock and without any right to write; one that is broken or silent takes nothing from the others. */
export const restic = defineCollector({
  name: "restic",
  summary: "Snapshots and locks of the restic repositories, whoever made them.",
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
    return asOne(found);
  },
});

async function look(name: string, limit: number, context: CollectorContext): Promise<Collected> {
  const { config, execute, readSecret, signal } = context;
  const repository = name;
  try {
    const opened = openRepository(name, config.repositories[name], {
      stateDirectory: config.state_directory,
      readSecret,
    });
    const tool = createRestic(opened, execute);
    const [snapshots, locks] = await Promise.allSettled([tool.snapshots({}, limit), tool.lockCount(limit)]);
    if (snapshots.status === "rejected") throw snapshots.reason;
    const samples = samplesOf(repository, snapshots.value);
    const artifacts = snapshots.value.map((snapshot) => artifactOf(repository, snapshot));
    if (locks.status === "rejected") return { samples, artifacts, problems: [problem(name, locks.reason)] };
    return {
      samples: [...samples, { metric: "repositoryLocks", labels: { repository }, value: locks.value }],
      artifacts,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      samples: [{ metric: "repositoryReachable", labels: { repository }, value: 0 }],
      problems: [problem(name, error)],
    };
  }
}

function samplesOf(repository: string, snapshots: readonly ResticSnapshot[]): Sample[] {
  const newest = new Map<string, number>();
  for (const { host, at } of snapshots) newest.set(host, Math.max(at, newest.get(host) ?? at));
  return [
    { metric: "repositoryReachable", labels: { repository }, value: 1 },
    { metric: "repositorySnapshots", labels: { repository }, value: snapshots.length },
    ...Array.from(newest, ([snapshot_host, value]): Sample => {
      return { metric: "repositoryNewest", labels: { repository, snapshot_host }, value };
    }),
  ];
}

function artifactOf(subject: string, { id, at, host, tags, paths }: ResticSnapshot): Artifact {
  return { subject, name: id, at, group: historyOf(host, tags, paths) };
}

function problem(name: string, error: unknown): string {
  return `${name}: ${toStepError(error).message}`;
}
