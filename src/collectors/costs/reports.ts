import { text } from "node:stream/consumers";
import type { CostAccount } from "../../config/sections/cost.ts";
import { rateCards } from "../../model/cost/rate-cards.ts";
import type { Measurement } from "../../model/measurement.ts";
import { explainFailure, toStepError } from "../../model/run/outcome.ts";
import { readUsageReport, reportBucket, reportDay, type UsageLine } from "../../tools/b2-report.ts";
import { regionOf } from "../../tools/s3/address.ts";
import { createS3, type S3Object } from "../../tools/s3/s3.ts";
import type { CollectorContext } from "../collector.ts";
import type { Bucket } from "./buckets.ts";
import type { CallBook } from "./calls.ts";
import { reportMeasured, seriesOf } from "./series.ts";

/** Reports of this month and the one before are looked for, seconds. */
const lookBack = 62 * 86_400;
/** A line for each bucket of an account; more than this is no such report. */
const largestReport = 4 * 2 ** 20;

/** Reads the usage reports of an account that were not read yet. What it cannot read stays estimated. */
export async function readReports(
  account: string,
  settings: CostAccount,
  buckets: readonly Bucket[],
  context: CollectorContext,
  calls: CallBook,
): Promise<{ readonly measurements: readonly Measurement[]; readonly problems: readonly string[] }> {
  const { reports } = settings;
  if (reports === undefined) return { measurements: [], problems: [] };
  const bucket = reportBucket(reports.account_id);
  const series = seriesOf.reportsRead(account);
  const from = context.now - lookBack;
  const read = new Set(context.ledger.measurements({ series, from }).map(({ at }) => at));
  const measurements: Measurement[] = [];
  const problems: string[] = [];
  const counted = { label: bucket, card: rateCards["b2"] ?? null } as Bucket;
  const s3 = createS3({
    endpoint: reports.endpoint,
    region: regionOf(reports.endpoint) ?? "us-east-1",
    accessKeyId: context.readSecret(reports.access_key_id),
    secretAccessKey: context.readSecret(reports.secret_access_key),
    onCall: (call) => calls.count(counted, call),
  });
  try {
    const found: (S3Object & { readonly day: number })[] = [];
    for await (const object of s3.listObjects({ bucket, signal: context.signal })) {
      const day = reportDay(object.key);
      if (day !== null && day >= from && !read.has(day)) found.push({ ...object, day });
    }
    for (const { key, size, day } of found) {
      try {
        if (size > largestReport) throw new Error(`it has ${size} bytes`);
        const { body } = await s3.getObject({ bucket, key, signal: context.signal });
        measurements.push(...readUsageReport(await text(body)).flatMap((line) => measured(line, account, buckets)));
        // Saved together with what was in it, so that neither is there without the other.
        measurements.push({ series, at: day, values: { bytes: size } });
      } catch (error) {
        if (context.signal.aborted) throw error;
        problems.push(`${bucket}/${key}: ${explainFailure(toStepError(error))}`);
      }
    }
  } catch (error) {
    if (context.signal.aborted) throw error;
    problems.push(`${bucket}: ${explainFailure(toStepError(error))}`);
  } finally {
    s3.close();
  }
  return { measurements, problems };
}

function measured(line: UsageLine, account: string, buckets: readonly Bucket[]): Measurement[] {
  const day = { at: line.day, ...line };
  if (line.bucket === null) return [reportMeasured(seriesOf.reportedAccount(account), day)];
  const known = buckets.find((bucket) => bucket.account === account && bucket.name === line.bucket);
  return known ? [reportMeasured(seriesOf.reported(known.label), day)] : [];
}
