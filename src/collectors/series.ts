import { archiveFolder, keyOfManifest, parseArchiveKey } from "../model/archive/key.ts";
import { timestampMoment } from "../model/quantity.ts";
import { StepError, toStepError } from "../model/run/outcome.ts";
import type { Artifact } from "../model/samples/sample.ts";
import { memberOf } from "../model/series.ts";
import { type OpenDestination, wholeSeries, withDestination } from "../tools/destinations/open-destination.ts";
import { asOne, type Collected, type CollectorContext, defineCollector } from "./collector.ts";
import { type DeclaredSeries, declaredSeries } from "./declared/series.ts";

/** Names of one series; more are a mistake, and a thousand of them are a request. */
const mostNames = 20_000;

/**
 * Lists by name what steps have left at the destinations that promise a retention: timestamped folders, archives. A folder costs a
 * thousandth of a request, whatever it holds; no object is read. Whether what jobs claim as their newest is whole is seen by `destinations`.
 */
export const series = defineCollector({
  name: "series",
  summary: "Timestamped folders and archives at the destinations that promise a retention, by their names.",
  every: 21_600,
  timeout: 600,
  async collect(context) {
    const { destinations } = context.config;
    const promised = declaredSeries(context.config).filter(({ destination }) => destinations[destination]?.retention);
    const byDestination = Map.groupBy(promised, ({ destination }) => destination);
    return asOne(await Promise.all(Array.from(byDestination, ([name, own]) => lookAt(name, own, context))));
  },
});

/** One that cannot be listed takes nothing from the others. */
async function lookAt(
  destination: string,
  all: readonly DeclaredSeries[],
  context: CollectorContext,
): Promise<Collected> {
  const found: Collected[] = [];
  try {
    await withDestination(destination, context, async (opened) => {
      for (const one of all) found.push(await list(one, opened, context));
    });
  } catch (error) {
    if (context.signal.aborted) throw error;
    found.push({ samples: [], problems: [`${destination}: ${toStepError(error).message}`] });
  }
  return asOne(found);
}

async function list(one: DeclaredSeries, opened: OpenDestination, { signal }: CollectorContext): Promise<Collected> {
  const { destination, name } = one;
  try {
    const members = one.shape === "folders" ? await listFolders(one.prefix, opened) : await listArchives(one, opened);
    const artifacts = members.map((member): Artifact => ({ subject: destination, ...member }));
    return {
      samples: [{ metric: "destinationSeries", labels: { destination, series: name }, value: artifacts.length }],
      artifacts,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { samples: [], problems: [`${destination}, ${name}: ${toStepError(error).message}`] };
  }
}

type Member = Pick<Artifact, "name" | "at" | "group">;

async function listFolders(prefix: string, opened: OpenDestination): Promise<Member[]> {
  const whole = wholeSeries(prefix, opened);
  const members: Member[] = [];
  for await (const folder of bounded(opened.foldersFrom(whole))) {
    const member = memberOf(whole, `${folder}/.`);
    if (member !== null) members.push({ ...member, group: prefix });
  }
  return members;
}

/** What counts has its manifest beside it, which is written last. */
async function listArchives(
  { prefix, host, archive }: DeclaredSeries & { readonly shape: "archives" },
  opened: OpenDestination,
): Promise<Member[]> {
  const whole = opened.whole(prefix);
  const folder = archiveFolder(prefix, host);
  const keys = new Set<string>();
  const described = new Set<string>();
  for await (const { name } of bounded(opened.listFrom(`${archiveFolder(whole, host)}/`))) {
    const key = keyOfManifest(name);
    if (key === null) keys.add(name);
    else described.add(key);
  }
  return [...keys].flatMap((key) => {
    const parsed = described.has(key) ? parseArchiveKey(whole, key) : null;
    if (parsed === null || (archive !== null && parsed.name !== archive)) return [];
    return [{ name: key, at: timestampMoment(parsed.timestamp) / 1000, group: `${folder}/${parsed.name}` }];
  });
}

/** @throws StepError `config` behind the last one that is allowed: what was seen so far is not all */
export async function* bounded<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    count += 1;
    if (count > mostNames) {
      throw new StepError(
        "config",
        `there are more than ${mostNames} names: the listing was given up, it is incomplete`,
        {
          advice: "give each series a prefix of its own, and prune it with prune.objects",
        },
      );
    }
    yield item;
  }
}
