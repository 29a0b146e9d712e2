import type { Step } from "./run.ts";

/** What a step says it has left behind, in words that an independent look can be held against. */
export type Claim =
  | { readonly kind: "subvolume"; readonly subject: string; readonly path: string; readonly uuid: string | null }
  | { readonly kind: "repository"; readonly subject: string; readonly snapshotIds: readonly string[] }
  | {
      readonly kind: "destination";
      readonly subject: string;
      /** A folder (its whole prefix, ending with a slash) or one object (its whole key). */
      readonly name: string;
      readonly bytes: number | null;
      /** Null for one object. */
      readonly files: number | null;
    };

/**
 * The claim of a step, by the field names that all runners share: `path` of a snapshot, `repository` with `snapshot_id` or `snapshot_ids`,
 * `destination` with `prefix` or `key`. Null: it leaves nothing behind that others could see.
 */
export function claimOf({ kind, target, evidence }: Pick<Step, "kind" | "target" | "evidence">): Claim | null {
  if (target === null) return null;
  if (kind === "snapshot") {
    const path = text(evidence["path"]);
    return path === null ? null : { kind: "subvolume", subject: target, path, uuid: text(evidence["uuid"]) };
  }
  if (kind !== "backup" && kind !== "copy") return null;
  const repository = text(evidence["repository"]);
  if (repository !== null) {
    const many = Array.isArray(evidence["snapshot_ids"]) ? evidence["snapshot_ids"] : [evidence["snapshot_id"]];
    const snapshotIds = many.filter((id) => text(id) !== null);
    return snapshotIds.length === 0 ? null : { kind: "repository", subject: repository, snapshotIds };
  }
  const destination = text(evidence["destination"]);
  if (destination === null) return null;
  const key = text(evidence["key"]);
  const common = { kind: "destination", subject: destination } as const;
  if (key !== null) return { ...common, name: key, bytes: amount(evidence["stored_bytes"]), files: null };
  const prefix = evidence["prefix"];
  if (typeof prefix !== "string") return null;
  const name = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  return { ...common, name, bytes: amount(evidence["bytes"]), files: amount(evidence["files"]) };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
