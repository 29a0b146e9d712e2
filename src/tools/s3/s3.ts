import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { sentContent } from "./content.ts";
import { isAbsent, noAnswer, s3Failure } from "./failure.ts";
import type { S3, S3Key, S3Object, S3Place, S3Settings, S3Version } from "./interface.ts";
import { createPageMemory } from "./page-bytes.ts";
import { nextPage, pages } from "./paging.ts";

export type * from "./interface.ts";

/** A line that is slower than this is given up, bytes per second. */
const slowestRate = 64 * 1024;
/** Putting thousands of parts together takes the server a while. */
const completionSeconds = 300;

/** Nothing is loaded or connected before the first request: the SDK costs about 60 ms. */
export function createS3(settings: S3Settings): S3 {
  let loaded: Promise<Loaded> | undefined;
  const pageMemory = createPageMemory();

  async function request<Output>(
    place: Pick<S3Key, "bucket" | "signal"> & { readonly key?: string },
    doing: string,
    send: (loaded: Loaded, options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    moreSeconds = 0,
  ): Promise<Output> {
    loaded ??= load(settings);
    const ready = await loaded;
    const seconds = (settings.timeoutSeconds ?? 30) + moreSeconds;
    // Not `AbortSignal.timeout`: the body of an answer is read with the same signal, and may take longer.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), seconds * 1000);
    const abortSignal = place.signal ? AbortSignal.any([place.signal, timeout.signal]) : timeout.signal;
    try {
      return await send(ready, { abortSignal });
    } catch (error) {
      const where = whereIs(place);
      if (place.signal?.aborted) throw cancellation(`${doing} ${where}`, place.signal);
      if (timeout.signal.aborted) throw noAnswer(where, seconds, error);
      if (error instanceof StepError) throw error;
      throw s3Failure(where, error);
    } finally {
      clearTimeout(timer);
    }
  }

  const whereIs = ({ bucket, key }: { readonly bucket: string; readonly key?: string }) =>
    `${settings.endpoint}, bucket ${bucket}${key === undefined ? "" : `, ${key}`}`;

  const list = (
    place: S3Place,
    page: { readonly MaxKeys?: number; readonly ContinuationToken?: string; readonly Delimiter?: string },
  ) =>
    request(place, "listing", ({ client, sdk }, options) =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix ?? "", ...page }), options),
    );

  return {
    probe: async (place) => {
      await list(place, { MaxKeys: 1 });
    },

    async *listObjects(place) {
      const ask = (marker: { readonly ContinuationToken?: string }) => list(place, marker);
      const all = pages(whereIs(place), ask, (page) =>
        nextPage(page.IsTruncated, { ContinuationToken: page.NextContinuationToken }),
      );
      for await (const { Contents } of all) for (const object of Contents ?? []) yield toObject(object);
    },

    async *listFolders(place) {
      const ask = (marker: { readonly ContinuationToken?: string }) => list(place, { ...marker, Delimiter: "/" });
      const all = pages(whereIs(place), ask, (page) =>
        nextPage(page.IsTruncated, { ContinuationToken: page.NextContinuationToken }),
      );
      for await (const { CommonPrefixes } of all) for (const { Prefix = "" } of CommonPrefixes ?? []) yield Prefix;
    },

    async *listVersions(place) {
      const ask = (marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string }) =>
        request(place, "listing versions of", ({ client, sdk }, options) => {
          const input = { Bucket: place.bucket, Prefix: place.prefix ?? "", ...marker };
          return client.send(new sdk.ListObjectVersionsCommand(input), options);
        });
      const all = pages(whereIs(place), ask, (page) =>
        nextPage(page.IsTruncated, { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }),
      );
      for await (const { Versions, DeleteMarkers } of all) {
        for (const version of Versions ?? []) yield toVersion(version, false);
        for (const marker of DeleteMarkers ?? []) yield toVersion(marker, true);
      }
    },

    async *listUploads(place) {
      const ask = (marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string }) =>
        request(place, "listing uploads of", ({ client, sdk }, options) => {
          const input = { Bucket: place.bucket, Prefix: place.prefix ?? "", ...marker };
          return client.send(new sdk.ListMultipartUploadsCommand(input), options);
        });
      const all = pages(whereIs(place), ask, (page) =>
        nextPage(page.IsTruncated, { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }),
      );
      for await (const { Uploads } of all) {
        for (const { Key = "", UploadId = "", Initiated } of Uploads ?? []) {
          yield { key: Key, uploadId: UploadId, startedAt: Initiated?.getTime() ?? 0 };
        }
      }
    },

    listingPage: (place, listing, ask, read) =>
      request(place, `listing ${listing} of`, async ({ client, sdk }, options) => {
        const input = { Bucket: place.bucket, ...(listing === "parts" ? {} : { Prefix: place.prefix ?? "" }), ...ask };
        // All four as one type: of what they answer only the bytes are kept.
        const commands = {
          versions: () => new sdk.ListObjectVersionsCommand({ ...input, EncodingType: "url" }),
          objects: () => new sdk.ListObjectsV2Command({ ...input, EncodingType: "url" }),
          uploads: () => new sdk.ListMultipartUploadsCommand({ ...input, EncodingType: "url" }),
          parts: () => new sdk.ListPartsCommand({ Key: "", UploadId: "", ...input }),
        };
        const command = commands[listing]() as unknown as InstanceType<Sdk["ListPartsCommand"]>;
        const kept = pageMemory.take();
        command.middlewareStack.add(kept.middleware, { step: "deserialize", name: "keepPage", priority: "low" });
        try {
          await client.send(command, options);
          return read(kept.page());
        } finally {
          pageMemory.giveBack(kept);
        }
      }),

    headObject: (object) =>
      request(object, "looking at", async ({ client, sdk }, options) => {
        try {
          const head = await client.send(new sdk.HeadObjectCommand(toKey(object)), options);
          return toObject({ ...head, Key: object.key, Size: head.ContentLength });
        } catch (error) {
          if (isAbsent(error)) return null;
          throw error;
        }
      }),

    getObject: (object, range) =>
      request(object, "reading", async ({ client, sdk }, options) => {
        const part = range === undefined ? {} : { Range: `bytes=${range.from}-`, IfMatch: `"${range.etag}"` };
        const answer = await client.send(new sdk.GetObjectCommand({ ...toKey(object), ...part }), options);
        const body = answer.Body as Readable;
        const whole = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1];
        if (range !== undefined && range.from > 0 && !answer.ContentRange?.startsWith(`bytes ${range.from}-`)) {
          body.destroy();
          throw new StepError("unknown", `${whereIs(object)}: the server cannot go on in the middle of an object`, {
            advice: "it ignores the Range of a request: report it to the provider",
          });
        }
        return { body, size: Number(whole ?? answer.ContentLength ?? 0), etag: withoutQuotes(answer.ETag) };
      }),

    putObject: (object, content, contentType) =>
      request(
        object,
        "writing",
        async ({ client, sdk }, options) => {
          const input = { ...toKey(object), Body: content, ...typed(contentType) };
          return withoutQuotes((await client.send(new sdk.PutObjectCommand(input), options)).ETag);
        },
        content.length / slowestRate,
      ),

    deleteObject: (object, versionId) =>
      request(object, "removing", async ({ client, sdk }, options) => {
        const version = versionId === undefined ? {} : { VersionId: versionId };
        try {
          await client.send(new sdk.DeleteObjectCommand({ ...toKey(object), ...version }), options);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      }),

    createUpload: (object, contentType) =>
      request(object, "beginning to write", async ({ client, sdk }, options) => {
        const input = { ...toKey(object), ...typed(contentType) };
        const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), options);
        if (UploadId) return UploadId;
        throw new StepError("unknown", `${whereIs(object)}: the server gave the upload no id`, {
          advice: "see that the endpoint is that of an S3 service",
        });
      }),

    uploadPart: (object, uploadId, number, content) =>
      request(
        object,
        "writing",
        async ({ client, sdk }, options) => {
          const { body, size, sha256 } = sentContent(content);
          const part = { ...toKey(object), UploadId: uploadId, PartNumber: number };
          const command = new sdk.UploadPartCommand({ ...part, Body: body, ContentLength: size });
          // Else the signature would leave out what a stream holds, and nobody would see that it changed on its way.
          command.middlewareStack.add(
            (next) => (call) => {
              (call.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] = sha256;
              return next(call);
            },
            { step: "build", name: "contentSha256" },
          );
          try {
            return (await client.send(command, options)).ETag ?? "";
          } finally {
            body.destroy();
          }
        },
        (content instanceof Uint8Array ? content.length : content.size) / slowestRate,
      ),

    completeUpload: (object, uploadId, parts) =>
      request(
        object,
        "completing",
        async ({ client, sdk }, options) => {
          const MultipartUpload = { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) };
          const input = { ...toKey(object), UploadId: uploadId, MultipartUpload };
          await client.send(new sdk.CompleteMultipartUploadCommand(input), options);
        },
        completionSeconds,
      ),

    abortUpload: (object, uploadId) =>
      request(object, "aborting the upload of", async ({ client, sdk }, options) => {
        try {
          const input = { ...toKey(object), UploadId: uploadId };
          await client.send(new sdk.AbortMultipartUploadCommand(input), options);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      }),

    close: () =>
      void loaded?.then(
        ({ client }) => client.destroy(),
        // What it could not load, the request that needed it has said.
        () => undefined,
      ),
  };
}

