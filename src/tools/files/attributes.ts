import type { Seen } from "../../model/layout/sight.ts";
import { explainFailure, StepError, toStepError } from "../../model/run/outcome.ts";
import type { Execute, ToolResult } from "../exec.ts";

/** So many paths at once: argv stays far below what the kernel takes. */
const mostAtOnce = 256;

/**
 * The attributes of files and directories as letters, see chattr(1): `C`, `m`. Needs no privilege but to open what is looked at.
 * @param paths absolute
 */
export async function readAttributes(
  execute: Execute,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Seen<string>>> {
  const found = new Map<string, Seen<string>>();
  // A name with a line break could look like another line.
  const askable = paths.filter((path) => !path.includes("\n"));
  for (let from = 0; from < askable.length; from += mostAtOnce) {
    const some = askable.slice(from, from + mostAtOnce);
    try {
      const { stdout, stderr } = await execute({ argv: ["lsattr", "-d", "--", ...some] });
      const attributes = parseAttributes(stdout);
      for (const path of some) {
        const letters = attributes.get(path);
        found.set(path, letters === undefined ? unseen(path, stderr) : { known: true, value: letters });
      }
    } catch (error) {
      if (!(error instanceof StepError) || error.reason !== "tool_missing") throw error;
      for (const path of some) found.set(path, { known: false, why: explainFailure(error) });
    }
  }
  return found;
}

/** Output of `lsattr -d`: a word of letters and dashes, a space, the path as it was asked for. */
export function parseAttributes(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").flatMap((line) => {
    const match = /^([A-Za-z-]+) (\/.*)$/.exec(line);
    return match?.[1] !== undefined && match[2] !== undefined
      ? [[match[2], match[1].replaceAll("-", "")] as const]
      : [];
  });
  return new Map(lines);
}

function unseen(path: string, stderr: string): Seen<string> {
  const line = stderr.split("\n").find((each) => each.endsWith(` ${path}`));
  const said = /^lsattr: (.*?) (?:While|while) /.exec(line ?? "")?.[1];
  const hint = said === "Permission denied" ? ": run it as root" : "";
  return { known: false, why: `lsattr ${path}: ${said ?? "no answer"}${hint}` };
}

/** The property `compression` of a directory on Btrfs: `zstd`, `none`; empty: not set. Needs no privilege but to open it. */
export async function readCompressionProperty(execute: Execute, path: string): Promise<Seen<string>> {
  let result: ToolResult;
  try {
    result = await execute({ argv: ["btrfs", "property", "get", "-t", "inode", path, "compression"] });
  } catch (error) {
    const failure = toStepError(error);
    if (failure.reason !== "tool_missing") throw error;
    return { known: false, why: explainFailure(failure) };
  }
  const { exitCode, stdout, stderr } = result;
  if (exitCode !== 0) {
    const [line = "no answer"] = stderr.trim().split("\n");
    return { known: false, why: `btrfs property get ${path} compression: ${line.replace(/^ERROR: /, "")}` };
  }
  return { known: true, value: /^compression=(.*)$/m.exec(stdout)?.[1] ?? "" };
}
