import { basename } from "node:path";
import { isReference, piecesOf } from "../../config/references.ts";
import type { Config } from "../../config/schema.ts";
import type { JobConfig, StepConfig } from "../../config/sections/jobs.ts";
import { archiveFolder, archiveName } from "../../model/archive/key.ts";

/** Artifacts that steps leave at a destination one after the other, each with its time in its name. */
export type DeclaredSeries = {
  readonly destination: string;
  /** How people and metrics know it: `falkordb-`, or `zephyrus/home` of archives. */
  readonly name: string;
} & (
  | {
      readonly shape: "folders";
      /** What stands before the timestamps, below the destination's own prefix. */
      readonly prefix: string;
    }
  | {
      readonly shape: "archives";
      /** Below the destination's own prefix. */
      readonly prefix: string;
      readonly host: string;
      /** Null: nobody can say before the first one is there. */
      readonly archive: string | null;
    }
);

/** Every series that the steps of the configuration make or prune at a destination. */
export function declaredSeries(config: Config): readonly DeclaredSeries[] {
  const found = new Map<string, DeclaredSeries>();
  for (const job of Object.keys(config.jobs)) {
    for (const step of (config.jobs[job] as JobConfig).steps) {
      const series = seriesMadeBy(step, job, config) ?? seriesPrunedBy(step, config);
      if (series !== null) found.set(JSON.stringify([series.destination, series.name]), series);
    }
  }
  return [...found.values()];
}

/** The series that a step adds to; null: it leaves nothing with a time in its name. */
export function seriesMadeBy(step: StepConfig, job: string, config: Config): DeclaredSeries | null {
  const { to, prefix = "" } = step as { readonly to?: unknown; readonly prefix?: unknown };
  if (typeof to !== "string" || typeof prefix !== "string") return null;
  if (step.uses === "archive.btrfs-send") {
    return archives({ destination: to, prefix, host: config.host, archive: archiveOf(step, config.jobs[job]) });
  }
  const start = beforeTimestamp(prefix, job, config);
  return start === null ? null : folders(to, start);
}

/** The series that a step prunes: it may be made elsewhere. */
export function seriesPrunedBy(step: StepConfig, config: Config): DeclaredSeries | null {
  if (step.uses !== "prune.objects") return null;
  const options = step as Readonly<Record<string, unknown>>;
  const { destination, prefix = "", archives: archive, host = config.host } = options;
  if (typeof destination !== "string" || typeof prefix !== "string") return null;
  if (typeof archive !== "string") return folders(destination, prefix);
  return archives({ destination, prefix, host: String(host), archive });
}

function folders(destination: string, prefix: string): DeclaredSeries {
  return { destination, shape: "folders", prefix, name: prefix };
}

function archives(place: Pick<DeclaredSeries & { shape: "archives" }, "destination" | "prefix" | "host" | "archive">) {
  const folder = archiveFolder(place.prefix, place.host);
  return { ...place, shape: "archives", name: place.archive === null ? folder : `${folder}/${place.archive}` } as const;
}

/** `falkordb-${run.timestamp}` → `falkordb-`; null: no timestamp, something behind it in the same name, or what only a run knows before it. */
function beforeTimestamp(prefix: string, job: string, { host }: Config): string | null {
  let before = "";
  const pieces = piecesOf(prefix);
  for (const [at, piece] of pieces.entries()) {
    if (typeof piece === "string") before += piece;
    else if (!isReference(piece)) return null;
    else if (piece.field === null) before += host;
    else if (piece.scope === "run" && piece.field === "job") before += job;
    else if (piece.scope === "run" && piece.field === "timestamp") {
      const next = pieces[at + 1];
      return next === undefined || (typeof next === "string" && next.startsWith("/")) ? before : null;
    } else return null;
  }
  return null;
}

/** As the step will call it: its name, its subvolume, else the snapshot's file name without the time. */
function archiveOf(step: StepConfig, job: JobConfig | undefined): string | null {
  const { name, subvolume, snapshot } = step as Readonly<Record<string, unknown>>;
  if (typeof name === "string") return name;
  if (typeof subvolume === "string") return subvolume;
  if (typeof snapshot !== "string") return null;
  const [piece, ...more] = piecesOf(snapshot);
  if (typeof piece === "string") return more.length === 0 ? archiveName(basename(piece)) : null;
  if (piece === undefined || !isReference(piece) || more.length > 0) return null;
  const maker = job?.steps.find(({ id, uses }) => id === piece.scope && uses === "snapshot.btrfs");
  const { subvolume: made } = (maker ?? {}) as { readonly subvolume?: unknown };
  return typeof made === "string" ? archiveName(`${made}.20000101T000000Z`) : null;
}
