import { type Reason, StepError } from "../../model/run/outcome.ts";

const advices = {
  bucket: "create the bucket, or mend endpoint, region and bucket of the destination",
  key: "check access_key_id, secret_access_key and the rights of the key; a clock that is wrong by minutes is refused as well",
  space: "raise the cap or quota of the account, or remove what is not needed",
  gone: "somebody removed or replaced it meanwhile: list the destination",
  damaged: "try again; when it comes back, something on the way changes what is sent",
  wait: "wait, then try again",
  other: "see that the endpoint is that of an S3 service, and what its own log says",
} as const;

/** By the code in the answer's body. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11) */
const codes: readonly [RegExp, Reason, string][] = [
  [
    /^(?:NoSuchBucket|InvalidBucketName|NotFound|PermanentRedirect|AuthorizationHeaderMalformed)$/,
    "config",
    advices.bucket,
  ],
  [/^(?:QuotaExceeded|StorageCapExceeded|XMinioStorageFull|InsufficientStorage\w*)$/, "space", advices.space],
  [
    /^(?:AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|RequestTimeTooSkewed|ExpiredToken|Forbidden|Unauthorized)$/,
    "auth",
    advices.key,
  ],
  [/^(?:SlowDown|ServiceUnavailable|Throttling\w*|TooManyRequests\w*)$/, "throttled", advices.wait],
  [/^(?:NoSuchKey|NoSuchVersion|NoSuchUpload|PreconditionFailed|InvalidRange)$/, "source", advices.gone],
  [/^(?:BadDigest|IncompleteBody|RequestTimeout|XAmzContentSHA256Mismatch)$/, "network", advices.damaged],
];
const statuses: Readonly<Record<number, Reason>> = {
  401: "auth",
  403: "auth",
  404: "config",
  412: "source",
  416: "source",
  429: "throttled",
  503: "throttled",
  507: "space",
};

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly Code?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What the SDK threw as what it means. @param where what was asked for, as a person knows it */
export function s3Failure(where: string, cause: unknown): StepError {
  const error = cause as SdkError;
  const status = error.$metadata?.httpStatusCode;
  const code = error.Code ?? error.code ?? error.name ?? "";
  const known = codes.find(([pattern]) => pattern.test(code) || pattern.test(error.name ?? ""));
  const byStatus = status === undefined ? "network" : (statuses[status] ?? (status >= 500 ? "network" : "unknown"));
  const reason = known?.[1] ?? byStatus;
  const advice = known?.[2] ?? codes.find(([, same]) => same === reason)?.[2] ?? advices.other;
  const readable = !/deserialization error/i.test(error.message ?? "");
  const said = [status, ...(readable ? [code, error.message] : ["in a language that is not S3's"])]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
  if (known !== undefined || reason !== "network") {
    return new StepError(reason, `${where}: the server answered ${said}`, { cause, advice });
  }
  return new StepError("network", `${where} cannot be reached: ${said}`, {
    cause,
    advice: "see that the endpoint is right and can be reached from this host",
  });
}

/** Whether the server said that something is not there: a key, a version, an upload in parts. */
export function isAbsent(cause: unknown): boolean {
  const { name, $metadata } = cause as SdkError;
  const named = /^(?:NoSuchKey|NoSuchVersion|NoSuchUpload|NotFound)$/.test(name ?? "");
  return named || ($metadata?.httpStatusCode === 404 && name !== "NoSuchBucket");
}

export function noAnswer(where: string, seconds: number, cause: unknown): StepError {
  return new StepError("network", `${where}: no answer within ${seconds} s`, {
    cause,
    advice: "see that the endpoint is right and that no firewall swallows the connection",
  });
}