const toKey = ({ bucket, key }: S3Key) => ({ Bucket: bucket, Key: key });
const typed = (contentType: string | undefined) => (contentType === undefined ? {} : { ContentType: contentType });
const withoutQuotes = (etag: string | undefined) => etag?.replaceAll('"', "") ?? "";

interface Described {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
}

function toObject({ Key, Size, LastModified, ETag }: Described): S3Object {
  return { key: Key ?? "", size: Size ?? 0, lastModified: LastModified?.getTime() ?? 0, etag: withoutQuotes(ETag) };
}

function toVersion(described: Described, isDeleteMarker: boolean): S3Version {
  const { VersionId, IsLatest } = described;
  return { ...toObject(described), versionId: VersionId ?? "null", isLatest: IsLatest === true, isDeleteMarker };
}

type Sdk = typeof import("@aws-sdk/client-s3");
interface Loaded {
  readonly client: S3Client;
  readonly sdk: Sdk;
}

const nothing = () => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

async function load(settings: S3Settings): Promise<Loaded> {
  const sdk = await import("@aws-sdk/client-s3");
  const client = new sdk.S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: {
      accessKeyId: settings.accessKeyId.reveal(),
      secretAccessKey: settings.secretAccessKey.reveal(),
    },
    forcePathStyle: true,
    // Backblaze B2 refused the checksums that the SDK sends by default (2025).
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Asking first costs a round trip per part, and 6 s where the server does not know the question.
    expectContinueHeader: false,
    maxAttempts: settings.attempts ?? 3,
    // What it would print by itself comes as an error anyway.
    logger: silent,
    // Each request has a limit of its own; a server that puts parts together is silent for minutes.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: completionSeconds * 1000 },
  });
  const { onCall } = settings;
  if (onCall) {
    client.middlewareStack.add(
      (next, { commandName = "" }) =>
        (call) => {
          onCall({ name: commandName.replace(/Command$/, "") });
          return next(call);
        },
      // The last one before the network, behind the one that repeats.
      { step: "finalizeRequest", name: "onCall", priority: "low" },
    );
  }
  return { client, sdk };
}
