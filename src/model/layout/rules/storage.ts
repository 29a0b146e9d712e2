import type { Verdict } from "../finding.ts";
import { mendCopyOnWrite, mendFilesystemOptions } from "../mend.ts";
import type { LayoutPool, LayoutSubvolume } from "../profile.ts";
import { shellWord } from "../shell.ts";
import { below, type LayoutSight, mountOf, type SeenDirectory, type SeenMount } from "../sight.ts";

/**
 * What is in force for new files of a subvolume. `nodatacow` and `compress=` at the mount of one subvolume say nothing: Btrfs has them once
 * for the whole filesystem. What counts is the directory's own attribute or property, and then the filesystem's options.
 */

export function judgeCopyOnWrite(asked: LayoutSubvolume, sight: LayoutSight): Verdict {
  const expected = asked.copyOnWrite ? "copied on write" : "not copied on write";
  const place = placeOf(asked, sight);
  if ("why" in place) return { state: "unknown", expected, why: place.why };
  const { directory, mount } = place;
  if (mount?.filesystemOptions.includes("nodatacow")) {
    const found = "nodatacow is in force for the whole filesystem";
    if (!asked.copyOnWrite) return { state: "holds", expected, found };
    return { state: "violated", expected, found, mend: allCopiedOnWrite(mount) };
  }
  const { attributes, isEmpty, files } = directory;
  if (!attributes.known) return { state: "unknown", expected, why: attributes.why };
  const isCopied = !attributes.value.includes("C");
  const found = isCopied ? "copied on write (no attribute C)" : "not copied on write (attribute C)";
  if (isCopied !== asked.copyOnWrite) {
    const mend = mendCopyOnWrite(asked, directory.path, isEmpty.known && isEmpty.value, sight);
    return { state: "violated", expected, found, mend };
  }
  if (!asked.copyOnWrite && files.copyOnWrite > 0) {
    const old = `attribute C, but ${files.copyOnWrite} of ${files.looked} files looked at are older than it and are copied on write`;
    return { state: "violated", expected, found: old, mend: mendCopyOnWrite(asked, directory.path, false, sight) };
  }
  return { state: "holds", expected, found };
}

export function judgeCompression(
  asked: LayoutSubvolume & { readonly compression: string },
  pool: LayoutPool | undefined,
  sight: LayoutSight,
): Verdict {
  const expected = asked.compression === "none" ? "not compressed" : asked.compression;
  const place = placeOf(asked, sight);
  if ("why" in place) return { state: "unknown", expected, why: place.why };
  const inForce = compressionOf(place.directory, place.mount);
  if ("why" in inForce) return { state: "unknown", expected, why: inForce.why };
  const { algorithm, found } = inForce;
  if (algorithm === algorithmOf(asked.compression)) {
    return { state: "holds", expected, found: withLevel(found, asked.compression, place.mount) };
  }
  return { state: "violated", expected, found, mend: mendCompression(asked, algorithm, pool, place, sight) };
}

interface Place {
  readonly directory: SeenDirectory;
  readonly mount: SeenMount | undefined;
}

/** The directory whose new files are meant: where the layout mounts the subvolume, or wherever it is mounted. */
function placeOf(asked: LayoutSubvolume, sight: LayoutSight): Place | { readonly why: string } {
  const path = asked.mountPoint === null ? mountOf(sight, asked.name)?.mountPoint : below(sight.root, asked.mountPoint);
  if (path === undefined) return { why: `${asked.name} is not mounted, so its attributes cannot be seen` };
  const directory = sight.directories.get(path);
  if (!directory) return { why: `${path} is not there` };
  if (!directory.onBtrfs) return { why: `${path} is not on a Btrfs` };
  const holder = sight.mounts
    .filter(({ mountPoint }) => path === mountPoint || path.startsWith(mountPoint === "/" ? "/" : `${mountPoint}/`))
    .reduce<SeenMount | undefined>(
      (best, mount) => (best && best.mountPoint.length > mount.mountPoint.length ? best : mount),
      undefined,
    );
  return { directory, mount: holder };
}

