import { readFile } from "node:fs/promises";
import type { SeenMount } from "../../model/layout/sight.ts";
import { type Mount, parseMountinfo } from "../files/filesystem.ts";

/** A mount of the mount table together with what a layout asks of it. */
export interface LayoutMount {
  readonly mount: Mount;
  readonly seen: SeenMount;
}

/** The mounts at a directory and below it, in their order. */
export async function readLayoutMounts(root: string): Promise<readonly LayoutMount[]> {
  return parseLayoutMounts(await readFile("/proc/self/mountinfo", "utf8"), root);
}

export function parseLayoutMounts(text: string, root: string): readonly LayoutMount[] {
  const base = root === "/" ? "/" : `${root}/`;
  return text.split("\n").flatMap((line) => {
    const [mount] = parseMountinfo(line);
    if (!mount || (mount.mountPoint !== root && !mount.mountPoint.startsWith(base))) return [];
    return { mount, seen: seenOf(mount, optionsOf(line)) };
  });
}

function seenOf(mount: Mount, { options, filesystemOptions }: ReturnType<typeof optionsOf>): SeenMount {
  return {
    mountPoint: mount.mountPoint,
    filesystem: mount.device,
    type: mount.type,
    source: mount.source,
    subvolume: mount.root.replace(/^\/+/, ""),
    options,
    filesystemOptions,
  };
}

/** The sixth field is of the mount; the third one after the separating dash is of the filesystem. */
function optionsOf(line: string): {
  readonly options: readonly string[];
  readonly filesystemOptions: readonly string[];
} {
  const [before = "", after = ""] = line.split(" - ");
  return {
    options: (before.split(" ")[5] ?? "").split(","),
    filesystemOptions: (after.split(" ")[2] ?? "").split(","),
  };
}
