import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { byTurns, median } from "./measure.ts";
import { published, requirePublished, runProgram } from "./program.ts";
import { atMost, type Benchmark, milliseconds, percent, plain, times } from "./row.ts";

const rounds = 40;
const files = 500;
/** Random, so that restic has to compress and store all of it: some ten seconds of work. */
const large = 3 * 1024 ** 3;
/** Seconds from restic's start on in which pantheros still loads what it needs for its end. */
const settling = 1.5;

/** What a restic backup costs more when it is a job: `pantheros run` beside the bare `restic backup` of the same folder. */
export const wrap: Benchmark = {
  name: "wrap",
  needs: ["restic"],
  async run({ directory, note }) {
    requirePublished();
    const source = join(directory, "source");
    mkdirSync(source);
    for (let n = 0; n < files; n += 1) writeFileSync(join(source, `file-${n}`), `content ${n}\n`.repeat(1000));
    const password = join(directory, "password");
    writeFileSync(password, "correct horse battery staple\n", { mode: 0o600 });
    const state = join(directory, "state");
    const repository = join(directory, "repository");
    const config = join(directory, "pantheros.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        host: "bench",
        state_directory: state,
        repositories: {
          vault: { repository, password: { file: password }, initialize: true },
          heap: { repository: join(directory, "heap"), password: { file: password }, initialize: true },
        },
        jobs: {
          backup: { steps: [{ uses: "backup.restic", from: source, repository: "vault" }] },
          large: { steps: [{ uses: "backup.restic", from: join(directory, "large"), repository: "heap" }] },
        },
      }),
    );
    const environment = {
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD_FILE: password,
      RESTIC_CACHE_DIR: join(directory, "cache"),
    };
    const restic = (...args: string[]) => runProgram(["restic", ...args], { environment });
    const pantheros = () => runProgram([process.execPath, published, "run", "backup", "--config", config]);
    await pantheros();
    note(`${rounds} backups of each`);
    const wall = await byTurns(rounds, {
      bare: () => restic("backup", "--json", source),
      ours: pantheros,
    });
    const [bare, ours] = [median(wall.bare), median(wall.ours)];
    note(`one backup of ${large / 1024 ** 3} GiB`);
    const busy = await cpuWhileAtWork(directory, config);
    const how = `Medians of ${rounds} of each, by turns, of the same ${files} unchanged files into the same local repository.`;
    return [
      plain(`restic backup, ${files} files`, milliseconds(bare), how),
      plain("pantheros run with that one step", `${milliseconds(ours)}, ${times(ours / bare)}`, how),
      atMost(
        "overhead over the bare backup, journal and proof included (resticprofile: +48 ms)",
        { value: ours - bare, limit: 150, write: (ms) => `+${milliseconds(ms)}` },
        {
          how: "The difference. restic is started once: its version is remembered, and the snapshot is proven by its file. resticprofile proves nothing and keeps no journal.",
        },
      ),
      atMost(
        "CPU of pantheros while restic is at work, share of one core",
        { value: busy.share, limit: 0.01, write: percent },
        {
          how: `utime and stime of /proc/PID/stat, from ${settling} s after restic was started to its end. Progress is asked for once a second.`,
          detail: `${busy.cpu.toFixed(2)} s in ${busy.wall.toFixed(1)} s`,
        },
      ),
    ];
  },
};

/** Seconds of CPU and of time in the middle of a long backup. */
async function cpuWhileAtWork(directory: string, config: string) {
  const source = join(directory, "large");
  mkdirSync(source);
  for (let n = 0; n < large / 2 ** 24; n += 1) appendFileSync(join(source, `file-${n % 8}`), randomBytes(2 ** 24));
  const child = spawn(process.execPath, [published, "run", "large", "--config", config], { stdio: "ignore" });
  const ended = once(child, "exit");
  const seen: { readonly at: number; readonly cpu: number }[] = [];
  while (child.exitCode === null && child.signalCode === null) {
    if (isBackingUp(child.pid as number)) seen.push({ at: process.uptime(), cpu: cpuOf(child.pid as number) });
    await Promise.race([delay(50), ended]);
  }
  rmSync(source, { recursive: true });
  rmSync(join(directory, "heap"), { recursive: true });
  const begin = seen.find(({ at }) => at > (seen[0]?.at ?? 0) + settling);
  const end = seen.at(-1);
  if (begin === undefined || end === undefined || end.at - begin.at < 2)
    throw new Error("restic was too fast to be looked at");
  const [cpu, wall] = [end.cpu - begin.cpu, end.at - begin.at];
  return { cpu, wall, share: cpu / wall };
}

function isBackingUp(pid: number): boolean {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return children.some((each) => readFileSync(`/proc/${each}/cmdline`, "utf8").includes("\0backup\0"));
  } catch {
    // It, or its child, has ended meanwhile.
    return false;
  }
}

/** Seconds; the kernel counts them in hundredths, proc_pid_stat(5). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
