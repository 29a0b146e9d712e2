import * as z from "zod";
import { absolutePath, destinationName, repositoryName } from "../../config/scalars.ts";
import { lazily } from "../../model/lazily.ts";

export const HubOptions = lazily(() =>
  z
    .strictObject({
      method: z.enum(["restic", "rclone"]).meta({
        description:
          "restic: snapshots from one repository into another, with both passwords; rclone: the files of repositories as they are, without a password",
      }),
      repository: repositoryName.optional().meta({ description: "restic: where the snapshots come from" }),
      into: repositoryName.optional().meta({ description: "restic: where they go; see restic.init for making it" }),
      hosts: z
        .array(z.string().min(1))
        .default([])
        .meta({ description: "restic: only snapshots of these hosts; default: all" }),
      hub: absolutePath.optional().meta({ description: "rclone: folder of the REST server, or of one repository" }),
      repositories: z
        .union([z.literal("all"), z.array(z.string().min(1)).min(1)])
        .default("all")
        .meta({
          description: "rclone: folders below hub that are copied; default: every repository that is found there",
        }),
      to: destinationName.optional().meta({ description: "rclone: destination that the files are copied to" }),
      prefix: z.string().default("").meta({ description: "rclone: below the destination's own prefix" }),
      remove: z.boolean().default(false).meta({
        description:
          "rclone: also remove at the destination what was pruned at the hub; default: nothing is ever removed, so that nobody who empties the hub empties the copy",
      }),
    })
    .refine(({ method, repository, into }) => method !== "restic" || (repository !== undefined && into !== undefined), {
      message: "method restic needs repository and into",
    })
    .refine(({ method, hub, to }) => method !== "rclone" || (hub !== undefined && to !== undefined), {
      message: "method rclone needs hub and to",
    })
    .refine(({ repository, into }) => repository === undefined || repository !== into, {
      message: "repository and into are the same",
      path: ["into"],
    }),
);
export type HubOptions = z.infer<ReturnType<typeof HubOptions>>;

export const HubEvidence = lazily(() =>
  z.object({
    repository: z.string().optional().meta({ description: "restic: where the snapshots are now" }),
    snapshot_id: z.string().optional().meta({ description: "restic: the newest of them, as the target numbers it" }),
    copied: z.int().optional().meta({ description: "restic: snapshots that were not there before" }),
    destination: z.string().optional().meta({ description: "rclone: its name in the configuration" }),
    prefix: z
      .string()
      .optional()
      .meta({ description: "rclone: below which the copies are, the destination's own included" }),
    url: z.string().optional().meta({ description: "rclone: s3://bucket/prefix/, or the folder" }),
    repositories: z.array(z.string()).optional().meta({ description: "rclone: copied repositories, by their folders" }),
    files: z.int().optional().meta({ description: "rclone: files of the repositories, all found at the destination" }),
    bytes: z.int().optional().meta({ description: "rclone: their size" }),
    bytes_copied: z.int().optional().meta({ description: "rclone: what had to be moved" }),
    files_removed: z.int().optional().meta({ description: "rclone: what was removed at the destination" }),
    snapshots_source: z.int().meta({ description: "Snapshots that have to be at the other side" }),
    snapshots_target: z
      .int()
      .meta({ description: "Snapshots that are there; more where the source has forgotten some" }),
    missing: z
      .int()
      .meta({ description: "Snapshots of the source without a counterpart; only in a dry run more than 0" }),
  }),
);
export type HubEvidence = z.infer<ReturnType<typeof HubEvidence>>;
