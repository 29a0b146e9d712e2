import type { Secret } from "../../model/secret.ts";
import type { Execute } from "../exec.ts";
import { rcloneFailure } from "./failure.ts";
import { parseRcloneLine, type RcloneLine, type RcloneProgress } from "./output.ts";

export type RcloneDestination =
  | {
      readonly type: "s3";
      readonly endpoint: string;
      readonly region: string;
      readonly bucket: string;
      readonly accessKeyId: Secret;
      readonly secretAccessKey: Secret;
    }
  | {
      readonly type: "local";
      /** Absolute. */
      readonly path: string;
    };

export interface RcloneCopy {
  /** @default rclone */
  readonly program?: string;
  /** `sync` also removes what the source does not have. */
  readonly mode: "copy" | "sync";
  /** Absolute path of a folder: only an absolute path cannot be taken for a remote (`a:b`) or an option (`-a`). */
  readonly source: string;
  readonly destination: RcloneDestination;
  /** Below the bucket or folder, without a slash at either end; may be empty. */
  readonly prefix: string;
  readonly exclude?: readonly string[];
  /** Names of the only files to copy, relative to the source; not together with `exclude`. @default all */
  readonly only?: readonly string[];
  /** A file that names the only files to copy, one a line: for more of them than arguments can hold. Instead of `exclude` and `only`. */
  readonly onlyListed?: string;
  /** @default false */
  readonly dryRun?: boolean;
}

/** The remote exists in the environment of this one call only. */
const remote = "destination";
const variable = (option: string) => `RCLONE_CONFIG_${remote.toUpperCase()}_${option}`;

/** How many lines of rclone's are kept for the journal. */
const tailLines = 20;

/**
 * Retries are the engine's, so rclone tries the whole copy once; a single request may be repeated twice. The trailing slash keeps
 * rclone from asking whether the target is an object (1.75 takes a refused connection there for "is a file").
 */
export function rcloneArgv(copy: RcloneCopy): readonly [string, ...string[]] {
  const { destination, prefix } = copy;
  const root = destination.type === "s3" ? `${remote}:${destination.bucket}` : destination.path;
  return [
    copy.program ?? "rclone",
    copy.mode,
    ...["--config", "/dev/null", "--ask-password=false"],
    ...["--use-json-log", "--stats", "1s", "--stats-log-level", "NOTICE"],
    ...["--retries", "1", "--low-level-retries", "3", "--contimeout", "15s", "--timeout", "60s"],
    "--skip-links",
    ...(copy.exclude ?? []).map((pattern) => `--exclude=${pattern}`),
    ...(copy.only ?? []).map((name) => `--include=/${literalPattern(name)}`),
    ...(copy.onlyListed === undefined ? [] : [`--files-from-raw=${copy.onlyListed}`, "--no-traverse"]),
    ...(copy.dryRun ? ["--dry-run"] : []),
    copy.source,
    prefix === "" ? `${root}/` : `${root}/${prefix}/`,
  ];
}

/** A name as a pattern that means nothing but itself. */
function literalPattern(name: string): string {
  return name.replaceAll(/[\\*?[\]{}]/g, "\\$&");
}

/**
 * The remote as environment variables: no file of the user's is read, no secret is in argv. The encoding also replaces control
 * characters by their pictures (`␊`), because Backblaze B2 refuses them in names; see `objectName`.
 */
export function rcloneEnvironment(destination: RcloneDestination): Readonly<Record<string, string | Secret>> {
  if (destination.type === "local") return {};
  return {
    [variable("TYPE")]: "s3",
    [variable("PROVIDER")]: "Other",
    [variable("ENV_AUTH")]: "false",
    [variable("ENDPOINT")]: destination.endpoint,
    [variable("REGION")]: destination.region,
    [variable("ACCESS_KEY_ID")]: destination.accessKeyId,
    [variable("SECRET_ACCESS_KEY")]: destination.secretAccessKey,
    [variable("FORCE_PATH_STYLE")]: "true",
    [variable("NO_CHECK_BUCKET")]: "true",
    [variable("ENCODING")]: "Slash,Del,Ctl,InvalidUtf8,Dot",
  };
}

export interface RcloneReport {
  /** Bytes and files that rclone says it moved (or would have moved, in a dry run); files already there are not among them. */
  readonly bytes: number;
  readonly files: number;
  /** Last lines as a person reads them. */
  readonly tail: string;
}

/**
 * Copies or syncs a folder. What rclone reports is not proof: list the destination afterwards.
 * @throws StepError `auth`, `network`, `throttled`, `space`, `source`, `config`, `killed`, `unknown`, and those of `execute`
 */
export async function copyWithRclone(
  copy: RcloneCopy,
  execute: Execute,
  onProgress: (progress: RcloneProgress) => void,
): Promise<RcloneReport> {
  const problems: RcloneLine[] = [];
  const tail: string[] = [];
  let last: RcloneProgress = { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, errors: 0 };
  const result = await execute({
    argv: rcloneArgv(copy),
    environment: rcloneEnvironment(copy.destination),
    onStderrLine: (text) => {
      const line = parseRcloneLine(text);
      if (line === null) return;
      if (line.progress) {
        last = line.progress;
        onProgress(last);
        return;
      }
      // Thousands of files fail for the same reason: the first ones tell it.
      if (line.level === "error" && problems.length < 1000) problems.push(line);
      tail.push(line.object === null ? line.message : `${line.object}: ${line.message}`);
      if (tail.length > tailLines) tail.shift();
    },
  });
  const lines = tail.join("\n");
  if (result.exitCode !== 0) {
    throw rcloneFailure({ source: copy.source, result, problems, tail: lines, errors: last.errors });
  }
  return { bytes: last.bytes, files: last.files, tail: lines };
}
