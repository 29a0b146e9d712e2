import * as z from "zod";
import { positiveDuration, repositoryName } from "../../config/scalars.ts";
import { plausibleHistory } from "../../model/anomaly/plausibility.ts";
import { lazily } from "../../model/lazily.ts";
import { databaseName, postgresServer } from "./server.ts";

export const PostgresOptions = lazily(() =>
  z
    .strictObject({
      repository: repositoryName,
      database: databaseName().optional().meta({ description: "The one database that is dumped" }),
      databases: z
        .union([z.literal("all"), z.array(databaseName()).min(1)])
        .optional()
        .meta({ description: "Several databases, or all: every one that accepts connections and is no template" }),
      server: postgresServer(),
      globals: z.boolean().default(true).meta({
        description:
          "Also roles and tablespaces, as a snapshot of their own; without passwords where only a superuser may read them",
      }),
      compress: z.int().min(0).max(9).default(0).meta({
        description:
          "pg_dump's own compression; 0 leaves it to restic, which then stores what has not changed only once",
      }),
      lock_timeout: positiveDuration
        .prefault("10m")
        .meta({ description: "How long a dump may wait for a lock on a table" }),
      minimum_ratio: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .meta({
          description: `A dump smaller than this share of the median of the last ${plausibleHistory} good ones fails; 0 believes any size`,
        }),
      verify: z.boolean().default(false).meta({
        description: "Read each stored dump back from end to end with pg_restore: costs as much as fetching it",
      }),
    })
    .refine(({ database, databases }) => (database === undefined) !== (databases === undefined), {
      message: "say which: database: NAME, databases: [NAME, …] or databases: all",
      path: ["database"],
    }),
);
export type PostgresOptions = z.infer<ReturnType<typeof PostgresOptions>>;

export const PostgresEvidence = lazily(() =>
  z.object({
    snapshot_id: z.string().meta({ description: "The newest of its snapshots; empty in a dry run" }),
    snapshot_ids: z
      .array(z.string())
      .meta({ description: "All of its snapshots, in the order in which they were made" }),
    repository: z.string().meta({ description: "Its name in the configuration" }),
    host: z.string().meta({ description: "Host that the snapshots are filed under" }),
    dumps: z
      .array(z.object({ database: z.string(), snapshot_id: z.string(), bytes: z.int(), tables: z.int() }))
      .meta({ description: "Each database with its snapshot, the size of its dump and its tables" }),
    globals: z
      .enum(["with passwords", "without passwords", "none"])
      .meta({ description: "Whether roles and tablespaces are stored, and the roles' passwords with them" }),
    files: z.int().meta({ description: "Dumps, that of the globals among them" }),
    bytes: z.int().meta({ description: "Size of the dumps" }),
    bytes_added: z.int().meta({ description: "New data in the repository, before compression" }),
    verified: z.boolean().meta({ description: "Whether each was read back from end to end" }),
    pg_dump_version: z.string().meta({ description: "A restore needs a pg_restore that is not older" }),
  }),
);
export type PostgresEvidence = z.infer<ReturnType<typeof PostgresEvidence>>;
