import { StepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { btrfsFailure } from "./btrfs.ts";
import { countOf } from "./count.ts";
import { doubtful } from "./doubt.ts";

/**
 * Bytes of files that nothing else shares. Asks for the extents of every file: about 10 ms for 500 of them, so a snapshot of millions takes a
 * minute, while everybody else comes first.
 * @param path as the snapshots collector names it @returns null: it is gone
 * @throws StepError `auth`, `source`, `timeout`
 */
export async function measureExclusive(execute: Execute, path: string, timeoutSeconds: number): Promise<number | null> {
  if (!path.startsWith("/")) {
    throw new StepError("source", `${path} can be reached through no mount, so that its size cannot be measured`, {
      advice: "mount the subvolume that holds it, or the whole filesystem, where pantheros sees it",
    });
  }
  const btrfs = ["btrfs", "filesystem", "du", "-s", "--raw", "--", path] as const;
  const result = await execute({ argv: ["nice", "-n", "19", "ionice", "-t", "-c", "3", ...btrfs], timeoutSeconds });
  if (result.exitCode !== 0 && /No such file or directory/.test(result.stderr)) return null;
  if (result.exitCode !== 0) throw btrfsFailure(`what ${path} holds alone could not be measured`, result);
  return parseExclusive(result.stdout, path);
}

/** Output of `btrfs filesystem du -s --raw` of one path, which ends its only line: it may hold line breaks. @throws StepError `verification` */
export function parseExclusive(text: string, path: string): number {
  const [, exclusive = ""] = /^ *Total +Exclusive +Set shared +Filename\n *\S+ +(\S+) +\S+ +/.exec(text) ?? [];
  if (!text.trimEnd().endsWith(path.trimEnd())) {
    throw doubtful(`btrfs filesystem du says nothing of ${JSON.stringify(path)}`, "program");
  }
  return countOf(exclusive, `what ${JSON.stringify(path)} holds alone`);
}
