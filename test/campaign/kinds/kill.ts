import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RunningCommand } from "../../support/command.ts";
import { examineRepository } from "../invariants.ts";
import { type Attack, Broken, type Kind } from "../kind.ts";
import { childGroups } from "../preload/children.ts";
import type { Chance } from "../random.ts";
import { preloaded } from "../subject.ts";
import { aftermath, refuse, tellEvents } from "../trial.ts";
import { createWorld, type JobName, possibleJobs, type World } from "../world.ts";

const targets = ["self", "both", "child"] as const;
type Target = (typeof targets)[number];
const words: Record<Target, string> = { self: "pantheros", both: "pantheros and its child", child: "its child" };

/** How often each job is taken: the quick one most, so that there are many; the others often enough for each of their points. */
const weights: Record<JobName, number> = { commands: 9, rclone: 3, snapshots: 3, restic: 1, drill: 1, everything: 1 };

/** A job as it runs undisturbed: what there is to be hit. */
interface Rehearsal {
  readonly points: readonly string[];
  /** The last of them at which a child is sure to be there. */
  readonly lastOfChild: number;
  readonly milliseconds: number;
}

export const kill: Kind = {
  name: "kill",
  summary: "SIGKILL of pantheros, its child, or both, at every point of the journal and at random instants",
  missing: () => null,
  // Some hit a run that has just ended.
  tries: (kills) => Math.ceil(kills * 1.1),
  perWorld: 30,
  async open(ground, first) {
    const deck = possibleJobs().flatMap((job) => Array.from({ length: weights[job] }, () => job));
    const batch = Math.floor(first / kill.perWorld);
    // A stride without a common factor: jobs take turns, and each comes as often as it weighs.
    const job = deck[(batch * 5) % deck.length] as JobName;
    const world = createWorld(ground, job);
    const rehearsal = await rehearse(world);
    ground.scope.after(() => {
      const broken = examineRepository(world);
      if (broken.length > 0) throw new Error(broken.join("; "));
    });
    return (number, chance) =>
      number % 4 === 3 ? killAtRandom(world, rehearsal, job, chance) : killAtPoint(world, rehearsal, job, number);
  },
};

async function rehearse(world: World): Promise<Rehearsal> {
  // The first run makes what later ones find: a repository, a ledger.
  const first = await world.run(["run", "test", "--json"]);
  tellEvents(world, first.stdout, ["success"]);
  const witness = join(world.host.root, "witness");
  const { events, code } = await world.run(["run", "test", "--json"], watched(world, witness, -1, "self"));
  if (code !== 0) throw new Error(`a job that nobody disturbs ends with ${code}: ${JSON.stringify(events.at(-1))}`);
  tellEvents(world, events, ["success"]);
  const points = read(witness).flatMap((line) => /^point \d+ (.*)$/.exec(line)?.[1] ?? []);
  const started = performance.now();
  tellEvents(world, (await world.run(["run", "test", "--json"])).events, ["success"]);
  refuse(world, { fault: "none", at: "", kills: 0 }, "before anything was done to it");
  return { points, lastOfChild: points.lastIndexOf("recordChild:after"), milliseconds: performance.now() - started };
}

function watched(world: World, witness: string, at: number, target: Target) {
  rmSync(witness, { force: true });
  return { main: world.subject.source, environment: preloaded(world.subject, "points.ts", { witness, at, target }) };
}

async function killAtPoint(world: World, { points, lastOfChild }: Rehearsal, job: string, number: number) {
  // Every point of the job, each in the three ways, before one comes again.
  const turn = number * 7 + Math.floor(number / points.length);
  const at = turn % points.length;
  const wanted = targets[number % targets.length] as Target;
  const target = wanted === "child" && at > lastOfChild ? "self" : wanted;
  const witness = join(world.host.root, "witness");
  const run = await world.run(["run", "test", "--json"], watched(world, witness, at, target));
  const lines = read(witness);
  const [, killed, label] = lines.map((line) => /^killed (\S+) (.*)$/.exec(line)).find(Boolean) ?? [];
  const attack: Attack = {
    fault: `${words[target]}, at a point of the journal`,
    at: `${job}, ${label ?? `${points[at]}, not reached`}`,
    kills: killed === undefined ? 0 : 1,
  };
  // The witness, not the ledger, says which runs there are and whether they came to their end.
  const ended = new Set(lines.flatMap((line) => /^ended (.*)$/.exec(line)?.[1] ?? []));
  for (const id of lines.flatMap((line) => /^started (.*)$/.exec(line)?.[1] ?? [])) {
    if (killed === undefined) world.told.set(id, ["success"]);
    else if (killed === "child") world.told.set(id, ["failed/killed", "success", "partial/killed"]);
    else world.told.set(id, ended.has(id) ? ["success", "failed/killed", "partial/killed"] : ["failed/killed lost"]);
  }
  if (killed !== undefined && killed !== "child" && run.signal !== "SIGKILL")
    throw new Broken(attack, `it was killed and ended with ${run.code}`);
  await aftermath(world, attack, number % 4 === 0);
  return attack;
}

async function killAtRandom(world: World, { milliseconds }: Rehearsal, job: string, chance: Chance) {
  const target = chance.pick(targets);
  // Before a quarter of it pantheros is not yet what it will be.
  const after = Math.round((0.2 + 0.75 * chance.next()) * milliseconds);
  const run = world.start(["run", "test", "--json"]);
  await Promise.race([delay(after), run.ended]);
  const groups = target === "self" ? [] : await childrenSoon(run);
  for (const group of groups) killGroup(group);
  if (target !== "child") run.kill("SIGKILL");
  const { signal, stdout } = await run.ended;
  const isKilled = signal === "SIGKILL";
  const attack: Attack = {
    fault: `${words[target]}, at a random instant`,
    at: `${job}, after ${after} ms`,
    kills: groups.length > 0 || isKilled ? 1 : 0,
  };
  const isTold = tellEvents(
    world,
    stdout,
    isKilled
      ? ["failed/killed lost", "failed/killed", "success", "partial/killed"]
      : ["success", "failed/killed", "partial/killed"],
  );
  await aftermath(world, attack, after % 4 === 0, isKilled && !isTold ? ["failed/killed lost"] : []);
  return attack;
}

/** Between two of its programs there is none: the next one is meant. */
async function childrenSoon(run: RunningCommand): Promise<number[]> {
  let isOver = false;
  void run.ended.finally(() => (isOver = true));
  for (;;) {
    const groups = childGroups(run.pid);
    if (groups.length > 0 || isOver) return groups;
    await delay(1);
  }
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    // It ended by itself a moment before.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function read(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}
