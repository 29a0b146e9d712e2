import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { passingReasons, StepError, toStepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { s3Failure } from "./failure.ts";
import type { S3, S3Content, S3Key } from "./interface.ts";

/** Before reading goes on where it broke off, seconds; anew after every byte that comes. */
const pauses = [0.2, 1, 5, 20];
const longestSilenceSeconds = 60;

/**
 * The content of an object, which is read on from where a connection broke off, and is the same object all the time.
 * @param expectedBytes what a listing says
 * @throws StepError `verification` when it has another size, `source` when it was replaced meanwhile, `network`, `cancelled` and others of `S3`
 */
export async function* readObject(s3: S3, object: S3Key, expectedBytes: number): AsyncGenerator<Buffer> {
  let from = 0;
  let etag: string | undefined;
  let failures = 0;
  while (etag === undefined || from < expectedBytes) {
    try {
      const content: S3Content = await s3.getObject(object, etag === undefined ? undefined : { from, etag });
      etag = content.etag;
      if (content.size !== expectedBytes) {
        content.body.destroy();
        throw otherSize(object, content.size, expectedBytes);
      }
      for await (const chunk of withoutStall(content.body)) {
        from += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (from < expectedBytes) throw s3Failure(object.key, new Error(`the connection ended after ${from} bytes`));
    } catch (cause) {
      if (object.signal?.aborted) throw cancellation(`reading ${object.key}`, object.signal);
      const error = cause instanceof StepError ? cause : s3Failure(object.key, cause);
      const pause = pauses[failures];
      failures += 1;
      if (pause === undefined || !passingReasons.has(toStepError(error).reason)) throw error;
      await delay(pause * 1000);
    }
  }
  if (from > expectedBytes) throw otherSize(object, from, expectedBytes);
}

/** Ends with an error when nothing comes for a while; what the reader needs to work on it does not count. */
async function* withoutStall(body: Readable): AsyncGenerator<Buffer> {
  const stalled = () => void body.destroy(new Error(`nothing came for ${longestSilenceSeconds} s`));
  let timer = setTimeout(stalled, longestSilenceSeconds * 1000);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stalled, longestSilenceSeconds * 1000);
    }
  } finally {
    clearTimeout(timer);
  }
}

function otherSize({ key }: S3Key, size: number, expected: number): StepError {
  return new StepError("verification", `${key} has ${size} bytes, the listing says ${expected}`, {
    advice: "look at the destination: somebody writes there, or it has lost data",
  });
}
