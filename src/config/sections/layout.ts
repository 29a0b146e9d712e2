import * as z from "zod";
import { profileNames } from "../../model/layout/profiles/index.ts";
import { absolutePath } from "../scalars.ts";

const layoutSubvolume = z.lazy(() =>
  z.strictObject({
    mount_point: absolutePath.optional().meta({ description: "Where it is mounted" }),
    pool: z.string().optional().meta({ description: "Pool of the profile that it is on, e.g. primary" }),
    copy_on_write: z
      .boolean()
      .optional()
      .meta({ description: "false: for databases, virtual disks, containers (chattr +C); default: true" }),
    compression: z
      .string()
      .regex(/^(?:none|lzo|zlib(?::[1-9])?|zstd(?::-?[0-9]{1,2})?)$/, "write none, lzo, zlib, zstd or zstd:3")
      .optional()
      .meta({ description: "none, lzo, zlib, zstd; the level belongs to the whole filesystem", examples: ["zstd:3"] }),
    mount_options: z
      .array(z.string().regex(/^[^\s,]+$/, "write one option each"))
      .optional()
      .meta({ description: "Options of this mount alone; default: noatime", examples: [["noatime", "nodev"]] }),
    presence: z
      .enum(["required", "optional", "where used"])
      .optional()
      .meta({ description: "where used: only when its mount point holds something; default: required" }),
    whole: z
      .boolean()
      .optional()
      .meta({ description: "One snapshot must hold all of it: no other subvolume and no mount below it" }),
    reason: z.string().optional().meta({ description: "Why: shown with what violates it" }),
  }),
);

export const layout = z
  .strictObject({
    profile: z
      .enum(["auto", ...profileNames])
      .optional()
      .meta({ description: "Layout of this host; auto: the one that fits the report of nixos-facter" }),
    facter: absolutePath
      .optional()
      .meta({ description: "Report of nixos-facter; default for auto: /etc/nixos/facter.json" }),
    subvolumes: z
      .record(
        z.string().regex(/^[^/\n](?:[^\n]*[^/\n])?$/, "write its path from the top level, without slashes around it"),
        layoutSubvolume,
      )
      .default({})
      .meta({
        description: "By path from the top level, e.g. @home: further subvolumes, or what is other than in the profile",
      }),
  })
  .meta({ description: "How the Btrfs of this host shall be laid out; see pantheros audit" });
export type LayoutConfig = z.infer<typeof layout>;
