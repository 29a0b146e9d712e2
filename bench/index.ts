import { archive } from "./archive.ts";
import { collectors } from "./collectors.ts";
import { cost } from "./cost.ts";
import { ledger } from "./ledger.ts";
import { provision } from "./provision.ts";
import { reconcile } from "./reconcile.ts";
import { report } from "./report.ts";
import { restic } from "./restic.ts";
import { resticObservation } from "./restic-observation.ts";
import { retention } from "./retention.ts";
import type { Benchmark } from "./row.ts";
import { scrape } from "./scrape.ts";
import { snapshots } from "./snapshots.ts";
import { start } from "./start.ts";
import { wrap } from "./wrap.ts";

/** Every benchmark, in the order in which they run and are shown: one line each. */
export const benchmarks: readonly Benchmark[] = [
  start,
  wrap,
  scrape,
  snapshots,
  collectors,
  retention,
  ledger,
  reconcile,
  report,
  restic,
  resticObservation,
  archive,
  cost,
  provision,
];
