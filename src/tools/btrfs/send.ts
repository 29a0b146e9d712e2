import { StepError } from "../../model/run/outcome.ts";
import type { Execute, PipelineProgram } from "../exec.ts";
import { btrfsFailure } from "./btrfs.ts";

/** The oldest, which every `btrfs receive` reads: data is sent uncompressed, so that zstd finds what Btrfs's own compression does not. */
export const sendProtocol = 1;

/** @param parent a snapshot that the receiving side has, too; null: all of it */
export function sending(snapshot: string, parent: string | null): PipelineProgram {
  return {
    argv: ["btrfs", "send", "-q", ...(parent === null ? [] : ["-p", parent]), "--", snapshot],
    failure: (result) => btrfsFailure(`${snapshot} could not be sent`, result),
  };
}

/** Makes the subvolume that was sent in a directory, under the name that it had; a parent is found by its uuid wherever it is. */
export function receiving(directory: string): PipelineProgram {
  return {
    argv: ["btrfs", "receive", "-q", "-e", "--", directory],
    failure: (result) => btrfsFailure(`the archive could not be received in ${directory}`, result),
  };
}

/** `6.2` of `btrfs-progs v6.2`. @throws StepError `tool_missing` */
export async function btrfsVersion(execute: Execute): Promise<string> {
  const result = await execute({ argv: ["btrfs", "--version"], timeoutSeconds: 30 });
  const version = /^btrfs-progs v(\S+)/m.exec(result.stdout)?.[1];
  if (version !== undefined) return version;
  throw new StepError("unknown", `btrfs --version does not tell its version: ${result.stdout.trim()}`, {
    advice: "see that the program called btrfs is that of btrfs-progs",
    tail: result.stderr,
    exitCode: result.exitCode,
  });
}
