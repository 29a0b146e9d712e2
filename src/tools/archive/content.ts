import { createHash } from "node:crypto";
import { StepError } from "../../model/run/outcome.ts";
import type { ObjectStore } from "../destinations/object-store.ts";
import type { ManifestArchive } from "./manifest.ts";

/**
 * The bytes of an archive, hashed as they pass.
 * @param onBytes how many more have come
 * @throws StepError `verification` at the end when they are not those that were written
 */
export async function* verifiedContent(
  store: ObjectStore,
  { key, manifest }: ManifestArchive,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of store.read(key, manifest.stored_bytes)) {
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
  if (hash.digest("hex") === manifest.sha256) return;
  throw new StepError("verification", `what is stored as ${key} is not what was written: its SHA-256 is another`, {
    advice: "it is damaged, and so is every archive that needs it: make a full one, and keep the snapshots meanwhile",
  });
}
