import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../exec.ts";
import { killed } from "../process/killed.ts";
import type { RcloneLine } from "./output.ts";

/** In this order: messages about the source may hold any words in a path, and a full B2 account answers 403 too. */
const causes: readonly [RegExp, Reason, string][] = [
  [
    /^(?:fatal error|runtime(?:\/cgo)?): .*(?:out of memory|cannot allocate memory)/,
    "oom",
    "give the machine, or the unit's MemoryMax=, more memory",
  ],
  [
    /^(?:fatal error|panic|runtime(?:\/cgo)?): /,
    "unknown",
    "rclone broke down: see its last lines, and try another version",
  ],
  [/^Fatal error: unknown (?:shorthand )?flag/, "config", "see that it is rclone 1.60 or later"],
  [
    /^(?:failed to open (?:source|directory)|failed to read directory|error reading source|directory not found|can't copy - source)/i,
    "source",
    "see that it exists, is readable and stands still; a snapshot does",
  ],
  // Read back right after it was stored.
  [
    /object not found$/,
    "verification",
    "the destination took it and does not have it: see its rules of removal, and whether it is what it should be",
  ],
  [
    /no space left|too big for remaining disk space|quota exceeded|QuotaExceeded|cap exceeded|InsufficientStorage|file too large/i,
    "space",
    "free space at the destination or raise its quota or cap",
  ],
  [
    /x509|certificate/,
    "network",
    "let this machine trust who signed the endpoint's certificate (ca-certificates), or renew that",
  ],
  [
    /NoSuchBucket|InvalidBucketName|AuthorizationHeaderMalformed|PermanentRedirect|unsupported protocol scheme/,
    "config",
    "create the bucket, or mend endpoint, region and bucket of the destination",
  ],
  [
    /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|RequestTimeTooSkewed|Forbidden|Unauthorized|status ?code: 40[13]/i,
    "auth",
    "check access_key_id, secret_access_key and the rights of the key; a clock that is wrong by minutes is refused as well",
  ],
  [
    /SlowDown|reduce your request rate|ServiceUnavailable|TooManyRequests|Throttl|status ?code: (?:429|503)/i,
    "throttled",
    "wait; if it lasts, upload less often or ask the provider for a higher limit",
  ],
  [
    /permission denied|read-only file system|not a directory/i,
    "config",
    "make the destination writable for the user of pantheros",
  ],
  [
    /connection re(?:fused|set)|no such host|time(?:d )?out|deadline exceeded|unreachable|no route to host|broken pipe|EOF|TLS|HTTP response to HTTPS client|InternalError|status ?code: 5\d\d|request send failed|send request failed/i,
    "network",
    "see that the endpoint is right and can be reached from this host",
  ],
];

/** Exit codes with a meaning of their own, the rest says it in words. https://rclone.org/docs/#exit-code (2026-11) */
const exitReasons: Readonly<Record<number, Reason>> = { 2: "config", 3: "source", 4: "source", 5: "network" };

export interface RcloneEnd {
  readonly source: string;
  readonly result: Pick<ToolResult, "exitCode" | "signal">;
  readonly problems: readonly RcloneLine[];
  readonly tail: string;
  /** As rclone counted them. */
  readonly errors: number;
}

/** The failure of a call that did not end with 0. What is not known stays `unknown`, never a success. */
export function rcloneFailure({ source, result, problems, tail, errors }: RcloneEnd): StepError {
  const details = { exitCode: result.exitCode, signal: result.signal, tail };
  for (const problem of problems) {
    const words = wordsOf(problem.message);
    const cause = causes.find(([pattern]) => pattern.test(words));
    if (!cause || (result.signal !== null && cause[1] !== "oom")) continue;
    const [, reason, advice] = cause;
    return new StepError(reason, sentence(source, problem, errors), { ...details, advice });
  }
  if (result.signal !== null) return killed(`rclone could not copy ${source}`, result, tail);
  const reason = exitReasons[result.exitCode ?? -1] ?? "unknown";
  const [first] = problems;
  const said = first
    ? sentence(source, first, errors)
    : `rclone ended with exit code ${result.exitCode} while it copied ${source}`;
  return new StepError(reason, said, { ...details, advice: "look at the last lines of rclone's output" });
}

/** Without places, which may hold any words: `mkdir /srv/forbidden: read-only file system`, `Get "https://…/throttled/": EOF`. */
function wordsOf(message: string): string {
  return message.replaceAll(/"\w+:\/\/[^"\s]*"/g, "URL").replace(/ \/.*(?=: )/, " PATH");
}

function sentence(source: string, problem: RcloneLine, errors: number): string {
  const where = problem.object === null ? source : `${problem.object} of ${source}`;
  const more = errors > 1 ? ` (${errors} errors in all)` : "";
  return `rclone could not copy ${where}: ${problem.message}${more}`;
}
