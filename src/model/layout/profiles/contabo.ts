import type { LayoutProfile } from "../profile.ts";
import { serverPool, serverSubvolumes } from "../server.ts";
import { postgresql, redis, whereUsed } from "../standard.ts";

export const contabo: LayoutProfile = {
  name: "contabo",
  summary: "Server for staging that mirrors production: one virtual disk of about 536 GB.",
  hardware: { virtualDiskGigabytes: 536 },
  pools: [serverPool],
  // Databases are said to be on the production server alone, and staging to mirror it: so they are right where they are.
  subvolumes: [...serverSubvolumes, ...whereUsed([postgresql, redis])],
};
