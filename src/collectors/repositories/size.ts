import * as z from "zod";
import type { Measurement } from "../../model/measurement.ts";
import type { Sample } from "../../model/samples/sample.ts";
import type { Collected, CollectorContext } from "../collector.ts";

/** How often a size is measured, seconds: it may take minutes, and changes little. */
const every = 86_400;
/** How soon one that could not be measured is tried again. */
const again = 6 * 3600;

const note = z.object({
  /** When it was last tried, and last measured: seconds since the epoch. */
  triedAt: z.number(),
  at: z.number().optional(),
  bytes: z.number().optional(),
});

/** A size that is expensive to learn. */
export interface SizeQuestion {
  readonly repository: string;
  /** `data`: what snapshots refer to; `stored`: all files. */
  readonly kind: "data" | "stored";
  /** Bytes. */
  readonly measure: () => Promise<number>;
}

const metrics = {
  data: ["repositoryDataSize", "repositoryDataAge"],
  stored: ["repositoryStored", "repositoryStoredAge"],
} as const;

/** The size as it was last measured, with its age; measured anew when it is old. What keeps it from being measured is a problem. */
export async function sizeOf(
  { repository, kind, measure }: SizeQuestion,
  { now, recall, remember, signal }: Pick<CollectorContext, "now" | "recall" | "remember" | "signal">,
): Promise<Collected & { readonly failure?: unknown }> {
  const key = `size/${kind}/${repository}`;
  const before = note.safeParse(recall(key)).data ?? null;
  const known = before?.bytes === undefined || before.at === undefined ? null : { at: before.at, bytes: before.bytes };
  // A clock that was set back must not put it off for ever.
  const isDue =
    before === null ||
    now < before.triedAt ||
    (now - (known?.at ?? Number.NEGATIVE_INFINITY) >= every && now - before.triedAt >= again);
  if (!isDue) return { samples: samplesOf(repository, kind, known) };
  remember(key, { triedAt: now, ...known });
  try {
    const bytes = await measure();
    remember(key, { triedAt: now, at: now, bytes });
    const point: Measurement = { series: `repository/${repository}`, at: now, values: { [kind]: bytes } };
    return { samples: samplesOf(repository, kind, { at: now, bytes }), measurements: [point] };
  } catch (failure) {
    if (signal.aborted) throw failure;
    return { samples: samplesOf(repository, kind, known), failure };
  }
}

function samplesOf(
  repository: string,
  kind: SizeQuestion["kind"],
  known: { readonly at: number; readonly bytes: number } | null,
): readonly Sample[] {
  if (known === null) return [];
  const [size, age] = metrics[kind];
  const labels = { repository };
  return [
    { metric: size, labels, value: known.bytes },
    { metric: age, labels, since: known.at },
  ];
}
