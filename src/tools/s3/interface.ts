import type { Readable } from "node:stream";
import type { Secret } from "../../model/secret.ts";

export interface S3Settings {
  /** `https://s3.us-west-004.backblazeb2.com`; the bucket goes into the path, not the host name. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** Until one request, its repetitions included, is given up; one that sends bytes is given the time that they take besides. @default 30 */
  readonly timeoutSeconds?: number;
  /** Of one request, the first included. @default 3 */
  readonly attempts?: number;
  /** Called before each request that goes out, repetitions included; what it throws keeps the request from going out. */
  readonly onCall?: (call: S3Call) => void;
}

/** One request, as the SDK calls it: `ListObjectVersions`. */
export interface S3Call {
  readonly name: string;
}

export interface S3Object {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** Without quotes: the MD5 of the content where it was not uploaded in parts. */
  readonly etag: string;
}

/** One version of a key, or the mark that it was deleted. */
export interface S3Version extends S3Object {
  /** `null` is a version too: of what was written before the bucket kept versions. */
  readonly versionId: string;
  readonly isLatest: boolean;
  /** True: it hides the versions before it; size 0, no etag. */
  readonly isDeleteMarker: boolean;
}

/** An upload in parts that was neither completed nor aborted: invisible in listings of objects, and billed. */
export interface S3Upload {
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface S3Place {
  readonly bucket: string;
  /** Keys that start with it; end it with a slash to mean a folder. @default all */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** What can be listed page by page; `parts` are those of one upload. */
export type S3Listing = "versions" | "objects" | "uploads" | "parts";

/** One key of a bucket. */
export interface S3Key {
  readonly bucket: string;
  readonly key: string;
  readonly signal?: AbortSignal;
}

/** Content that is too large for memory. */
export interface S3File {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** In hexadecimal: the server refuses what does not arrive like this. */
  readonly sha256: string;
}

export interface S3Part {
  /** From 1 to 10 000. */
  readonly number: number;
  readonly etag: string;
}

/** Content from where it was asked for; to be read to its end or destroyed. What fails while it is read is the stream's own error. */
export interface S3Content {
  readonly body: Readable;
  /** Bytes of the whole object, not of what is left of it. */
  readonly size: number;
  readonly etag: string;
}

/**
 * S3 or anything that speaks it. All failures are `StepError` `auth`, `config`, `network`, `throttled`, `space`, `source` (what was asked
 * for is not there, or another by now), `cancelled` or `unknown`.
 */
export interface S3 {
  /** Asks for one key, which needs the same right as the listing: wrong credentials and a missing bucket show here. */
  probe(place: S3Place): Promise<void>;
  /** Page by page, in the order of the server. */
  listObjects(place: S3Place): AsyncIterable<S3Object>;
  /** What begins with the prefix, up to the next slash after it, which ends the name: a thousand folders in one request, whatever they hold. */
  listFolders(place: S3Place): AsyncIterable<string>;
  /** Everything that is stored: old versions and delete markers too. */
  listVersions(place: S3Place): AsyncIterable<S3Version>;
  /** Uploads in parts that are neither completed nor aborted. */
  listUploads(place: S3Place): AsyncIterable<S3Upload>;
  /**
   * One page of a listing as the server wrote it, for `s3-page.ts`: reading a million names costs a tenth of what the SDK's own reading does.
   * @param ask in S3's words, e.g. `KeyMarker`, `Delimiter`
   * @param read is lent the page: once it has returned, the next one is written there
   */
  listingPage<Read>(
    place: S3Place,
    listing: S3Listing,
    ask: Readonly<Record<string, string | number>>,
    read: (page: Buffer) => Read,
  ): Promise<Read>;
  /** Null: there is no such key. */
  headObject(object: S3Key): Promise<S3Object | null>;
  /** @param range.etag what it must still be, else `source` */
  getObject(object: S3Key, range?: { readonly from: number; readonly etag: string }): Promise<S3Content>;
  /** In one request, and whole or not at all: for what is small. @returns its etag */
  putObject(object: S3Key, content: Uint8Array, contentType?: string): Promise<string>;
  /**
   * One key in one request: Backblaze B2 refuses the request for many at once. What is gone already is no failure.
   * @param versionId without it a bucket that keeps versions only hides the key behind a delete marker
   */
  deleteObject(object: S3Key, versionId?: string): Promise<void>;
  /** @returns the upload's id */
  createUpload(object: S3Key, contentType?: string): Promise<string>;
  /** Tried once, without repetitions. @param content at least 5 MiB, but for the last part. @returns its etag */
  uploadPart(object: S3Key, uploadId: string, number: number, content: Uint8Array | S3File): Promise<string>;
  completeUpload(object: S3Key, uploadId: string, parts: readonly S3Part[]): Promise<void>;
  /** What is gone already is no failure. */
  abortUpload(object: S3Key, uploadId: string): Promise<void>;
  close(): void;
}
