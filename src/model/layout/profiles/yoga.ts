import type { LayoutProfile } from "../profile.ts";
import { backups, containers, home, log, nix, nvmePool, postgresql, redis, root, whereUsed } from "../standard.ts";

export const yoga: LayoutProfile = {
  name: "yoga",
  summary: "Laptop for travelling with one NVMe disk.",
  hardware: { nvmeDisks: 1 },
  pools: [nvmePool],
  subvolumes: [
    root,
    home,
    nix,
    containers,
    backups,
    { ...log, presence: "optional" },
    ...whereUsed([postgresql, redis]),
  ],
};
