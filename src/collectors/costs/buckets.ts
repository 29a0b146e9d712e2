import { isReference, piecesOf } from "../../config/references.ts";
import type { SecretReference } from "../../config/scalars.ts";
import type { Config } from "../../config/schema.ts";
import type { RateCard } from "../../model/cost/rate-card.ts";
import { folder, regionOf, resticB2Address, resticS3Address, type S3Address } from "../../tools/s3/address.ts";
import { cardOf } from "./cards.ts";

/** What is stored below one prefix, and who puts it there. */
export interface BucketPart {
  readonly prefix: string;
  /** Names of the configuration whose data it is. */
  readonly jobs: readonly string[];
  readonly repositories: readonly string[];
  readonly destinations: readonly string[];
}

/** A bucket that the configuration names, once, whoever names it. */
export interface Bucket {
  /** The name by which it is known in series: its own, with its host where two have the same. */
  readonly label: string;
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: SecretReference | string;
  readonly secretAccessKey: SecretReference | string;
  readonly account: string;
  readonly freeTier: boolean;
  readonly card: RateCard | null;
  readonly scope: readonly string[];
  readonly parts: readonly BucketPart[];
  /** What keeps it from being looked at, or from having a cost. */
  readonly problems: readonly string[];
}

/** Somewhere in a bucket that the configuration names. */
interface Place extends S3Address {
  readonly region: string;
  readonly account: string | undefined;
  readonly accessKeyId: SecretReference | string | undefined;
  readonly secretAccessKey: SecretReference | string | undefined;
  readonly repository?: string;
  readonly destination?: string;
}

/** Every bucket of the destinations and repositories, with the prefixes that jobs write to. */
export function bucketsOf(config: Config): readonly Bucket[] {
  const places = [...destinationPlaces(config), ...repositoryPlaces(config)];
  const byBucket = Map.groupBy(places, ({ endpoint, bucket }) => `${endpoint.replace(/\/+$/, "")}/${bucket}`);
  const groups = [...byBucket.values()];
  const names = groups.map(([first]) => first?.bucket);
  return groups.flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const isAlone = names.filter((name) => name === first.bucket).length === 1;
    const label = isAlone ? first.bucket : `${first.bucket}@${new URL(first.endpoint).host}`;
    return [bucketOf(label, group, first, config)];
  });
}

function bucketOf(label: string, places: readonly Place[], first: Place, config: Config): Bucket {
  const account = places.find((place) => place.account !== undefined)?.account;
  const { card, missing } = cardOf(config, account, first.endpoint);
  const settings = account === undefined ? undefined : config.accounts[account];
  const able = places.find(({ accessKeyId, secretAccessKey }) => accessKeyId && secretAccessKey) ?? first;
  const { accessKeyId = "", secretAccessKey = "" } = able;
  const others = places.filter((place) => place.account !== undefined && place.account !== account);
  const prefixes = places.map(({ prefix }) => prefix);
  return {
    label,
    name: first.bucket,
    endpoint: first.endpoint,
    region: first.region,
    accessKeyId,
    secretAccessKey,
    account: account ?? card?.name ?? label,
    freeTier: settings?.free_tier ?? true,
    card,
    scope: settings?.scope === "declared" ? outermost(prefixes) : [""],
    parts: partsOf(places, config),
    problems: [
      ...(missing === null ? [] : [`${label}: there is no rate card ${missing} – declare it in cost.cards`]),
      ...others.map(({ account: other }) => `${label}: billed to ${account} and to ${other} – name one account`),
      ...(accessKeyId === "" || secretAccessKey === ""
        ? [`${label}: no key – set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the repository's environment`]
        : []),
    ],
  };
}

function destinationPlaces({ destinations }: Config): Place[] {
  return Object.entries(destinations).flatMap(([destination, declared]): Place[] => {
    if (declared.type !== "s3") return [];
    const { endpoint, bucket, region, prefix, account } = declared;
    const [accessKeyId, secretAccessKey] = [declared.access_key_id, declared.secret_access_key];
    return [{ endpoint, bucket, prefix: folder(prefix), region, account, accessKeyId, secretAccessKey, destination }];
  });
}

function repositoryPlaces({ repositories, accounts }: Config): Place[] {
  return Object.entries(repositories).flatMap(([repository, { repository: location, environment, account }]) => {
    const b2 = resticB2Address(location);
    const endpoint = account === undefined ? undefined : accounts[account]?.endpoint;
    const address = resticS3Address(location) ?? (b2 && endpoint !== undefined ? { ...b2, endpoint } : null);
    if (address === null) return [];
    const region = environment["AWS_DEFAULT_REGION"] ?? environment["AWS_REGION"];
    return [
      {
        ...address,
        region: typeof region === "string" ? region : (regionOf(address.endpoint) ?? "us-east-1"),
        account,
        accessKeyId: environment[b2 ? "B2_ACCOUNT_ID" : "AWS_ACCESS_KEY_ID"],
        secretAccessKey: environment[b2 ? "B2_ACCOUNT_KEY" : "AWS_SECRET_ACCESS_KEY"],
        repository,
      },
    ];
  });
}

/** Prefixes without those that lie within another one. */
function outermost(prefixes: readonly string[]): readonly string[] {
  const all = [...new Set(prefixes)].sort();
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}

function partsOf(places: readonly Place[], config: Config): readonly BucketPart[] {
  const found = places.flatMap((place): BucketPart[] => {
    const { prefix, repository, destination } = place;
    const repositories = repository === undefined ? [] : [repository];
    const destinations = destination === undefined ? [] : [destination];
    const whole = { prefix, jobs: [], repositories, destinations };
    return [
      whole,
      ...writersTo(place, config).map(({ job, below }) => ({ ...whole, prefix: `${prefix}${below}`, jobs: [job] })),
    ];
  });
  return [...Map.groupBy(found, ({ prefix }) => prefix)].map(([prefix, same]) => ({
    prefix,
    jobs: unique(same.flatMap(({ jobs }) => jobs)),
    repositories: unique(same.flatMap(({ repositories }) => repositories)),
    destinations: unique(same.flatMap(({ destinations }) => destinations)),
  }));
}

/** Steps that put something into a place, and below which prefix of it, as far as that is the same at every run. */
function writersTo({ repository, destination }: Place, config: Config): { job: string; below: string }[] {
  return Object.entries(config.jobs).flatMap(([job, { steps }]) =>
    steps.flatMap((step: Readonly<Record<string, unknown>>) => {
      if (!/^(?:backup|archive\.btrfs-send|export|hub)\b/.test(String(step["uses"]))) return [];
      const into = step["into"] ?? step["repository"];
      if (repository !== undefined) return into === repository ? [{ job, below: "" }] : [];
      if (step["to"] !== destination) return [];
      return [{ job, below: fixedPrefix(step["prefix"], config.host) }];
    }),
  );
}

/** `db-${run.timestamp}` is `db-`; what holds no reference is a folder. */
function fixedPrefix(written: unknown, host: string): string {
  if (typeof written !== "string") return "";
  let fixed = "";
  for (const piece of piecesOf(written)) {
    if (typeof piece === "string") fixed += piece;
    else if (isReference(piece) && piece.field === null) fixed += host;
    else return fixed.replace(/^\/+/, "");
  }
  return folder(fixed);
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
