import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runnerNames } from "../../src/runners/index.ts";
import { createHost, jobOf, type TestHost } from "../e2e/host.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { type CommandOptions, type EndedCommand, type RunningCommand, startPantheros } from "../support/command.ts";
import { onPath } from "../support/components.ts";
import type { Scope } from "./scope.ts";
import type { Subject } from "./subject.ts";

/** How a run may have ended: `success`, `failed/killed`; ` lost` behind it: reconciliation has said so. */
export type End = string;

/** A host whose job `test` is attacked, and what is known of its runs from outside of its ledger. */
export interface World {
  readonly host: TestHost;
  readonly subject: Subject;
  readonly scope: Scope;
  /** The folder that is backed up. */
  readonly source: string;
  /** The folder of the destination `shelf`. */
  readonly shelf: string;
  readonly repository: string;
  /** Every run that was told to have started, by id, with the ends that it may have. */
  readonly told: Map<string, readonly End[]>;
  /** Numbers of runs whose artifacts were looked at. */
  seen: number;
  /** Writes the configuration anew, with other sections than before. */
  configure(more: Readonly<Record<string, unknown>>): void;
  start(words: readonly string[], options?: CommandOptions): RunningCommand;
  run(words: readonly string[], options?: CommandOptions): Promise<EndedCommand>;
}

export type Sections = { readonly steps: readonly object[] } & Readonly<Record<string, unknown>>;

/** What a job does: real programs, small enough for thousands of runs. */
export const jobs = {
  commands: () => ({
    steps: [
      { id: "one", uses: "command", argv: ["sh", "-c", "sleep 0.02; echo one"] },
      // Leaves a grandchild when it is killed in its midst.
      { id: "family", uses: "command", argv: ["sh", "-c", "sleep 20 & sleep 0.03; kill $!"] },
      { id: "three", uses: "command", argv: ["sh", "-c", "sleep 0.02"], optional: true },
    ],
  }),
  rclone: ({ source, shelf }: World) => ({
    ...shelfSection(shelf),
    steps: [{ id: "copy", uses: "backup.rclone", from: source, to: "shelf", prefix: "letters-${run.id}" }],
  }),
  restic: (world: World) => ({
    ...vaultSection(world),
    steps: [{ id: "backup", uses: "backup.restic", repository: "vault", from: world.source }],
  }),
  // Restores into a scratch folder, which a kill leaves behind.
  drill: (world: World) => ({
    ...vaultSection(world),
    steps: [
      { id: "backup", uses: "backup.restic", repository: "vault", from: world.source },
      { id: "drill", uses: "drill.files", repository: "vault" },
    ],
  }),
  snapshots: (world: World) => ({
    ...dataSection(world),
    ...shelfSection(world.shelf),
    steps: [
      { id: "snap", uses: "snapshot.btrfs", subvolume: "data" },
      { id: "copy", uses: "backup.rclone", from: "${snap.path}", to: "shelf", prefix: "letters-${run.id}" },
      { id: "prune", uses: "prune.snapshots", subvolume: "data" },
    ],
  }),
  everything: (world: World) => ({
    ...dataSection(world),
    ...shelfSection(world.shelf),
    ...vaultSection(world),
    steps: [
      { id: "snap", uses: "snapshot.btrfs", subvolume: "data" },
      { id: "backup", uses: "backup.restic", repository: "vault", from: "${snap.path}" },
      { id: "copy", uses: "backup.rclone", from: "${snap.path}", to: "shelf", prefix: "letters-${run.id}" },
      { id: "prune", uses: "prune.snapshots", subvolume: "data" },
    ],
  }),
} satisfies Record<string, (world: World) => Sections>;
export type JobName = keyof typeof jobs;

/** Jobs whose programs are on this machine, the quickest first. */
export function possibleJobs(): readonly JobName[] {
  const hasBtrfs = process.getuid?.() === 0 && onPath("mkfs.btrfs") !== null;
  const needs: Record<JobName, boolean> = {
    commands: true,
    rclone: onPath("rclone") !== null,
    restic: onPath("restic") !== null,
    drill: onPath("restic") !== null && runnerNames.includes("drill.files"),
    snapshots: hasBtrfs && onPath("rclone") !== null,
    everything: hasBtrfs && onPath("rclone") !== null && onPath("restic") !== null,
  };
  return (Object.keys(needs) as JobName[]).filter((name) => needs[name]);
}

const filesOfSource = 24;

export function createWorld(
  { scope, subject }: { readonly scope: Scope; readonly subject: Subject },
  job: JobName | ((world: World) => Sections),
  more: Readonly<Record<string, unknown>> = {},
): World {
  const host = createHost(scope);
  const hasSnapshots = job === "snapshots" || job === "everything";
  const source = hasSnapshots ? createSubvolume(mountBtrfs(scope), "data") : join(host.root, "letters");
  const at = (name: string) => join(host.root, name);
  const settled = (options: CommandOptions) => ({ main: subject.bundle, ...options });
  const world: World = {
    host,
    subject,
    scope,
    source,
    shelf: at("shelf"),
    repository: at("repository"),
    told: new Map(),
    seen: 0,
    configure: (others) => host.configure({ ...written, ...others }),
    start: (words, options = {}) => startPantheros(scope, host.config, words, settled(options)),
    run: (words, options = {}) => startPantheros(scope, host.config, words, settled(options)).ended,
  };
  fillSource(source);
  const { steps, ...sections } = typeof job === "function" ? job(world) : jobs[job](world);
  const written = { ...sections, jobs: { test: jobOf(steps, { schedule: "0 3 * * *" }) }, ...more };
  world.configure({});
  return world;
}

/** Enough for a copy to be interrupted in its midst. */
function fillSource(source: string): void {
  mkdirSync(join(source, "folder"), { recursive: true });
  for (let number = 0; number < filesOfSource; number += 1) {
    const name = `${number % 2 === 0 ? "" : "folder/"}letter-${number}`;
    writeFileSync(join(source, name), randomBytes(8_000 + 4_000 * number));
  }
}

function shelfSection(shelf: string) {
  mkdirSync(shelf, { recursive: true });
  return { destinations: { shelf: { type: "local", path: shelf } } };
}

function vaultSection({ host, repository }: World) {
  const password = { file: host.secret("password", "correct horse battery staple") };
  return { repositories: { vault: { repository, password, initialize: true } } };
}

function dataSection({ source }: World) {
  return {
    subvolumes: { data: { path: source, snapshots: join(dirname(source), "snapshots"), retention: "few" } },
    retention: { few: { last: 4 } },
  };
}
