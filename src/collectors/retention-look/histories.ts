import type { Config } from "../../config/schema.ts";
import { timezoneOf } from "../../config/timezone.ts";
import type { LastStep } from "../../ledger/ledger.ts";
import { parseArchiveKey } from "../../model/archive/key.ts";
import type { Producer } from "../../model/retention/retention.ts";
import { claimOf } from "../../model/run/claim.ts";
import type { Artifact } from "../../model/samples/sample.ts";
import { copiersOf, type Maker, makersOf, producersOf, unknownProducer } from "./makers.ts";
import type { RetentionSubject } from "./promises.ts";

/** Artifacts that a policy is applied to by themselves: all snapshots of a subvolume, those of one host and source, one series. */
export interface History {
  /** Null: the only one of its subject. */
  readonly name: string | null;
  readonly artifacts: readonly Artifact[];
  /** Jobs that add to it. */
  readonly jobs: readonly string[];
  readonly timezone: string;
  /** None: nobody adds to it any more. */
  readonly producers: readonly Producer[];
  readonly chained?: readonly boolean[];
  /** It is copied from elsewhere: what the last copy could not bring yet cannot be missing. */
  readonly copiers?: readonly Producer[];
}

interface World {
  readonly config: Config;
  readonly lastSteps: readonly LastStep[];
}

/** @param declared names of the histories that were looked for; one that holds nothing is one too */
export function historiesOf(
  subject: RetentionSubject,
  artifacts: readonly Artifact[],
  declared: readonly string[],
  world: World,
): readonly History[] {
  const makers = makersOf(subject, world.config);
  const byGroup = Map.groupBy(artifacts, ({ group }) => group ?? "");
  if (subject.kind === "subvolume") return [historyOf(null, artifacts, makers, world.config)];
  if (subject.kind === "destination") return seriesOf(byGroup, declared, makers, world.config);
  return inRepository(subject, byGroup, makers, world);
}

function seriesOf(
  byGroup: ReadonlyMap<string, Artifact[]>,
  declared: readonly string[],
  makers: readonly Maker[],
  config: Config,
): History[] {
  // Archives whose name nobody could tell are declared by their folder alone.
  const empty = declared.filter(
    (name) => ![...byGroup.keys()].some((group) => group === name || group.startsWith(`${name}/`)),
  );
  return [...byGroup.keys(), ...empty].map((name) => {
    const own = makers.filter(({ history }) => history === name || history === null);
    const artifacts = byGroup.get(name) ?? [];
    return { ...historyOf(name, artifacts, own, config), chained: artifacts.map(isIncremental) };
  });
}

function isIncremental({ name }: Artifact): boolean {
  return parseArchiveKey("", name.split("/").slice(-4).join("/"))?.mode === "incr";
}

/**
 * What pantheros has made on this host says in its tags which job it was. What that job does not add to any more – its sources or tags
 * have changed, or it is gone – owes nothing. What others have made is owed for every period that is over.
 */
function inRepository(
  subject: RetentionSubject,
  byGroup: ReadonlyMap<string, Artifact[]>,
  makers: readonly Maker[],
  { config, lastSteps }: World,
): History[] {
  const claimed = new Set(
    lastSteps.flatMap((step) => {
      const claim = makers.some(({ job, id }) => step.job === job && step.id === id) ? claimOf(step) : null;
      return claim?.kind === "repository" && claim.subject === subject.subject ? claim.snapshotIds : [];
    }),
  );
  const isClaimed = ({ name }: Artifact) => [...claimed].some((id) => name.startsWith(id));
  const copiers = copiersOf(subject, config);
  const hosts = new Set([config.host, ...makers.map(({ host }) => host)]);
  const groups = Array.from(byGroup, ([group, artifacts]) => ({
    group,
    artifacts,
    job: ownJob(group, hosts),
    live: claimed.size > 0 && artifacts.some(isClaimed),
  }));
  const histories = groups.map(({ group, artifacts, job, live }): History => {
    const name = group.replace(/ pantheros(?= |$)/, "");
    if (job === null) return { ...historyOf(name, artifacts, [], config), copiers };
    const own = makers.filter((maker) => maker.job === job);
    if (own.length === 0 && Object.hasOwn(config.jobs, job) && copiers.length > 0) {
      return { ...historyOf(name, artifacts, [], config), copiers };
    }
    const liveOnes = groups.filter((other) => other.job === job && other.live).length;
    const isOver = own.length === 0 || (!live && liveOnes >= own.length);
    return isOver
      ? { ...historyOf(name, artifacts, [], config), producers: [] }
      : historyOf(name, artifacts, own, config);
  });
  const without = [...new Set(makers.map(({ job }) => job))].filter((job) => !groups.some((one) => one.job === job));
  return [
    ...histories,
    ...without.map((job) =>
      historyOf(
        `${config.host} job:${job}`,
        [],
        makers.filter((maker) => maker.job === job),
        config,
      ),
    ),
    ...(histories.length + without.length === 0 ? [historyOf(null, [], [], config)] : []),
  ];
}

/** The job whose tag a history carries that was made on this host; null: others have made it. */
function ownJob(group: string, hosts: ReadonlySet<string>): string | null {
  const [, host = "", job = null] =
    /^(\S+) (?:.*? )??job:([A-Za-z0-9._-]+) (?:.*? )??pantheros(?: |$)/s.exec(group) ?? [];
  return hosts.has(host) ? job : null;
}

function historyOf(
  name: string | null,
  artifacts: readonly Artifact[],
  makers: readonly Maker[],
  config: Config,
): History {
  const [first] = makers;
  return {
    name,
    artifacts,
    jobs: [...new Set(makers.map(({ job }) => job))],
    timezone: first?.timezone ?? timezoneOf(undefined, config),
    producers: makers.length === 0 ? [unknownProducer] : producersOf(makers),
  };
}
