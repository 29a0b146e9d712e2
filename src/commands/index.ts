import type { Command } from "./command.ts";
import type { Stay } from "./memory.ts";

interface Entry {
  readonly summary: string;
  /** It stays, and does little at a time: it shall be small rather than fast. */
  readonly stays?: Stay;
  readonly load: () => Promise<Command>;
}

/** Every command: one line each. A command's file is loaded only when it is called. */
export const commands: Readonly<Record<string, Entry>> = {
  init: { summary: "write a first configuration", load: async () => (await import("./init.ts")).init },
  doctor: {
    summary: "what is missing on this host, and the command that mends it",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  config: {
    summary: "check or show the configuration, print its schema",
    load: async () => (await import("./config.ts")).config,
  },
  secrets: {
    summary: "which secrets the configuration names, and creating the missing ones",
    load: async () => (await import("./secrets.ts")).secrets,
  },
  run: { summary: "run a job now", load: async () => (await import("./run.ts")).run },
  status: { summary: "what was promised and what was seen", load: async () => (await import("./status.ts")).status },
  disks: {
    summary: "room and health of every filesystem in use",
    load: async () => (await import("./disks.ts")).disks,
  },
  retention: {
    summary: "what the retention policies promise, and what is there",
    load: async () => (await import("./retention.ts")).retention,
  },
  objectives: {
    summary: "what each data set was promised, and whether it holds",
    load: async () => (await import("./objectives.ts")).objectives,
  },
  report: {
    summary: "one month for who audits: promised, measured, and the runs that prove it",
    load: async () => (await import("./report.ts")).report,
  },
  cost: { summary: "what buckets store and cost", load: async () => (await import("./cost.ts")).cost },
  runs: { summary: "the journal of runs", load: async () => (await import("./runs.ts")).runs },
  explain: {
    summary: "what a reason means and what to do; why a run ended as it did",
    load: async () => (await import("./explain.ts")).explain,
  },
  audit: {
    summary: "whether the Btrfs of this host is laid out as it shall be, and what mends it",
    load: async () => (await import("./audit.ts")).audit,
  },
  render: {
    summary: "print what other programs read: the layout for disko",
    load: async () => (await import("./render.ts")).render,
  },
  rules: {
    summary: "alerts as code: rule files of Prometheus and Mimir, routes of Alertmanager",
    load: async () => (await import("./rules.ts")).rules,
  },
  monitors: {
    summary: "alerts as code: plan, sync, validate, pull, prune and import the monitors in Datadog",
    load: async () => (await import("./monitors.ts")).monitors,
  },
  downtime: {
    summary: "mute the alerts of a job for a while",
    load: async () => (await import("./downtime.ts")).downtime,
  },
  dashboards: {
    summary: "dashboards as code: files for Grafana; plan, sync, validate, pull, prune and import in Datadog",
    load: async () => (await import("./dashboards.ts")).dashboards,
  },
  metadata: {
    summary: "what Datadog tells about our metrics (units, types, descriptions): plan and sync it",
    load: async () => (await import("./metadata.ts")).metadata,
  },
  collect: {
    summary: "look at everything once and print what was seen",
    load: async () => (await import("./collect.ts")).collect,
  },
  metrics: { summary: "print the metrics page", load: async () => (await import("./metrics.ts")).metrics },
  reconcile: {
    summary: "find the true end of runs whose process is gone",
    load: async () => (await import("./reconcile.ts")).reconcile,
  },
  engine: {
    summary: "collect, reconcile and schedule, until stopped",
    stays: "looking",
    load: async () => (await import("./engine.ts")).engine,
  },
  serve: {
    summary: "serve /metrics over HTTP, until stopped",
    stays: "reading",
    load: async () => (await import("./serve.ts")).serve,
  },
  up: {
    summary: "engine and serve together",
    stays: "looking",
    load: async () => (await import("./up.ts")).up,
  },
};
