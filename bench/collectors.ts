import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Collector } from "../src/collectors/collector.ts";
import { collectors as registry } from "../src/collectors/index.ts";
import { loadConfig } from "../src/config/load.ts";
import { type CollectServices, collectOnce, intervalOf } from "../src/engine/collect.ts";
import type { Ledger } from "../src/ledger/ledger.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import { nothingDone, type StepPlan } from "../src/model/run/run.ts";
import { Secret } from "../src/model/secret.ts";
import { loadRunners } from "../src/runners/index.ts";
import { endProgram, published, requirePublished } from "./program.ts";
import { atMost, type Benchmark, milliseconds, percent, plain, type Row } from "./row.ts";

const subvolumes = 100;
const snapshotsEach = 50;
const rounds = 10;
const idleSeconds = 45;
/** Of one core. */
const most = 0.01;
const names = Array.from({ length: subvolumes }, (_, index) => `data-${String(index).padStart(3, "0")}`);

/** What all collectors cost together on a large host: real Btrfs, real repository. Making the snapshots takes most of the time. */
export const collectors: Benchmark = {
  name: "collectors",
  needs: ["mkfs.btrfs", "btrfs", "restic"],
  asRoot: true,
  async run({ directory, note }) {
    requirePublished();
    note(`making ${subvolumes * snapshotsEach} snapshots of ${subvolumes} subvolumes`);
    const mount = makeFilesystem(directory);
    const declared = configurationOf(directory, mount);
    const file = join(directory, "pantheros.yaml");
    writeFileSync(file, JSON.stringify(declared));
    const runners = await loadRunners();
    const { config } = loadConfig(file, { runners, collectors: registry.map(({ name }) => name) });
    const ledger = openLedger(join(config.state_directory, "ledger.sqlite"), { mode: "write" });
    writeHistory(ledger, Object.keys(config.jobs));
    const services: CollectServices = {
      config,
      ledger,
      environment: process.env,
      readSecret: () => new Secret("bench", "password"),
      now: Date.now,
      signal: new AbortController().signal,
    };
    const looking = registry.filter((collector): collector is Collector => !("live" in collector));
    for (const collector of looking) await look(collector, services);
    note(`${rounds} looks of each collector`);
    const costs = [];
    for (const collector of looking) {
      const seconds = await costOf(collector, services, () => change(mount));
      costs.push({ name: collector.name, seconds, every: intervalOf(collector, config) });
    }
    ledger.close();
    note(`${idleSeconds} s of an engine that has nothing to look at`);
    const idle = await idleShare(directory, declared);
    return rowsOf(costs, idle);
  },
};

interface Cost {
  readonly name: string;
  /** Of processor, one look. */
  readonly seconds: number;
  readonly every: number;
}

function rowsOf(costs: readonly Cost[], idle: number): readonly Row[] {
  const looks = costs.reduce((sum, { seconds, every }) => sum + seconds / every, 0);
  const dear = costs.toSorted((a, b) => b.seconds / b.every - a.seconds / a.every).filter((each) => each.seconds > 0);
  const size = `${subvolumes} jobs, ${subvolumes} subvolumes, ${subvolumes * snapshotsEach} snapshots`;
  return [
    atMost(
      `all collectors together, share of one core: ${size}`,
      { value: looks + idle, limit: most, write: percent },
      {
        detail: `looks ${percent(looks)}, the engine besides ${percent(idle)}`,
        how: `User and system time of ${rounds} warm looks of each collector, its programs and its write to the ledger included, with one snapshot made and one removed before each, divided by the default interval and added up; and the time of "pantheros engine" itself over ${idleSeconds} s without a look: polling, housekeeping, reconciliation.`,
      },
    ),
    plain(
      "the dearest looks",
      dear
        .slice(0, 4)
        .map(({ name, seconds, every }) => `${name} ${milliseconds(seconds * 1000)} every ${every} s`)
        .join(", "),
      "Processor time of one look of the collectors that make up most of it.",
    ),
  ];
}

async function look(collector: Collector, services: CollectServices): Promise<void> {
  const { error } = await collectOnce(collector, services);
  if (error !== null) throw new Error(`${collector.name}: ${error}`);
}

/** Seconds of processor for one look. @param between what changes on the host before each */
async function costOf(collector: Collector, services: CollectServices, between: () => void): Promise<number> {
  let total = 0;
  for (let round = 0; round < rounds; round += 1) {
    between();
    const before = processorTime(process.pid);
    await look(collector, services);
    total += processorTime(process.pid) - before;
  }
  return total / rounds;
}

/** Seconds of a process and of the programs that it has waited for; the kernel counts in hundredths (proc_pid_stat(5)). */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

