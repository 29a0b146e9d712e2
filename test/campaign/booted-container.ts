import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { containerRoot } from "../support/components.ts";
import type { Scope } from "./scope.ts";
import type { Subject } from "./subject.ts";

export interface BootedContainer {
  /** Cuts the power: everything in it ends in the same moment, and nothing hears of it. */
  cutPower(): Promise<void>;
  /** Asks it to shut down in good order. */
  shutDown(): Promise<void>;
  readonly ended: Promise<unknown>;
}

/** Within which a container that was started has its first process. */
const bootSeconds = 20;

/**
 * Boots a whole Debian that does one thing: it executes a line of a shell as a systemd service, and is powered off when that has ended. What it
 * shares with us is the folder of the world; its own system is forgotten with it.
 * @param line must do without quotes
 */
export function bootContainer(
  { scope, subject }: { readonly scope: Scope; readonly subject: Subject },
  folder: string,
  line: string,
): BootedContainer {
  const unit = join(folder, "campaign.service");
  writeFileSync(unit, unitOf(folder, line));
  const node = dirname(process.execPath);
  const copy = dirname(subject.preload);
  const shown = [node, copy, realpathSync(join(copy, "node_modules"))];
  // nspawn keeps its sockets where the machine's root may not be writable, and nobody else needs them.
  const prepare = 'mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn && exec "$@"';
  const child = spawn(
    "unshare",
    [
      ...["--mount", "--propagation", "private", "sh", "-c", prepare, "sh"],
      ...["systemd-nspawn", "--boot", `--directory=${containerRoot()}`, "--volatile=overlay", "--quiet"],
      ...["--private-network", "--register=no", "--keep-unit", "--console=pipe", `--machine=${basename(folder)}`],
      ...[`--bind=${folder}`, ...shown.map((path) => `--bind-ro=${path}`)],
      `--bind-ro=${unit}:/etc/systemd/system/campaign.service`,
      "systemd.unit=campaign.service",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const log = createWriteStream(join(folder, "console.log"), { flags: "a" });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, "exit");
  const cutPower = async () => {
    // The kernel ends all of a PID namespace together with its first process; systemd-nspawn alone could be killed and leave it.
    const until = performance.now() + bootSeconds * 1000;
    while (isRunning(child) && performance.now() < until) {
      killEach(firstProcesses(child.pid ?? -1));
      await Promise.race([ended, delay(5)]);
    }
    if (isRunning(child)) throw new Error(`systemd-nspawn ${child.pid} has no first process that could be killed`);
  };
  scope.after(cutPower);
  return {
    cutPower,
    async shutDown() {
      if (isRunning(child)) child.kill("SIGTERM");
      await ended;
    },
    ended,
  };
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

/** Children of systemd-nspawn that are process 1 in a namespace of their own. */
function firstProcesses(nspawn: number): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const isOurs = new RegExp(`^PPid:\\s${nspawn}$`, "m").test(status) && /^NSpid:.*\t1$/m.test(status);
      return isOurs ? [Number(entry)] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

function killEach(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // It ended by itself a moment before.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function unitOf(folder: string, line: string): string {
  return `[Unit]
Requires=basic.target
After=basic.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
Environment=RUNTIME_DIRECTORY=/run
StandardOutput=append:${folder}/output
StandardError=append:${folder}/errors
TimeoutStopSec=20
ExecStart=/bin/sh -c "${line}"
`;
}
