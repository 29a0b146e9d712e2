import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attack, Broken, type Ground, type Kind } from "../kind.ts";
import { aftermath, refuse, tellEvents, whenStarted } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

/** As systemd tells ExecStopPost= of a unit whose process the kernel has ended; see systemd.exec(5), $SERVICE_RESULT. */
const toldBySystemd = { SERVICE_RESULT: "oom-kill", EXIT_CODE: "killed", EXIT_STATUS: "KILL" };

export const oom: Kind = {
  name: "oom",
  summary: "out of memory: told by systemd; and, where a cgroup may be made here, by the kernel itself",
  missing: () => null,
  tries: (kills) => (kills < 200 ? 1 : 12),
  perWorld: 6,
  async open(ground: Ground) {
    const world = createWorld(ground, "commands");
    const group = memoryGroup();
    return async (number) =>
      number % 2 === 1 && group !== null ? await runOutOfMemory(world, group) : await toldByService(world, number);
  },
};

async function toldByService(world: World, number: number): Promise<Attack> {
  const attack = { fault: "killed, and systemd says oom-kill", at: `number ${number}`, kills: 1 };
  const run = world.start(["run", "test", "--json"]);
  await whenStarted(run);
  run.kill("SIGKILL");
  tellEvents(world, (await run.ended).stdout, ["failed/oom lost"]);
  const { code, stderr } = await world.run(["reconcile", "test"], { environment: toldBySystemd });
  if (code !== 0) throw new Broken(attack, `reconcile ended with ${code}: ${stderr}`);
  refuse(world, attack, "after ExecStopPost=");
  await aftermath(world, attack, false);
  return attack;
}

/** Where groups with a limit of memory may be made: our own group of cgroup v2, when it hands on the controller. @returns its folder */
function memoryGroup(): string | null {
  const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
  const folder = join("/sys/fs/cgroup", own);
  const control = join(folder, "cgroup.subtree_control");
  return existsSync(control) && readFileSync(control, "utf8").split(/\s/).includes("memory") ? folder : null;
}

/** The step of a run needs more than its group has: the kernel ends the greatest of it. */
async function runOutOfMemory(world: World, parent: string): Promise<Attack> {
  const attack = { fault: "out of memory, by the kernel", at: "in its first step", kills: 1 };
  const group = join(parent, `pantheros-campaign-${process.pid}`);
  mkdirSync(group);
  world.scope.after(() => existsSync(group) && rmdirSync(group));
  writeFileSync(join(group, "memory.max"), String(160 * 1024 * 1024));
  world.configure({
    jobs: { test: { scheduler: "external", steps: [{ uses: "command", argv: ["sh", "-c", hungry] }] } },
  });
  const run = world.start(["run", "test", "--json"]);
  writeFileSync(join(group, "cgroup.procs"), String(run.pid));
  tellEvents(world, (await run.ended).stdout, ["failed/oom", "failed/oom lost"]);
  world.configure({});
  await aftermath(world, attack, true);
  rmdirSync(group);
  return attack;
}

/** Doubles a variable of the shell until there is no memory for it. */
const hungry = "x=0123456789abcdef; while :; do x=$x$x; done";
