import type { LayoutProfile } from "../profile.ts";
import { serverPool, serverSubvolumes } from "../server.ts";

export const ovh: LayoutProfile = {
  name: "ovh",
  summary: "Server for utilities and experiments: one virtual disk of about 200 GB.",
  hardware: { virtualDiskGigabytes: 200 },
  pools: [serverPool],
  subvolumes: serverSubvolumes,
};
