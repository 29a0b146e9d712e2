import * as z from "zod";
import { destinationName, duration, pathOrReference, secretReference } from "../../config/scalars.ts";
import { lazily } from "../../model/lazily.ts";
import { addressPattern } from "../../tools/valkey/valkey.ts";
import { uploadEvidence } from "../upload.ts";

const shape = () => ({
  from: pathOrReference.optional().meta({
    description: "The server's folder in a snapshot, e.g. ${snap.path}/valkey; or give an address",
  }),
  address: z
    .string()
    .regex(addressPattern, "write HOST:PORT, [IPv6]:PORT or the absolute path of a Unix socket")
    .optional()
    .meta({ description: "A running server: HOST:PORT or the path of its Unix socket; or give from" }),
  user: z.string().min(1).optional().meta({ description: "At the address; default: the server's default user" }),
  password: secretReference.optional().meta({ description: "At the address" }),
  file: z
    .string()
    .regex(/^[^/]+$/, "must be a name, not a path")
    .default("dump.rdb")
    .meta({ description: "Name of the dump in from, as dbfilename of the server says" }),
  max_age: duration.optional().meta({
    description: "How old the dump in from may be, counted to the start of the step; default: any age",
  }),
  to: destinationName,
  prefix: z
    .string()
    .default("")
    .meta({ description: "Below the destination's own prefix; may hold references, e.g. valkey-${run.timestamp}" }),
  allow_empty: z.boolean().default(false).meta({ description: "A dump without a single key is a backup too" }),
  client: z.string().min(1).optional().meta({ description: "Program; default: valkey-cli, else redis-cli" }),
  checker: z.string().min(1).optional().meta({
    description:
      "Program; default: valkey-check-rdb and redis-check-rdb, whichever knows the dump's format; without one its checksum has to do",
  }),
});

/** What `backup.valkey` and `backup.falkordb` have in common: everything but the look at graphs. */
export const RdbOptions = lazily(() =>
  z.strictObject(shape()).refine(({ from, address }) => (from === undefined) !== (address === undefined), {
    message: "give it either from, the server's folder in a snapshot, or the address of the running server",
  }),
);
export type RdbOptions = z.infer<ReturnType<typeof RdbOptions>>;

export const RdbEvidence = lazily(() =>
  z.object({
    ...uploadEvidence(),
    files: z.int().meta({
      description: "Files that were found at the destination: the dump, and of a folder its append-only files",
    }),
    bytes: z.int().meta({ description: "Their size" }),
    method: z
      .enum(["folder", "file", "connection"])
      .meta({ description: "Found in from; written by BGSAVE and copied; or sent by the server" }),
    saved_at: z
      .string()
      .nullable()
      .meta({ description: "When the server began the dump, ISO 8601 in UTC, by its clock" }),
    server: z.string().nullable().meta({ description: "What wrote the dump: Valkey 8.1.1" }),
    rdb_version: z.int().meta({ description: "Of the dump's format" }),
    checksum: z.boolean().meta({ description: "Whether the dump has one, which fits; false: rdbchecksum no" }),
    checked_by: z
      .string()
      .nullable()
      .meta({ description: "The checker that took it apart; null: none that knows its format" }),
    keys: z.int().nullable().meta({ description: "How many the checker or the server counted; null: nobody did" }),
  }),
);
export type RdbEvidence = z.infer<ReturnType<typeof RdbEvidence>>;
