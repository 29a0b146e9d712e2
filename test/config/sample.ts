import * as z from "zod";
import { type LoadedConfig, type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { ConfigError, type Problem } from "../../src/config/problems.ts";
import { retentionKeep } from "../../src/config/retention.ts";
import { absolutePath, destinationName, pathOrReference, subvolumeName } from "../../src/config/scalars.ts";

/** Runners that exist only here: config/ knows no others than those it is given. */
export const sampleRunners = [
  {
    uses: "sample.snapshot",
    summary: "Takes a snapshot",
    options: z.strictObject({ subvolume: subvolumeName }),
    produces: z.object({ path: absolutePath, name: z.string(), bytes: z.int(), parents: z.array(z.string()) }),
  },
  {
    uses: "sample.copy",
    summary: "Copies a folder",
    options: z.strictObject({
      from: absolutePath,
      also: pathOrReference.optional(),
      to: destinationName,
      prefix: z.string().default(""),
      limit: z.int().min(1).optional(),
      label: z
        .string()
        .regex(/^[a-z]+$/, "letters only")
        .optional(),
    }),
    produces: z.object({ files: z.int() }),
  },
  {
    uses: "sample.prune",
    summary: "Removes what no policy keeps",
    options: z.strictObject({ subvolume: subvolumeName, keep: retentionKeep }),
    produces: z.object({}),
  },
] as const;

export const sampleText = `host: home
state_directory: /var/lib/pantheros
subvolumes:
  docs: { path: /data/docs, snapshots: /data/.snapshots, retention: standard }
repositories:
  offsite:
    repository: s3:https://s3.example.org/bucket/home
    password: { file: /etc/pantheros/restic.password }
    environment:
      AWS_ACCESS_KEY_ID: AKIDEXAMPLE
      AWS_SECRET_ACCESS_KEY: { credential: aws }
destinations:
  shelf: { type: local, path: /shelf }
retention:
  standard: { daily: 7, weekly: 4, within: 1h30m }
jobs:
  home:
    schedule: "30 2 * * *"
    timezone: Europe/Berlin
    steps:
      - { id: snap, uses: sample.snapshot, subvolume: docs }
      - { uses: sample.copy, from: "\${snap.path}/letters", to: shelf, prefix: "letters-\${run.timestamp}" }
      - { uses: sample.prune, subvolume: docs, keep: { within: 30d } }
objectives:
  papers: { jobs: [home], rpo: 1d, copies: 3, offsite_copies: 1 }
`;

export function load(text: string | Uint8Array, options: Partial<LoadOptions> = {}): LoadedConfig {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return loadConfig("pantheros.yaml", { runners: sampleRunners, readFile: () => bytes, ...options });
}

/** Loads what must be refused. */
export function refusalOf(text: string | Uint8Array, options: Partial<LoadOptions> = {}): ConfigError {
  try {
    load(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

/** `4:17 subvolumes.docs.path: is missing (hint)` */
export function lineOf({ line, column, path, message, hint }: Problem): string {
  return `${line}:${column} ${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

export function problemsOf(text: string | Uint8Array, options: Partial<LoadOptions> = {}): string[] {
  return refusalOf(text, options).problems.map(lineOf);
}
