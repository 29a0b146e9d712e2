import * as z from "zod";
import { absolutePath, name, retentionName, secretReference } from "../scalars.ts";

export const subvolume = z.lazy(() =>
  z.strictObject({
    path: absolutePath.meta({ description: "Mount point or path of the Btrfs subvolume" }),
    snapshots: absolutePath.meta({ description: "Directory on the same filesystem that receives read-only snapshots" }),
    retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
    holds: z.enum(["files", "database"]).optional().meta({
      description: "What lies on it: a snapshot of a database that fails is an alert of its own; default: files",
    }),
    snapshot_sizes: z.enum(["quotas", "du", "off"]).optional().meta({
      description:
        "What its snapshots hold alone: quotas (default): told where the filesystem has quotas on already; du: elsewhere measured too, at most 30 s an hour; off",
    }),
  }),
);

const medium = name
  .optional()
  .meta({ description: "What it is stored on, e.g. nas, b2: copies are counted by it; default: its own name" });

/** Who is billed for a bucket. */
const account = name.optional().meta({
  description: "A name of `accounts`: who is billed for its bucket; default: one account for each provider",
  refersTo: "accounts",
});

export const repository = z.lazy(() =>
  z.strictObject({
    repository: z
      .string()
      .min(1)
      .meta({ description: "As restic's -r takes it: /path, s3:https://host/bucket/path, rest:https://host/" }),
    password: secretReference.optional().meta({
      description:
        "Not needed for a folder or rest: that is only observed: then names, number and arrival of its snapshots are seen",
    }),
    environment: z
      .record(z.string(), z.union([z.string(), secretReference]))
      .default({})
      .meta({ description: "Further variables for restic, e.g. AWS_ACCESS_KEY_ID: {file: /path}" }),
    retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
    retired: z
      .boolean()
      .default(false)
      .meta({ description: "Kept for restores only: that nobody stores there any more is no alert" }),
    offsite: z.boolean().default(false).meta({ description: "Counts as an offsite copy" }),
    medium,
    account,
    restic: z.string().default("restic").meta({ description: "Program to use" }),
    initialize: z
      .boolean()
      .default(false)
      .meta({ description: "Create the repository when it does not exist yet; never again once it has held a backup" }),
  }),
);

const promised = retentionName.optional().meta({
  description:
    "Policy that what pantheros leaves there must satisfy: pruning keeps at least that of every series and chain",
});

export const destination = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("s3"),
      endpoint: z.url({ protocol: /^https?$/ }).meta({ description: "e.g. https://s3.us-west-004.backblazeb2.com" }),
      region: z.string().default("us-east-1"),
      bucket: z.string().min(1).meta({ description: "Must exist already" }),
      prefix: z.string().default("").meta({ description: "Everything is written below it" }),
      access_key_id: secretReference,
      secret_access_key: secretReference,
      account,
      offsite: z.boolean().default(true),
      medium,
      retention: promised,
    }),
    z.strictObject({
      type: z.literal("local"),
      path: absolutePath,
      offsite: z.boolean().default(false),
      medium,
      retention: promised,
    }),
  ]),
);

export type SubvolumeConfig = z.infer<typeof subvolume>;
export type DestinationConfig = z.infer<typeof destination>;
