import type { LayoutProfile } from "../profile.ts";
import { contabo } from "./contabo.ts";
import { hetzner } from "./hetzner.ts";
import { ovh } from "./ovh.ts";
import { yoga } from "./yoga.ts";
import { zephyrus } from "./zephyrus.ts";

/** Every profile: one line each. */
export const profiles = { zephyrus, yoga, hetzner, contabo, ovh } as const satisfies Readonly<
  Record<string, LayoutProfile>
>;

export type ProfileName = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as ProfileName[];
