/** Where a bucket is, and below which prefix of it something lies. */
export interface S3Address {
  /** `https://s3.us-west-004.backblazeb2.com` */
  readonly endpoint: string;
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly prefix: string;
}

/** The address in a restic repository's place: `s3:https://host/bucket/path`, `s3:host/bucket`, `s3://host/bucket`; null: it is no such place. */
export function resticS3Address(location: string): S3Address | null {
  const [, scheme, host, bucket, path = ""] =
    /^s3:(?:(https?):)?(?:\/\/)?([^/\s]+)\/([^/\s]+)(?:\/(.*))?$/.exec(location) ?? [];
  if (host === undefined || bucket === undefined) return null;
  return { endpoint: `${scheme ?? "https"}://${host}`, bucket, prefix: folder(path) };
}

/** The bucket in `b2:bucket:path`, restic's name for Backblaze's own interface; its S3 endpoint has to be known otherwise. */
export function resticB2Address(location: string): Omit<S3Address, "endpoint"> | null {
  const [, bucket, path = ""] = /^b2:([^:/\s]+)(?::?\/?(.*))?$/.exec(location) ?? [];
  return bucket === undefined ? null : { bucket, prefix: folder(path) };
}

/** The region that is part of a provider's host name; null: the name has none. */
export function regionOf(endpoint: string): string | null {
  return /^https?:\/\/s3[.-]([a-z]{2}(?:-[a-z]+)+-\d+)\.(?:backblazeb2|amazonaws)\.com/.exec(endpoint)?.[1] ?? null;
}

/** Prefix of a folder: without a slash at its beginning, with one at its end, or empty. */
export function folder(path: string): string {
  const trimmed = path.replaceAll(/^\/+|\/+$/g, "");
  return trimmed === "" ? "" : `${trimmed}/`;
}
