import { setTimeout as delay } from "node:timers/promises";
import { passingReasons, StepError, toStepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { cutIntoParts, type PartSettings, type UploadPart } from "../destinations/upload-parts.ts";
import type { S3, S3Key, S3Part } from "./interface.ts";

/** Bytes of the parts that are under way at the same time, as far as they are in memory. */
const underWayBytes = 15 * 2 ** 20;
/** Before a part is tried again, seconds. */
const pauses = [0.5, 2, 8, 30];
/** What has to be undone is undone also when the work was cancelled, but not for ever. */
const abortSeconds = 30;

/**
 * Uploads a stream of unknown length, in parts. When this fails there is no object, and no part of one: unless the upload could not be
 * aborted either.
 * @param object.signal cancels it
 * @returns how many bytes it were
 */
export async function uploadInParts(
  s3: S3,
  object: S3Key,
  bytes: AsyncIterable<Buffer>,
  settings: PartSettings,
): Promise<number> {
  const uploadId = await s3.createUpload(object, "application/zstd");
  const failed = new AbortController();
  const signal = object.signal ? AbortSignal.any([object.signal, failed.signal]) : failed.signal;
  const underWay = new Set<Promise<void>>();
  const done: S3Part[] = [];
  let size = 0;
  let inFlight = 0;
  let failure: { readonly error: unknown } | undefined;
  /** Waits until no more bytes than these are under way. */
  const settle = async (most: number) => {
    while (underWay.size > 0 && inFlight > most && failure === undefined) await Promise.race(underWay);
    if (failure !== undefined) throw failure.error;
  };
  try {
    for await (const part of cutIntoParts(bytes, settings)) {
      const length = sizeOf(part);
      await settle(underWayBytes - length);
      size += length;
      inFlight += length;
      const sent = send(s3, { ...object, signal }, uploadId, part)
        .then(
          (etag) => void done.push({ number: part.number, etag }),
          (error: unknown) => {
            failure ??= { error };
          },
        )
        .finally(() => {
          inFlight -= length;
          underWay.delete(sent);
        });
      underWay.add(sent);
    }
    await settle(0);
    done.sort((a, b) => a.number - b.number);
    await complete(s3, object, uploadId, done, size);
    return size;
  } catch (error) {
    failed.abort();
    await Promise.allSettled(underWay);
    const undo = { bucket: object.bucket, key: object.key, signal: AbortSignal.timeout(abortSeconds * 1000) };
    await s3.abortUpload(undo, uploadId).catch((cause: unknown) => {
      const { reason, message, details } = toStepError(error);
      const left = `${message}; its parts are still there: ${toStepError(cause).message}`;
      throw new StepError(reason, left, details);
    });
    throw error;
  }
}

function sizeOf({ content }: UploadPart): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/** Hours of work hang on each part: a line that fails for a moment must not end it. */
async function send(s3: S3, object: S3Key, uploadId: string, part: UploadPart): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const etag = await s3.uploadPart(object, uploadId, part.number, part.content);
      await part.release();
      return etag;
    } catch (error) {
      const pause = pauses[attempt];
      if (pause === undefined || !passingReasons.has(toStepError(error).reason)) throw error;
      await delay(pause * 1000, undefined, object.signal ? { signal: object.signal } : {}).catch(() => {
        throw object.signal ? cancellation(`writing ${object.key}`, object.signal) : error;
      });
    }
  }
}

/** An answer that is lost on its way makes the request come twice, and the second time there is no such upload any more. */
async function complete(s3: S3, object: S3Key, uploadId: string, parts: readonly S3Part[], size: number) {
  if (parts.length === 0) {
    throw new StepError("empty_artifact", `there was nothing to write to ${object.key}`, {
      advice: "see what the programs that should have written it say",
    });
  }
  try {
    await s3.completeUpload(object, uploadId, parts);
  } catch (error) {
    if (object.signal?.aborted) throw error;
    const there = await s3.headObject(object);
    if (there?.size !== size) throw error;
  }
}
