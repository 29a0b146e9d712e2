import { type NixValue, nixLines, withComment, writeNix } from "./nix.ts";
import type { Layout, LayoutPool, LayoutSubvolume } from "./profile.ts";
import { shellWord } from "./shell.ts";

export interface DiskoChoices {
  /** For the first line of the file: the command that writes it again. */
  readonly command: string;
  /** By pool, where a disk is another one than the profile says. */
  readonly devices: Readonly<Record<string, string>>;
  /** Also subvolumes that are only needed where something uses them. */
  readonly withOptional: boolean;
  /** With the partition that a machine without UEFI boots from. */
  readonly legacyBoot: boolean;
  /** Of the swap file, as `btrfs filesystem mkswapfile` takes it: `4G`. */
  readonly swapSize: string;
}

/**
 * A layout as a NixOS module for disko (https://github.com/nix-community/disko, its types of March 2026): one GPT disk for each pool, the first
 * with what BIOS and UEFI need to boot from it.
 */
export function renderDisko(layout: Layout, choices: DiskoChoices): string {
  const [first] = layout.pools;
  const disks = Object.fromEntries(
    layout.pools.map((pool) => [
      pool.name,
      withComment([sentence(pool.reason)], disk(pool, pool === first, layout, choices)),
    ]),
  );
  const head = [
    `Written by: ${choices.command}`,
    "",
    "Btrfs has nodatacow, compress=, the space cache and discard once for a whole filesystem, from its first mount. So every",
    "subvolume of a disk is mounted with the same such options, and what must not be copied on write gets the attribute C",
    "(chattr +C) while it is still empty: nodatacow at one mount would be ignored, and at a remount it would hold for all.",
  ];
  const body = writeNix({ disko: { devices: { disk: disks } } });
  return `${head.map((line) => (line === "" ? "#" : `# ${line}`)).join("\n")}\n${body}\n`;
}

function disk(pool: LayoutPool, boots: boolean, layout: Layout, choices: DiskoChoices): NixValue {
  const wanted = layout.subvolumes.filter(
    (each) => each.pool === pool.name && (each.presence === "required" || choices.withOptional),
  );
  return {
    type: "disk",
    device: choices.devices[pool.name] ?? pool.device,
    content: {
      type: "gpt",
      partitions: {
        boot: boots && choices.legacyBoot ? biosPartition : undefined,
        ESP: boots ? efiPartition : undefined,
        [boots ? "root" : "data"]: { size: "100%", content: btrfs(pool, wanted, choices) },
      },
    },
  };
}

const biosPartition = withComment(["For GRUB, where there is no UEFI."], { priority: 1, size: "1M", type: "EF02" });
const efiPartition = {
  priority: 2,
  size: "1G",
  type: "EF00",
  content: { type: "filesystem", format: "vfat", mountpoint: "/boot", mountOptions: ["umask=0077"] },
};

function btrfs(pool: LayoutPool, subvolumes: readonly LayoutSubvolume[], choices: DiskoChoices): NixValue {
  const inPlace = subvolumes.filter(({ copyOnWrite }) => !copyOnWrite).map(({ name }) => name);
  return {
    type: "btrfs",
    extraArgs: ["--label", pool.name],
    subvolumes: Object.fromEntries(
      subvolumes.map((each) => [each.name, withComment(commentOf(each), subvolumeOf(each, pool, choices))]),
    ),
    postCreateHook:
      inPlace.length === 0
        ? undefined
        : withComment(
            ["Not copied on write: set while they are empty, so that every file in them inherits the attribute."],
            nixLines(attributeHook(inPlace)),
          ),
  };
}

/** disko sets `device` for the hook. */
function attributeHook(names: readonly string[]): string[] {
  return [
    "(",
    "  top=$(mktemp -d)",
    '  mount -o subvolid=5 "$device" "$top"',
    `  trap 'umount "$top" && rmdir "$top"' EXIT`,
    ...names.map((name) => `  chattr +C "$top"/${shellWord(name)}`),
    ")",
  ];
}

function subvolumeOf(asked: LayoutSubvolume, pool: LayoutPool, { swapSize }: DiskoChoices): NixValue {
  if (asked.mountPoint === null) return {};
  return {
    mountpoint: asked.mountPoint,
    mountOptions: [...asked.mountOptions, ...pool.options],
    swap: asked.swap ? { swapfile: { size: swapSize } } : undefined,
  };
}

function commentOf({ reason, note, mountPoint, presence, swap }: LayoutSubvolume): string[] {
  return [
    sentence(reason),
    ...(note === undefined ? [] : [sentence(note)]),
    ...(presence === "where used" ? ["Only where something uses it."] : []),
    ...(presence === "optional" ? ["Not part of the profile, but right where it is."] : []),
    ...(mountPoint === null ? ["Not mounted: the profile does not say where; add a mountpoint."] : []),
    ...(swap ? ["disko makes the swap file with the attribute C."] : []),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