type InForce = { readonly algorithm: string; readonly found: string } | { readonly why: string };

/** Whatever is not copied on write is not compressed; then the property decides, then the options of the filesystem. */
function compressionOf({ attributes, compression }: SeenDirectory, mount: SeenMount | undefined): InForce {
  if (mount?.filesystemOptions.includes("nodatacow")) {
    return { algorithm: "none", found: "not compressed: nodatacow is in force for the whole filesystem" };
  }
  if (!attributes.known) return { why: attributes.why };
  if (attributes.value.includes("C")) return { algorithm: "none", found: "not compressed: it is not copied on write" };
  if (attributes.value.includes("m")) return { algorithm: "none", found: "not compressed (attribute m)" };
  if (!compression.known) return { why: compression.why };
  if (compression.value !== "") {
    const algorithm = algorithmOf(compression.value);
    return { algorithm, found: `${algorithm} (property compression)` };
  }
  const option = mount?.filesystemOptions.find((each) => /^compress(?:-force)?=/.test(each));
  if (option === undefined) return { algorithm: "none", found: "not compressed: the filesystem has no compress=" };
  return { algorithm: algorithmOf(option.slice(option.indexOf("=") + 1)), found: `${option} of the filesystem` };
}

function algorithmOf(compression: string): string {
  const [algorithm = ""] = compression.split(":");
  return algorithm === "no" ? "none" : algorithm;
}

/** Another level than the asked one is the filesystem's, and no violation of this subvolume: it has none of its own. */
function withLevel(found: string, asked: string, mount: SeenMount | undefined): string {
  const option = mount?.filesystemOptions.find((each) => /^compress(?:-force)?=/.test(each));
  const level = option?.slice(option.indexOf("=") + 1);
  const isOther = asked !== "none" && level !== undefined && level !== asked;
  return isOther ? `${found}; ${asked} is not to be had: the level is the whole filesystem's` : found;
}

function mendCompression(
  asked: LayoutSubvolume & { readonly compression: string },
  algorithm: string,
  pool: LayoutPool | undefined,
  { directory, mount }: Place,
  sight: LayoutSight,
) {
  const own = algorithmOf(asked.compression);
  const path = shellWord(directory.path);
  const property = (value: string) => ({ commands: [`btrfs property set ${path} compression ${value}`] });
  if (!asked.copyOnWrite) {
    // One and the same cause: what is not copied on write is not compressed.
    const isEmpty = directory.isEmpty.known && directory.isEmpty.value;
    return mendCopyOnWrite(asked, directory.path, isEmpty, sight);
  }
  if (own === "none") return property("none");
  if (mount?.filesystemOptions.includes("nodatacow")) return allCopiedOnWrite(mount);
  if (directory.attributes.known && directory.attributes.value.includes("C")) {
    const isEmpty = directory.isEmpty.known && directory.isEmpty.value;
    return mendCopyOnWrite(asked, directory.path, isEmpty, sight);
  }
  const isOwn = directory.compression.known && directory.compression.value !== "";
  const option = pool?.options.find((each) => each.startsWith("compress="));
  // Nothing of its own says otherwise: it is the filesystem that does not compress.
  if (mount && option && !isOwn && algorithm === "none" && algorithmOf(option.slice("compress=".length)) === own) {
    const isRefused = directory.attributes.known && directory.attributes.value.includes("m");
    if (!isRefused) return mendFilesystemOptions([option], mount);
  }
  return property(own);
}

/** `datacow` alone leaves files without checksums. */
function allCopiedOnWrite(mount: SeenMount) {
  return {
    commands: [`mount -o remount,datacow,datasum ${shellWord(mount.mountPoint)}`],
    before: `take nodatacow out of every line of ${mount.source} in /etc/fstab: it holds for the whole filesystem; files made meanwhile stay as they are`,
  };
}
