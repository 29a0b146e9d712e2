import { isMap } from "./path.ts";
import type { Config } from "./schema.ts";

/** 12 hexadecimal digits of the SHA-256 of an effective configuration: comments, order and notation do not change it. */
export function configurationHash(config: Config): string {
  const sorted = JSON.stringify(config, (_key, value: unknown) =>
    isMap(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  // Loaded here and not above: node:crypto costs every command 5 ms, and few ask for a hash.
  return process.getBuiltinModule("node:crypto").hash("sha256", sorted).slice(0, 12);
}
