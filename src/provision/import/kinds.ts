import { importableDashboard } from "./dashboard.ts";
import type { Importable, ImportedKind } from "./importable.ts";
import { importableMonitor } from "./monitor.ts";

/** Every kind that can be imported: one line each. */
export const importables: Readonly<Record<ImportedKind, Importable>> = {
  monitor: importableMonitor,
  dashboard: importableDashboard,
};
