import * as z from "zod";
import { bytesPattern, durationPattern, parseBytes, parseDuration, writeDuration } from "../model/quantity.ts";

/** What sections and the options of runners are made of. Apart from the sections: a runner needs no more than these. */
declare module "zod" {
  interface GlobalMeta {
    /** The value is a name declared in this section; the loader checks that it exists. */
    refersTo?: NamedSection;
  }
}
/** Sections that other parts of the configuration refer to by name. */
export type NamedSection = "subvolumes" | "repositories" | "destinations" | "retention" | "jobs" | "accounts";

/** `90s`, `1h30m`, `30d`: parsed to seconds, encoded back to the same notation. */
export const duration = z
  .codec(
    z.string().regex(durationPattern, "not a duration: write it like 90s, 15m, 1h30m, 30d"),
    z.number().max(31_557_600_000, "too long: a thousand years are enough"),
    { decode: (text) => parseDuration(text) ?? Number.NaN, encode: writeDuration },
  )
  .meta({ description: "Duration like 90s, 15m, 1h30m, 30d", examples: ["1h", "30d"] });

/** A duration for which nothing makes no sense: a time limit, an interval. */
export const positiveDuration = duration
  .refine((seconds) => seconds > 0, "must be longer than nothing")
  .meta({ description: "Duration like 90s, 15m, 1h30m, 30d; more than 0s", examples: ["1h", "30d"] });

/** `500MiB`, `10GB`, `4096`: parsed to bytes, encoded back as a plain number. */
export const byteSize = z
  .codec(
    z.string().regex(bytesPattern, "not a size: write it like 500MiB, 10GiB, 2TB"),
    z.number().max(Number.MAX_SAFE_INTEGER, "too large"),
    { decode: (text) => parseBytes(text) ?? Number.NaN, encode: String },
  )
  .meta({ description: "Size like 500MiB, 10GiB, 2TB", examples: ["10GiB"] });

// No regular expression has flags here: JSON Schema knows none.
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "use letters, digits, dot, dash and underscore, start with a letter or digit, at most 63 characters",
  )
  .meta({ description: "A name: letters, digits, dot, dash, underscore" });

export const absolutePath = z
  .string()
  .regex(/^\//, "must be an absolute path: begin it with a slash")
  .meta({ description: "Absolute path" });

/** For the options of runners: a path that may begin with what an earlier step left behind. */
export const pathOrReference = z
  .string()
  .regex(/^(?:\/|\$\{)/, "must be an absolute path, or begin with a reference like ${snap.path}")
  .meta({ description: "Absolute path, or a reference, e.g. ${snap.path}/data" });

/** For the options of runners: names that must be declared in their section. They have to be written out, a reference is refused. */
export const subvolumeName = name.meta({ description: "A name of `subvolumes`", refersTo: "subvolumes" });
export const repositoryName = name.meta({ description: "A name of `repositories`", refersTo: "repositories" });
export const destinationName = name.meta({ description: "A name of `destinations`", refersTo: "destinations" });
export const retentionName = name.meta({ description: "A name of `retention`", refersTo: "retention" });

/** Where a secret is read from. A literal is refused on purpose. */
export const secretReference = z
  .union([
    z.strictObject({ file: absolutePath }),
    z.strictObject({ credential: z.string().regex(/^[A-Za-z0-9._-]+$/) }),
    z.strictObject({ environment: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
  ])
  .meta({
    id: "secret",
    description:
      "Where the secret is read from: {file: /path (0600)}, {credential: NAME (systemd LoadCredential=)} or {environment: NAME}. Never the secret itself.",
  });
export type SecretReference = z.infer<typeof secretReference>;
