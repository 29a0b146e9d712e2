import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CollectorContext } from "../src/collectors/collector.ts";
import { snapshots as collector } from "../src/collectors/snapshots.ts";
import { configuration } from "../src/config/schema.ts";
import { openLedger } from "../src/ledger/sqlite.ts";
import { createExecute } from "../src/tools/exec.ts";
import { byTurns, duration, median } from "./measure.ts";
import { atMost, type Benchmark, milliseconds, plain, times } from "./row.ts";

const count = 5000;
const rounds = 25;

/** Observing 5 000 real Btrfs snapshots beside the bare listing of them. Making them takes most of the time. */
export const snapshots: Benchmark = {
  name: "snapshots",
  needs: ["mkfs.btrfs", "btrfs"],
  asRoot: true,
  async run({ directory, note }) {
    const mount = mountImage(directory);
    note(`making ${count} snapshots`);
    makeSnapshots(mount);
    note(`${rounds} looks at them`);
    const execute = createExecute({ env: process.env });
    const subvolumes = { data: { path: join(mount, "data"), snapshots: join(mount, "snapshots") } };
    const config = configuration.parse({ host: "bench", subvolumes });
    const ledger = openLedger(join(directory, "ledger.sqlite"), { mode: "write" });
    const context = { config, execute, ledger, now: Date.now() / 1000 } as CollectorContext;
    const list = () => execFileSync("btrfs", ["subvolume", "list", "-s", mount], { maxBuffer: 1 << 26 });
    const observe = async () => {
      const started = Date.now() / 1000;
      const { artifacts = [], samples, problems } = await collector.collect(context);
      const look = {
        observedAt: started,
        succeededAt: started,
        attemptedAt: started,
        durationSeconds: Date.now() / 1000 - started,
      };
      ledger.saveObservation({ collector: "snapshots", ...look, error: null, samples, artifacts });
      if (artifacts.length !== count || problems?.length !== 0) throw new Error(`saw ${artifacts.length}: ${problems}`);
    };
    const first = await duration(observe);
    const took = await byTurns(rounds, { list, observe });
    ledger.close();
    const [bare, ours] = [median(took.list), median(took.observe)];
    return [
      atMost(
        `observe ${count} snapshots / btrfs subvolume list -s`,
        { value: ours / bare, limit: 2, write: times },
        {
          detail: `${milliseconds(ours)} / ${milliseconds(bare)}`,
          how: `Medians of ${rounds} of each, by turns, warm: listed, attributed to their subvolume, made to samples and saved in the ledger, from which they are published.`,
        },
      ),
      plain("the first look, when no time is known yet", milliseconds(first), "The first call of a fresh engine."),
    ];
  },
};

function mountImage(directory: string): string {
  const image = join(directory, "image");
  const mount = join(directory, "mnt");
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
