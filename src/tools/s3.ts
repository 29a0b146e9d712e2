import type { S3Client } from "@aws-sdk/client-s3";
import { type FailureDetails, type Reason, StepError } from "../model/outcome.ts";
import type { Secret } from "../model/secret.ts";
import { cancellation } from "./cancellation.ts";

export interface S3Settings {
  /** `https://s3.us-west-004.backblazeb2.com`; the bucket goes into the path, not the host name. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** Until one request, its repetitions included, is given up. @default 30 */
  readonly timeoutSeconds?: number;
  /** Of one request, the first included. @default 3 */
  readonly attempts?: number;
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

export interface S3Place {
  readonly bucket: string;
  /** Keys that start with it; end it with a slash to mean a folder. @default all */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** Reading from S3 or anything that speaks it. All failures are `StepError` `auth`, `config`, `network`, `throttled`, `cancelled` or `unknown`. */
export interface S3 {
  /** Asks for one key, which needs the same right as the listing: wrong credentials and a missing bucket show here. */
  probe(place: S3Place): Promise<void>;
  /** Page by page, in the order of the server. */
  listObjects(place: S3Place): AsyncIterable<S3Object>;
  close(): void;
}

/** Nothing is loaded or connected before the first request: the SDK costs about 60 ms. */
export function createS3(settings: S3Settings): S3 {
  let loaded: Promise<Loaded> | undefined;

  async function list(place: S3Place, page: { readonly MaxKeys?: number; readonly ContinuationToken?: string }) {
    loaded ??= load(settings);
    const { client, ListObjectsV2Command } = await loaded;
    const seconds = settings.timeoutSeconds ?? 30;
    const timeout = AbortSignal.timeout(seconds * 1000);
    const abortSignal = place.signal ? AbortSignal.any([place.signal, timeout]) : timeout;
    const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix ?? "", ...page });
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      const where = `${settings.endpoint}, bucket ${place.bucket}`;
      if (place.signal?.aborted) throw cancellation(`listing ${where}`, place.signal);
      if (timeout.aborted) throw noAnswer(where, seconds, error);
      throw s3Failure(where, error);
    }
  }

  return {
    probe: async (place) => {
      await list(place, { MaxKeys: 1 });
    },
    async *listObjects(place) {
      const seen = new Set<string>();
      let token: string | undefined;
      do {
        const page = await list(place, token === undefined ? {} : { ContinuationToken: token });
        for (const object of page.Contents ?? []) {
          yield {
            key: object.Key ?? "",
            size: object.Size ?? 0,
            lastModified: object.LastModified?.getTime() ?? 0,
            etag: object.ETag?.replaceAll('"', "") ?? "",
          };
        }
        const next = page.IsTruncated ? page.NextContinuationToken : undefined;
        if (page.IsTruncated && (next === undefined || seen.has(next))) {
          throw new StepError("unknown", `${settings.endpoint} lists bucket ${place.bucket} in a circle`, {
            advice: "its paging does not work: report it to the provider",
          });
        }
        if (next !== undefined) seen.add(next);
        token = next;
      } while (token !== undefined);
    },
    close: () => void loaded?.then(({ client }) => client.destroy()),
  };
}

interface Loaded {
  readonly client: S3Client;
  readonly ListObjectsV2Command: typeof import("@aws-sdk/client-s3").ListObjectsV2Command;
}

async function load(settings: S3Settings): Promise<Loaded> {
  const { S3Client, ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  const client = new S3Client({
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
    maxAttempts: settings.attempts ?? 3,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 20_000 },
  });
  return { client, ListObjectsV2Command };
}

/** By the code in the answer's body. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11) */
const codes: readonly [RegExp, Reason, string][] = [
  [
    /^(?:NoSuchBucket|InvalidBucketName|NotFound|PermanentRedirect|AuthorizationHeaderMalformed)$/,
    "config",
    "create the bucket, or mend endpoint, region and bucket of the destination",
  ],
  [
    /^(?:AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|RequestTimeTooSkewed|ExpiredToken|Forbidden|Unauthorized)$/,
    "auth",
    "check access_key_id, secret_access_key and the rights of the key; a clock that is wrong by minutes is refused as well",
  ],
  [/^(?:SlowDown|ServiceUnavailable|Throttling\w*|TooManyRequests\w*)$/, "throttled", "wait, then try again"],
];
const statuses: Readonly<Record<number, Reason>> = {
  401: "auth",
  403: "auth",
  404: "config",
  429: "throttled",
  503: "throttled",
};

function s3Failure(where: string, cause: unknown): StepError {
  const error = cause as Partial<Error> & { Code?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  const status = error.$metadata?.httpStatusCode;
  const code = error.Code ?? error.code ?? error.name ?? "";
  const known = codes.find(([pattern]) => pattern.test(code) || pattern.test(error.name ?? ""));
  const byStatus = status === undefined ? "network" : (statuses[status] ?? (status >= 500 ? "network" : "unknown"));
  const reason = known?.[1] ?? byStatus;
  const advice = known?.[2] ?? codes.find(([, same]) => same === reason)?.[2];
  const readable = !/deserialization error/i.test(error.message ?? "");
  const said = [status, ...(readable ? [code, error.message] : ["in a language that is not S3's"])]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
  const details: FailureDetails = { cause, ...(advice === undefined ? {} : { advice }) };
  if (reason !== "network") return new StepError(reason, `${where}: the server answered ${said}`, details);
  return new StepError("network", `${where} cannot be reached: ${said}`, {
    cause,
    advice: "see that the endpoint is right and can be reached from this host",
  });
}

function noAnswer(where: string, seconds: number, cause: unknown): StepError {
  return new StepError("network", `${where}: no answer within ${seconds} s`, {
    cause,
    advice: "see that the endpoint is right and that no firewall swallows the connection",
  });
}
