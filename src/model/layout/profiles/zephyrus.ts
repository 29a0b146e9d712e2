import { type LayoutProfile, type LayoutSubvolume, subvolume } from "../profile.ts";
import {
  backups,
  containers,
  everywhere,
  home,
  log,
  nix,
  nvmePool,
  postgresql,
  redis,
  root,
  temporary,
  userCache,
  whereUsed,
} from "../standard.ts";

const onSecondary = (list: readonly LayoutSubvolume[]) => list.map((each) => ({ ...each, pool: "secondary" }));

export const zephyrus: LayoutProfile = {
  name: "zephyrus",
  summary: "Laptop for development with two NVMe disks, each a pool of its own.",
  hardware: { nvmeDisks: 2 },
  pools: [
    nvmePool,
    {
      name: "secondary",
      device: "/dev/nvme1n1",
      // Everything on it that is compressed at all is a cache.
      options: ["compress=zstd:1", ...everywhere, "ssd", "autodefrag"],
      reason: "containers and caches shall not get in the way of the work on the first disk",
    },
  ],
  subvolumes: [
    root,
    home,
    subvolume({
      name: "@dev-projects",
      mountPoint: "/home/dev",
      copyOnWrite: false,
      compression: "none",
      reason: "builds on the development laptop shall be fast",
      note: "copy-on-write was asked for off three times and zstd:3 twice: both cannot be; without it the files have no checksums",
    }),
    nix,
    { ...log, presence: "optional" },
    ...onSecondary([
      containers,
      subvolume({
        name: "@cache",
        mountPoint: "/var/cache",
        compression: "zstd:1",
        reason: "caches are rewritten often: compressed lightly at most",
      }),
      subvolume({
        name: "@podman-cache",
        compression: "zstd:1",
        reason: "layers that podman can fetch again, apart from the containers themselves",
      }),
      subvolume({
        name: "@snapshots",
        reason: "snapshots have a place of their own",
        note: "it can hold those of the second pool only: no snapshot leaves its filesystem",
      }),
      temporary,
      userCache,
      ...whereUsed([postgresql, redis]),
      { ...backups, presence: "optional" },
    ]),
  ],
};
