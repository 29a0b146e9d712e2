import { StepError } from "../../model/run/outcome.ts";
import type { StoredFile } from "../destinations/destination.ts";
import { objectName } from "../rclone/names.ts";
import { fileTree } from "./tree.ts";

export interface SourceList {
  /** By name as `objectName` writes it. */
  readonly files: ReadonlyMap<string, { readonly size: number; readonly modifiedAt: number }>;
  readonly bytes: number;
  readonly special: number;
}

/** What a copy of a folder has to hold. @throws StepError `source`, `cancelled` */
export async function listSource(
  root: string,
  isExcluded: (name: string) => boolean,
  signal: AbortSignal,
): Promise<SourceList> {
  const files = new Map<string, { size: number; modifiedAt: number }>();
  let bytes = 0;
  const tree = fileTree(root, signal);
  for await (const { path, size, modifiedAt } of tree.files) {
    const name = objectName(path);
    if (isExcluded(name)) continue;
    files.set(name, { size, modifiedAt });
    bytes += size;
  }
  return { files, bytes, special: tree.special() };
}

export interface CopyProof {
  readonly missing: readonly string[];
  readonly different: readonly { readonly name: string; readonly expected: number; readonly found: number }[];
  /** Everything that was listed, also what the source does not have. */
  readonly listed: number;
}

/** Compares names and sizes. What the destination holds beyond the source is counted, not judged. */
export async function compareCopy(
  expected: SourceList["files"],
  found: AsyncIterable<StoredFile> | Iterable<StoredFile>,
): Promise<CopyProof> {
  const seen = new Set<string>();
  const different: { name: string; expected: number; found: number }[] = [];
  let listed = 0;
  for await (const { name, size } of found) {
    listed += 1;
    const file = expected.get(name);
    if (!file) continue;
    seen.add(name);
    if (file.size !== size) different.push({ name, expected: file.size, found: size });
  }
  const missing = expected.size === seen.size ? [] : [...expected.keys()].filter((name) => !seen.has(name));
  return { missing, different, listed };
}

/** The failure that a proof shows; the source is read again to tell a copy gone wrong from a source that moved meanwhile. */
export async function describeDifference(
  root: string,
  url: string,
  before: SourceList,
  proof: CopyProof,
  signal: AbortSignal,
): Promise<StepError> {
  const wrong = [...proof.missing, ...proof.different.map(({ name }) => name)];
  const now = await listSource(root, () => false, signal);
  const moved = wrong.filter((name) => {
    const [old, current] = [before.files.get(name), now.files.get(name)];
    return old?.size !== current?.size || old?.modifiedAt !== current?.modifiedAt;
  });
  const parts = [
    proof.missing.length > 0 ? `${proof.missing.length} missing, e.g. ${JSON.stringify(proof.missing[0])}` : null,
    proof.different[0]
      ? `${proof.different.length} of another size, e.g. ${JSON.stringify(proof.different[0].name)} with ` +
        `${proof.different[0].found} instead of ${proof.different[0].expected} bytes`
      : null,
  ].filter((part) => part !== null);
  const said = `${url} does not hold what ${root} had: ${parts.join("; ")}`;
  if (moved.length === 0) {
    return new StepError("verification", `${said}; the source has not changed meanwhile`, {
      advice: "run it again; if it stays so, distrust the destination or what else writes to this prefix",
    });
  }
  return new StepError("verification", `${said}; ${moved.length} of them changed while they were copied`, {
    advice: "copy from a snapshot: it stands still",
  });
}
