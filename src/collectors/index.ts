import { anomalies } from "./anomalies.ts";
import { audit } from "./audit.ts";
import { backups } from "./backups.ts";
import { btrfs } from "./btrfs.ts";
import { btrfsScrub } from "./btrfs-scrub.ts";
import type { AnyCollector } from "./collector.ts";
import { cost } from "./cost.ts";
import { destinations } from "./destinations.ts";
import { disk } from "./disk.ts";
import { drills } from "./drills.ts";
import { inventory } from "./inventory.ts";
import { jobs } from "./jobs.ts";
import { objectiveHistory } from "./objective-history.ts";
import { objectives } from "./objectives.ts";
import { restic } from "./restic.ts";
import { retention } from "./retention.ts";
import { self } from "./self.ts";
import { series } from "./series.ts";
import { snapshotSizes } from "./snapshot-sizes.ts";
import { snapshots } from "./snapshots.ts";

/** Every collector: one line each. `retention` judges what those before it saw, and so comes after them. */
export const collectors: readonly AnyCollector[] = [
  snapshots,
  snapshotSizes,
  disk,
  btrfs,
  btrfsScrub,
  audit,
  restic,
  destinations,
  cost,
  series,
  retention,
  objectiveHistory,
  inventory,
  jobs,
  backups,
  anomalies,
  drills,
  objectives,
  self,
];
