import { stringify } from "yaml";
import * as z from "zod";
import { redact } from "../model/secret.ts";
import { isMap } from "./path.ts";
import { type Config, configuration } from "./schema.ts";
import { namesSecret } from "./secret-names.ts";

/** The configuration fit to be shown: secrets are references anyhow, what remains are passwords in URLs and what looks like them. */
export function redactedConfig(config: Config): Config {
  return hide(config) as Config;
}

function hide(value: unknown): unknown {
  if (typeof value === "string") return redact(value, []);
  if (Array.isArray(value)) return value.map(hide);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => {
      // A literal in the environment of a repository is refused when it sounds like a secret; a step's options are its runner's affair.
      const literal = typeof inside === "string" && /^[A-Z0-9_]+$/.test(key) && namesSecret(key);
      return [key, literal ? "[redacted]" : hide(inside)];
    }),
  );
}

/** The effective configuration as YAML that can be loaded again: every default written out, durations in their notation, redacted. */
export function formatConfig(config: Config): string {
  return stringify(hide(z.encode(configuration, config)), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    version: "1.2",
  });
}
