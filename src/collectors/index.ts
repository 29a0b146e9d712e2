import { backups } from "./backups.ts";
import type { AnyCollector } from "./collector.ts";
import { destinations } from "./destinations.ts";
import { disk } from "./disk.ts";
import { drills } from "./drills.ts";
import { jobs } from "./jobs.ts";
import { objectives } from "./objectives.ts";
import { restic } from "./restic.ts";
import { retention } from "./retention.ts";
import { self } from "./self.ts";
import { snapshots } from "./snapshots.ts";

/** Every collector: one line each. `retention` judges what those before it saw, and so comes after them. */
export const collectors: readonly AnyCollector[] = [
  snapshots,
  disk,
  restic,
  destinations,
  retention,
  jobs,
  backups,
  drills,
  objectives,
  self,
];
