import type { SecretReference } from "../../config/scalars.ts";
import type { Measurement } from "../../model/measurement.ts";
import { explainFailure, StepError, toStepError } from "../../model/run/outcome.ts";
import { Secret } from "../../model/secret.ts";
import { createS3, type S3 } from "../../tools/s3/s3.ts";
import { scanBucket } from "../../tools/s3/scan.ts";
import { readProgress, type ScanProgress, totalsOf } from "../../tools/s3/scan-progress.ts";
import type { CollectorContext } from "../collector.ts";
import type { Bucket } from "./buckets.ts";
import type { CallBook } from "./calls.ts";
import { seriesOf, totalsMeasured } from "./series.ts";

/** What a look at a bucket left for the next one. */
export interface ScanNote {
  /** Where to go on; null: the last scan is whole, or cannot be gone on with. */
  readonly progress: ScanProgress | null;
  /** Why the last look saw less than everything; null: it saw everything. */
  readonly why: string | null;
  /** Seconds since the epoch of the last look. */
  readonly at: number;
}

/** A scan that takes longer adds up what was never there at one time. */
const longestScan = 7 * 86_400;
/** A note is durable, and costs a write to the disk. Seconds. */
const noteEvery = 10;

export const noteOf = (label: string) => `scan/${label}`;

/**
 * Goes on with the scan of a bucket, or begins one.
 * @param seconds how long this look may take @param calls counts the requests, and is kept whenever the position is
 * @returns what is to be remembered of a scan that is whole now; else why it is not
 */
export async function lookAtBucket(
  bucket: Bucket,
  context: CollectorContext,
  { seconds, calls }: { readonly seconds: number; readonly calls: CallBook },
): Promise<{ readonly measurements: readonly Measurement[]; readonly problems: readonly string[] }> {
  const { label, scope } = bucket;
  const parts = bucket.parts.map(({ prefix }) => prefix);
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let progress = readProgress((context.recall(noteOf(label)) as Partial<ScanNote> | null)?.progress ?? null, {
    scope,
    parts,
  });
  if (progress !== null && Math.abs(context.now - progress.startedAt) > longestScan) progress = null;
  let keptAt = elapsed();
  const keep = (note: Omit<ScanNote, "at">) => {
    keptAt = elapsed();
    // A note is JSON: what the progress holds is numbers, texts and lists of them.
    context.remember(noteOf(label), { ...note, at: context.now } as unknown as Parameters<typeof context.remember>[1]);
    context.remember("calls", calls.written());
  };

  let failure: StepError | null = null;
  let s3: S3 | null = null;
  try {
    s3 = connect(bucket, context, calls);
    const result = await scanBucket({
      ...{ s3, place: { bucket: bucket.name, signal: context.signal }, scope, parts, resume: progress },
      now: context.now,
      save: (now) => {
        progress = now;
        if (elapsed() - keptAt > noteEvery) keep({ progress: now, why: "the look ended in the middle" });
      },
      mayGoOn: () => {
        if (elapsed() < seconds) return;
        throw new StepError("timeout", "the look had to end before the bucket was seen as a whole", {
          advice: "it goes on at the next look; collectors.cost.timeout gives it more time",
        });
      },
    });
    failure = result.failure;
    progress = result.progress;
  } catch (error) {
    failure = toStepError(error);
    throw error;
  } finally {
    s3?.close();
    const problem = failure ?? refused(progress);
    const why = problem === null ? null : explainFailure(problem);
    // What a listing that lies has counted is worth nothing.
    const isOver = progress?.pending.length === 0 || failure?.reason === "unknown";
    keep({ progress: isOver ? null : progress, why });
  }
  const problem = failure ?? refused(progress);
  const problems = problem === null ? [] : [`${label}: ${explainFailure(problem)}`];
  if (failure !== null || progress === null) return { measurements: [], problems };
  const at = context.now + elapsed();
  const whole = progress;
  return {
    measurements: [
      totalsMeasured(seriesOf.bucket(label), at, totalsOf(whole)),
      ...parts.map((prefix, index) => totalsMeasured(seriesOf.part(label, prefix), at, totalsOf(whole, index))),
    ],
    problems,
  };
}

/** What the key may not see. */
function refused(progress: ScanProgress | null): StepError | null {
  if (!progress?.versionsRefused && !progress?.uploadsRefused) return null;
  const hidden = [
    progress.versionsRefused ? "old versions" : "",
    progress.uploadsRefused ? "unfinished uploads" : "",
  ].filter((what) => what !== "");
  return new StepError("auth", `${hidden.join(" and ")} may not be listed: how much they hold is unknown`, {
    advice: "let the key list file versions and multipart uploads; what they hold is billed as well",
  });
}

function connect(bucket: Bucket, { readSecret }: CollectorContext, calls: CallBook): S3 {
  const secret = (reference: SecretReference | string) =>
    typeof reference === "string" ? new Secret(reference, `the environment of ${bucket.label}`) : readSecret(reference);
  return createS3({
    endpoint: bucket.endpoint,
    region: bucket.region,
    accessKeyId: secret(bucket.accessKeyId),
    secretAccessKey: secret(bucket.secretAccessKey),
    onCall: (call) => calls.count(bucket, call),
  });
}
