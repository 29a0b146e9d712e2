import { renderDisko } from "../model/layout/disko.ts";
import type { Disk } from "../model/layout/hardware.ts";
import type { LayoutPool } from "../model/layout/profile.ts";
import { layoutOptions, openLayout } from "./audit/layout.ts";
import { defineCommand, print, printJson, UsageError } from "./command.ts";

export const render = defineCommand({
  name: "render",
  description: `
Prints what other programs read, made from the configuration. Writes no file.

disko: the layout of a profile as a NixOS module for disko, with the reason of each subvolume: one GPT disk for each pool, boot partitions on the
first, the subvolumes with their mounts, a hook that sets the attribute C where nothing shall be copied on write. With a hardware report the
disks are named by their ids, which stay the same however the kernel counts them. disko destroys what is on a disk: read before you use it.`,
  arguments: [{ name: "WHAT", summary: "disko" }],
  options: {
    ...layoutOptions,
    "with-optional": { type: "boolean", summary: "also the subvolumes that are needed only where something uses them" },
    swap: { type: "string", value: "SIZE", summary: "of the swap file where the profile has one; default: 4G" },
  },
  examples: [
    ["pantheros render disko --profile hetzner > disko.nix", "the layout of a server"],
    ["pantheros render disko --facter facter.json --with-optional", "of the profile that fits, with databases"],
  ],
  async run(invocation) {
    const [what] = invocation.arguments;
    if (what !== "disko")
      throw new UsageError(`there is nothing called ${JSON.stringify(what)} to render\n  → pantheros render disko`);
    const { swap, "with-optional": withOptional } = invocation.options;
    const swapSize = typeof swap === "string" ? swap : "4G";
    // As disko checks it.
    if (!/^[0-9]+[KMGTP]$/.test(swapSize))
      throw new UsageError(`--swap ${swapSize} is no size: write it like 4G or 512M`);
    const { layout, profile, disks } = await openLayout(invocation);
    const text = renderDisko(layout, {
      command: `pantheros render disko${profile ? ` --profile ${profile.name}` : ""}${withOptional ? " --with-optional" : ""}`,
      devices: stableNames(layout.pools, disks),
      withOptional: withOptional === true,
      legacyBoot: profile === null || "virtualDiskGigabytes" in profile.hardware,
      swapSize,
    });
    if (invocation.json) printJson(invocation, { what, profile: profile?.name ?? null, text });
    else print(invocation, text);
    return 0;
  },
});

function stableNames(pools: readonly LayoutPool[], disks: readonly Disk[]): Record<string, string> {
  const named = pools.map(
    ({ name, device }) => [name, disks.find((disk) => disk.device === device)?.stableName] as const,
  );
  return Object.fromEntries(named.flatMap(([name, id]) => (id ? [[name, id]] : [])));
}
