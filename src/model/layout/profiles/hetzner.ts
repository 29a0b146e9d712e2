import type { LayoutProfile } from "../profile.ts";
import { serverPool, serverSubvolumes } from "../server.ts";
import { postgresql, redis } from "../standard.ts";

export const hetzner: LayoutProfile = {
  name: "hetzner",
  summary: "Server for production with databases: one virtual disk of about 458 GiB.",
  hardware: { virtualDiskGigabytes: 458 },
  pools: [serverPool],
  subvolumes: [...serverSubvolumes, postgresql, redis],
};
