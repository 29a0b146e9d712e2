import { counter, gauge, type MetricDefinition } from "./definition.ts";
import { declaredKinds } from "./label-values.ts";

/** Ourselves. */
export const ourselves = {
  collectorSuccess: gauge(
    "collector_success",
    "collector.success",
    "boolean",
    ["collector"],
    "1 when the collector's last look succeeded.",
  ),
  collectorDuration: gauge(
    "collector_duration_seconds",
    "collector.duration",
    "seconds",
    ["collector"],
    "How long the collector's last look took.",
  ),
  collectorLastSuccess: gauge(
    "collector_last_success_timestamp_seconds",
    "collector.last_success",
    "timestamp",
    ["collector"],
    "When the collector last succeeded: the time that its values are true for.",
  ),
  collectorOverdue: gauge(
    "collector_overdue_seconds",
    "collector.overdue",
    "seconds",
    ["collector"],
    "Seconds since the collector should have looked again, by its interval and time limit; 0 while it is in time.",
  ),
  declared: gauge(
    "declared",
    "declared",
    "boolean",
    ["kind", "name"],
    "1 for everything that the configuration declares, from the first second on, whether or not anything is known of it.",
    { kind: declaredKinds },
  ),
  seriesLeftOut: gauge(
    "series_left_out",
    "series.left_out",
    "count",
    [],
    "Series that are not published because one of their labels has more values than are shown.",
  ),
  awake: gauge(
    "awake_seconds",
    "awake",
    "seconds",
    [],
    "Seconds of the last 24 hours in which the machine was awake, as the engine journals it; absent while it does not.",
  ),
  ledgerSize: gauge(
    "ledger_size_bytes",
    "ledger.size",
    "bytes",
    [],
    "Size of the ledger's file with its write-ahead log.",
  ),
  ledgerWriteErrors: counter(
    "ledger_write_errors",
    "ledger.write_errors",
    [],
    "Runs and observations that could not be written to the ledger at first.",
  ),
  buildInfo: gauge(
    "build_info",
    "build.info",
    "boolean",
    ["version", "node"],
    "1; version of pantheros and of Node.js.",
  ),
  configInfo: gauge("config_info", "config.info", "boolean", ["hash"], "1; short hash of the configuration in force."),
  dogstatsdDropped: counter(
    "dogstatsd_dropped_packets",
    "dogstatsd.dropped",
    [],
    "DogStatsD packets that could not be handed over.",
  ),
} as const satisfies Record<string, MetricDefinition>;