async function idleShare(directory: string, declared: object): Promise<number> {
  // Each looks once, and then not again while it is measured.
  const looking = registry.filter((collector) => !("live" in collector));
  const idle = join(directory, "idle.yaml");
  const rarely = Object.fromEntries(looking.map(({ name }) => [name, { every: "1d" }]));
  writeFileSync(idle, JSON.stringify({ ...declared, collectors: rarely }));
  const argv = [published, "engine", "--config", idle];
  const environment = { ...process.env, RUNTIME_DIRECTORY: join(directory, "runtime") };
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "inherit"], env: environment });
  try {
    const pid = await settled(child);
    const before = processorTime(pid);
    await delay(idleSeconds * 1000);
    return (processorTime(pid) - before) / idleSeconds;
  } finally {
    await endProgram(child);
  }
}

/** Waits until the engine has looked with everything: until it has used next to nothing for some seconds. */
async function settled(child: ChildProcess): Promise<number> {
  const pid = child.pid as number;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const before = processorTime(pid);
    await delay(5000);
    if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}`);
    const used = processorTime(pid) - before;
    if (attempt > 0 && used < 0.25) return pid;
  }
  throw new Error("the engine does not come to rest");
}

const btrfs = (...args: string[]) => execFileSync("btrfs", ["-q", ...args], { stdio: ["ignore", "ignore", "inherit"] });
const nameOf = (number: number) => `20261121T${String(number).padStart(6, "0")}Z`;

function makeFilesystem(directory: string): string {
  const [image, mount] = [join(directory, "image"), join(directory, "mnt")];
  mkdirSync(mount);
  writeFileSync(image, "");
  truncateSync(image, 3 * 2 ** 30);
  execFileSync("mkfs.btrfs", ["-q", image], { stdio: "pipe" });
  execFileSync("mount", ["-o", "loop", image, mount]);
  mkdirSync(join(mount, "snapshots"));
  for (const name of names) {
    btrfs("subvolume", "create", join(mount, name));
    writeFileSync(join(mount, name, "file"), name.repeat(100));
    mkdirSync(join(mount, "snapshots", name));
    for (let number = 0; number < snapshotsEach; number += 1) snapshot(mount, name, nameOf(number));
  }
  return mount;
}

function snapshot(mount: string, name: string, as: string): void {
  btrfs("subvolume", "snapshot", "-r", join(mount, name), join(mount, "snapshots", name, as));
}

let changes = 0;
/** What a job does: one snapshot more, and one less. */
function change(mount: string): void {
  const name = names[changes % names.length] as string;
  const number = Math.floor(changes / names.length);
  snapshot(mount, name, nameOf(snapshotsEach + number));
  btrfs("subvolume", "delete", join(mount, "snapshots", name, nameOf(number)));
  changes += 1;
}

/** As it is written in the configuration file. */
function configurationOf(directory: string, mount: string): object {
  const [repository, password, copies] = ["repository", "password", "copies"].map((name) => join(directory, name));
  mkdirSync(copies as string);
  writeFileSync(password as string, "bench", { mode: 0o600 });
  const restic = (...args: string[]) =>
    execFileSync("restic", ["-r", repository as string, "--password-file", password as string, "-q", ...args]);
  restic("init");
  for (const name of names.slice(0, 5)) restic("backup", join(mount, name));
  const ofEach = (declare: (name: string) => object) => Object.fromEntries(names.map((name) => [name, declare(name)]));
  return {
    host: "bench",
    state_directory: join(directory, "state"),
    retention: { usual: { hourly: 24, daily: 30, weekly: 8 } },
    repositories: { vault: { repository, password: { file: password }, retention: "usual" } },
    destinations: { copies: { type: "local", path: copies } },
    subvolumes: ofEach((name) => ({
      path: join(mount, name),
      snapshots: join(mount, "snapshots", name),
      retention: "usual",
    })),
    jobs: ofEach((name) => ({ schedule: "0 3 * * *", steps: [{ uses: "snapshot.btrfs", subvolume: name }] })),
  };
}

/** Twenty runs of each job, as they would be of three weeks. */
function writeHistory(ledger: Ledger, jobs: readonly string[]): void {
  const holder = { bootId: "6ac1d6a5-0000-4000-8000-000000000001", pid: 1, startTicks: 1 };
  const success = { outcome: "success", reason: null, message: null } as const;
  for (let day = 20; day > 0; day -= 1) {
    for (const job of jobs) {
      const [id, startedAt] = [`${job}-${day}`, Date.now() - day * 86_400_000];
      const step = {
        position: 0,
        id: "step_1",
        uses: "snapshot.btrfs",
        kind: "snapshot",
        target: job,
        optional: false,
      };
      const steps = [step as StepPlan];
      ledger.startRun({ id, job, trigger: "schedule", startedAt, deadlineAt: null, holder, steps });
      ledger.startStep(id, 0, startedAt, []);
      ledger.finishStep(id, 0, startedAt + 500, { ...nothingDone, attempts: 1, ...success });
      ledger.finishRun(id, { finishedAt: startedAt + 600, ...success, increments: [] });
    }
  }
}
