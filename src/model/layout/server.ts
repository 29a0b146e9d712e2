import { type LayoutPool, type LayoutSubvolume, subvolume } from "./profile.ts";
import { containers, everywhere, home, log, nix, root, temporary, userCache } from "./standard.ts";

/** What the servers have in common: one virtual disk, and this on it. */

export const serverPool: LayoutPool = {
  name: "primary",
  device: "/dev/sda",
  options: ["compress=zstd:3", ...everywhere],
  reason: "the one disk of the virtual machine; the provider's storage is solid state and wants to be trimmed",
};

const ofPeople = { compression: "zstd:3" } as const;

export const serverSubvolumes: readonly LayoutSubvolume[] = [
  root,
  home,
  subvolume({
    name: "@dev",
    mountPoint: "/home/dev",
    compression: "zstd:3",
    reason: "source code compresses three- to fivefold and is read often",
  }),
  subvolume({ ...ofPeople, name: "@config", reason: "settings of people, apart from their data" }),
  subvolume({ ...ofPeople, name: "@local", reason: "what programs keep for people, apart from their data" }),
  userCache,
  subvolume({ ...ofPeople, name: "@ai-tools", reason: "assistants and their models, apart from people's data" }),
  nix,
  log,
  subvolume({
    name: "@var-cache",
    mountPoint: "/var/cache",
    compression: "zstd:1",
    reason: "caches are rewritten often: compressed lightly at most",
  }),
  temporary,
  containers,
  subvolume({
    name: "@swap",
    mountPoint: "/swap",
    copyOnWrite: false,
    compression: "none",
    swap: true,
    reason: "the kernel refuses a swap file that is copied on write",
  }),
];
