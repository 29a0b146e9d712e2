import * as z from "zod";
import { duration, positiveDuration, repositoryName } from "../../config/scalars.ts";
import { lazily } from "../../model/lazily.ts";
import { databaseName, postgresServer } from "./server.ts";

const value = lazily(() => z.union([z.number(), z.string(), z.boolean()]));
const expectation = lazily(() =>
  z
    .union([
      z.strictObject({ at_least: z.number() }),
      z.strictObject({ at_most: z.number() }),
      z.strictObject({ equals: value() }),
      z.strictObject({ newest_within: duration }),
    ])
    .meta({
      description:
        "at_least, at_most: a number; equals: a number, text or true/false; newest_within: a moment not older",
    }),
);

export const DrillOptions = lazily(() =>
  z.strictObject({
    repository: repositoryName,
    snapshot: z
      .string()
      .regex(/^[0-9a-f]{8,64}$/, "an id of a snapshot, or its first 8 characters")
      .optional()
      .meta({ description: "Default: the newest that fits" }),
    database: databaseName().optional().meta({ description: "Whose dump; default: the only one there is" }),
    backup_of: z.string().min(1).optional().meta({ description: "Job that made the dump; default: any" }),
    tags: z.array(z.string().min(1)).default([]).meta({ description: "Tags that its snapshot must have" }),
    host: z.string().min(1).optional().meta({ description: "Host of the snapshot; default: the configuration's" }),
    server: postgresServer().meta({
      description:
        "Where it is restored; best another server than production's. Its role must be allowed to create databases",
    }),
    jobs: z.int().min(1).max(64).default(1).meta({ description: "How many parts pg_restore loads at the same time" }),
    queries: z
      .array(
        z.strictObject({
          name: z.string().min(1).optional(),
          sql: z.string().regex(/^\s*[^\s\\]/, "write SQL: psql's own commands are not executed"),
          expect: expectation(),
        }),
      )
      .default([])
      .meta({ description: "What must hold in the restored database; each query gives one value and may only read" }),
    query_timeout: positiveDuration.prefault("1m").meta({ description: "How long one query may take" }),
  }),
);
export type DrillOptions = z.infer<ReturnType<typeof DrillOptions>>;

const seconds = lazily(() => z.number());
export const DrillEvidence = lazily(() =>
  z.object({
    repository: z.string().meta({ description: "Its name in the configuration" }),
    snapshot_id: z.string().meta({ description: "What was restored" }),
    snapshot_age_seconds: seconds().meta({ description: "How old it was when the drill began" }),
    database: z.string().meta({ description: "Whose dump it is" }),
    rto_seconds: seconds().meta({ description: "From nothing to the last answer: fetch, load and query" }),
    fetch_seconds: seconds().meta({ description: "Finding the snapshot and restoring the dump from the repository" }),
    load_seconds: seconds().meta({ description: "Creating the database and loading the dump" }),
    query_seconds: seconds().meta({ description: "Asking all queries" }),
    bytes: z.int().meta({ description: "Size of the dump" }),
    database_bytes: z.int().meta({ description: "Size of the restored database on the server" }),
    tables: z.int().meta({ description: "Restored tables" }),
    rows: z.int().meta({ description: "Restored rows, as the server's statistics count them" }),
    queries: z
      .array(z.object({ name: z.string(), value: z.string().nullable(), expectation: z.string(), met: z.boolean() }))
      .meta({ description: "Each query with its answer, and whether that is what was expected" }),
  }),
);
export type DrillEvidence = z.infer<ReturnType<typeof DrillEvidence>>;
