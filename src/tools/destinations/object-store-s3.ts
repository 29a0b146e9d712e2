import { StepError } from "../../model/run/outcome.ts";
import { readObject } from "../s3/download.ts";
import { createS3, type S3Settings } from "../s3/s3.ts";
import { uploadInParts } from "../s3/upload.ts";
import type { ObjectStore } from "./object-store.ts";

/** Each object is uploaded in parts: S3 shows it when they are put together, not before. */
export function s3Store(place: S3Settings & { readonly bucket: string }, signal: AbortSignal): ObjectStore {
  const s3 = createS3(place);
  const { bucket } = place;
  const at = (key: string) => ({ bucket, key, signal });
  const below = (folder: string) => ({ bucket, prefix: folder === "" ? "" : `${folder}/`, signal });

  async function find(key: string) {
    for await (const object of s3.listObjects({ bucket, prefix: key, signal })) {
      // Keys are listed in their order: what begins with it comes after it.
      return object.key === key ? object : null;
    }
    return null;
  }

  async function discardUnfinished(key: string) {
    for await (const upload of s3.listUploads({ bucket, prefix: key, signal })) {
      if (upload.key === key) await s3.abortUpload(at(key), upload.uploadId);
    }
  }

  return {
    url: (key) => `s3://${bucket}/${key}`,
    list: (folder) => s3.listObjects(below(folder)),
    find,
    read: (key, expectedBytes) => readObject(s3, at(key), expectedBytes),
    write: (key, bytes, settings) => uploadInParts(s3, at(key), bytes, settings),
    writeText: async (key, text) => {
      await s3.putObject(at(key), Buffer.from(text), "application/json");
    },
    discardUnfinished,
    async discard(key) {
      await discardUnfinished(key);
      try {
        for await (const version of s3.listVersions({ bucket, prefix: key, signal })) {
          if (version.key === key) await s3.deleteObject(at(key), version.versionId);
        }
      } catch (error) {
        // A key that may not see versions may still hide what it has written.
        if (!(error instanceof StepError) || error.reason !== "auth") throw error;
        await s3.deleteObject(at(key));
      }
    },
    async *unfinished(folder) {
      for await (const { key } of s3.listUploads(below(folder))) yield key;
    },
    close: s3.close,
  };
}
