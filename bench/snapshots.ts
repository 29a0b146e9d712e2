/**
 * Observing 5 000 real Btrfs snapshots (list, attribute, make samples, save them in the ledger) beside the bare `btrfs subvolume list -s`.
 * Alone, as root: `node bench/snapshots.ts`. Making the snapshots takes most of the time.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CollectorContext } from "../src/collectors/collector.ts";
import { snapshots as collector } from "../src/collectors/snapshots.ts";
import { configuration } from "../src/config/schema.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import { createExecute } from "../src/tools/exec.ts";

const count = 5000;
const rounds = 25;
const targetRatio = 2;

/** One line of the table of results. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean;
}

export async function run(): Promise<readonly Row[]> {
  const base = mkdtempSync(join(tmpdir(), "pantheros-bench-snapshots-"));
  const mount = mountImage(base);
  try {
    makeSnapshots(mount);
    const execute = createExecute({ env: process.env });
    const subvolumes = { data: { path: join(mount, "data"), snapshots: join(mount, "snapshots") } };
    const config = configuration.parse({ host: "bench", subvolumes });
    const ledger = openLedger(join(base, "ledger.sqlite"), { mode: "write" });
    const context = { config, execute, ledger, now: Date.now() / 1000 } as CollectorContext;
    const bareCall = () => {
      execFileSync("btrfs", ["subvolume", "list", "-s", mount], { maxBuffer: 1 << 26 });
    };
    const observe = async () => {
      const started = Date.now() / 1000;
      const { artifacts = [], samples, problems } = await collector.collect(context);
      const times = { observedAt: started, attemptedAt: started, durationSeconds: Date.now() / 1000 - started };
      ledger.saveObservation({ collector: "snapshots", ...times, error: null, samples, artifacts });
      if (artifacts.length !== count || problems?.length !== 0) throw new Error(`saw ${artifacts.length}: ${problems}`);
    };
    // By turns, so that whatever else the machine does hurts both alike.
    const first = await milliseconds(observe);
    const [bare, ours] = [[], []] as [number[], number[]];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await milliseconds(bareCall));
      ours.push(await milliseconds(observe));
    }
    ledger.close();
    const ratio = median(ours.slice(3)) / median(bare.slice(3));
    const shown = (times: number[]) => `${median(times.slice(3)).toFixed(1)} ms`;
    return [
      { what: `btrfs subvolume list -s, ${count} snapshots`, value: shown(bare), target: "", met: true },
      { what: `observe ${count} snapshots, warm`, value: shown(ours), target: "", met: true },
      { what: "the first look, when no time is known", value: `${first.toFixed(1)} ms`, target: "", met: true },
      { what: "ratio", value: ratio.toFixed(2), target: `at most ${targetRatio}`, met: ratio <= targetRatio },
    ];
  } finally {
    execFileSync("umount", ["--lazy", mount]);
    rmSync(base, { recursive: true, force: true });
  }
}

function mountImage(base: string): string {
  const image = join(base, "image");
  const mount = join(base, "mnt");
  mkdirSync(mount);
  writeFileSync(image, "");
  truncateSync(image, 2 ** 31);
  execFileSync("mkfs.btrfs", ["-q", image], { stdio: "pipe" });
  execFileSync("mount", ["-o", "loop", image, mount]);
  return mount;
}

function makeSnapshots(mount: string): void {
  execFileSync("btrfs", ["-q", "subvolume", "create", join(mount, "data")]);
  mkdirSync(join(mount, "snapshots"));
  for (let n = 0; n < count; n += 1) {
    const name = `data.20261121T0857${String(n).padStart(4, "0")}Z`;
    execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", join(mount, "data"), join(mount, "snapshots", name)]);
  }
}

async function milliseconds(work: () => void | Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (import.meta.main) for (const row of await run()) process.stdout.write(`${row.what}: ${row.value} ${row.target}\n`);
