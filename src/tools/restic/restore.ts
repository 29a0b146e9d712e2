import * as z from "zod";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { createResticCall } from "./call.ts";
import { jsonOf, parseResticLine, type ResticProgress } from "./output.ts";
import type { ResticRepository } from "./repository.ts";

/** A file as a snapshot records it. */
export interface SnapshotFile {
  /** As it lies in the snapshot, with a leading slash. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface SnapshotContent {
  /** Regular files. */
  readonly files: number;
  /** Their size. */
  readonly bytes: number;
}

const node = lazily(() =>
  z.object({
    struct_type: z.literal("node"),
    type: z.string(),
    path: z.string(),
    size: z.number().min(0).default(0),
  }),
);

/**
 * Every regular file of a snapshot, told one by one: a snapshot may hold millions.
 * @throws StepError `unknown` when it is not restic's listing, and those of `restic-failure.ts`
 */
export async function listFiles(
  repository: ResticRepository,
  execute: Execute,
  id: string,
  onFile: (file: SnapshotFile) => void,
): Promise<SnapshotContent> {
  const restic = createResticCall(repository, execute);
  let [files, bytes, understood] = [0, 0, 0];
  const task = `list the snapshot ${id.slice(0, 8)} of the repository ${repository.name}`;
  await restic.succeed(task, ["ls", "--json", "--no-lock", id], {
    onStdoutLine(line) {
      const data = jsonOf(line);
      if (data !== undefined) understood += 1;
      const seen = node().safeParse(data).data;
      if (seen?.type !== "file") return;
      files += 1;
      bytes += seen.size;
      onFile({ path: seen.path, size: seen.size });
    },
  });
  if (understood > 0) return { files, bytes };
  throw new StepError("unknown", "restic printed something that is not JSON instead of what the snapshot holds", {
    advice: "see that the program called restic is restic itself, 0.14 or newer",
  });
}

export interface RestoreRequest {
  /** Of the snapshot. */
  readonly id: string;
  /** Folder below which everything comes to lie with its whole path. */
  readonly target: string;
  /** restic's patterns, see `exactly`; empty: all of it. */
  readonly include: readonly string[];
}

export interface RestoreReport {
  /** What restic says it restored; null from 0.14, which does not say. */
  readonly files: number | null;
  readonly tail: string;
}

/**
 * Restores into a folder and lets restic read back what it wrote. A pattern that fits nothing restores nothing and is no failure of restic's:
 * count what is there.
 * @throws StepError `verification` when data is damaged or missing in the repository, and those of `restic-failure.ts`
 */
export async function restoreSnapshot(
  repository: ResticRepository,
  execute: Execute,
  request: RestoreRequest,
  onProgress: (progress: ResticProgress) => void,
): Promise<RestoreReport> {
  const restic = createResticCall(repository, execute);
  const task = `restore the snapshot ${request.id.slice(0, 8)} of the repository ${repository.name}`;
  const damaged: string[] = [];
  let files: number | null = null;
  const result = await restic.call(restoreArguments(request), {
    onStdoutLine(line) {
      const data = parseResticLine(line);
      if (data?.type === "status") onProgress(data.progress);
      files = restoredFiles(line) ?? files;
    },
    onStderrLine(line) {
      if (damage.test(line) && damaged.length < 20) damaged.push(line);
    },
  });
  const tail = restic.clean(result.stderr.slice(-4000)).trim();
  if (result.exitCode === 0) return { files, tail };
  const failure = restic.failure(task, result);
  if (damaged.length === 0 || !["unknown", "source", "verification"].includes(failure.reason)) throw failure;
  throw new StepError("verification", `${failure.message}: data of the snapshot is damaged or missing`, {
    ...failure.details,
    advice: "check the repository with all of its data (restic check --read-data), and restore from another copy",
  });
}

/** What is said of data that cannot be used, whatever keeps it. */
const damage =
  /ciphertext verification failed|hash mismatch|Pack ID does not match|no such file or directory|not found/i;

export function restoreArguments({ id, target, include }: RestoreRequest): readonly string[] {
  return [
    ...["restore", "--json", "--verify", `--target=${target}`],
    ...include.map((path) => `--include=${path}`),
    id,
  ];
}

/** The pattern that fits this one path and nothing else. */
export function exactly(path: string): string {
  return path.replaceAll(/[\\*?[]/g, "\\$&");
}

function restoredFiles(line: string): number | null {
  const data = jsonOf(line);
  if (typeof data !== "object" || data === null || !("files_restored" in data)) return null;
  return typeof data.files_restored === "number" ? data.files_restored : null;
}
