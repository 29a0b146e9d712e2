import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Layout } from "../../src/model/layout/profile.ts";
import { mountBtrfs } from "./btrfs.ts";

export interface BuiltLayout {
  /** What stands for `/`. */
  readonly root: string;
  /** The top level of the first pool. */
  readonly top: string;
  readonly device: string;
}

/**
 * A layout made for real as an installer would: a filesystem for each pool, all subvolumes, the attribute C while they are empty, every mount
 * below a root. Everything is unmounted with the filesystem of the first pool.
 */
export function buildLayout(t: Pick<TestContext, "after">, layout: Layout): BuiltLayout {
  const pools = layout.pools.map(({ name, options }) => {
    const top = mountBtrfs(t);
    if (options.length > 0) execFileSync("mount", ["-o", `remount,${options.join(",")}`, top]);
    return { name, top, device: execFileSync("findmnt", ["-no", "SOURCE", top], { encoding: "utf8" }).trim() };
  });
  const poolOf = (wanted: string) => pools.find(({ name }) => name === wanted) ?? first;
  const [first] = pools as [(typeof pools)[number]];
  for (const { name, pool, copyOnWrite } of layout.subvolumes) {
    const path = join(poolOf(pool).top, name);
    execFileSync("btrfs", ["-q", "subvolume", "create", path]);
    if (!copyOnWrite) execFileSync("chattr", ["+C", path]);
  }
  const root = join(first.top, "root");
  for (const { name, pool, mountPoint, mountOptions } of layout.subvolumes.toSorted(byDepth)) {
    if (mountPoint === null) continue;
    const path = join(root, mountPoint);
    mkdirSync(path, { recursive: true });
    execFileSync("mount", ["-o", [`subvol=${name}`, ...mountOptions].join(","), poolOf(pool).device, path]);
  }
  return { root, top: first.top, device: first.device };
}

/** What is mounted at `/` comes before what is mounted below it. */
function byDepth(a: { readonly mountPoint: string | null }, b: { readonly mountPoint: string | null }): number {
  return (a.mountPoint ?? "").length - (b.mountPoint ?? "").length;
}
