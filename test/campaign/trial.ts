import { setTimeout as delay } from "node:timers/promises";
import type { CommandOptions, EndedCommand, RunEvent, RunningCommand } from "../support/command.ts";
import { examine } from "./invariants.ts";
import { type Attack, Broken } from "./kind.ts";
import type { End, World } from "./world.ts";

/**
 * Remembers the runs that a command told of, by what stands on its standard output: the last line may be half of one.
 * @param ends how they may have ended, unless they said so themselves
 * @returns whether it told of any
 */
export function tellEvents(world: World, output: string | readonly RunEvent[], ends: readonly End[]): boolean {
  const events = typeof output === "string" ? wholeLines(output) : output;
  let isTold = false;
  for (const event of events) {
    const id = event.event === "started" ? event["id"] : event.event === "finished" ? event["run"] : undefined;
    if (typeof id !== "string") continue;
    isTold = true;
    // Who says how it ended has journaled it before: nothing else may be found there.
    const said = `${event["outcome"]}${event["reason"] ? `/${event["reason"]}` : ""}`;
    if (event.event === "finished" && !ends.includes(said))
      throw new Error(`run ${id} says ${said}: ${event["message"]}`);
    world.told.set(id, event.event === "finished" ? [said] : ends);
  }
  return isTold;
}

function wholeLines(output: string): RunEvent[] {
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/**
 * What has to be true after every fault: the dead are found – by `reconcile`, or by the next run itself –, the next run works, and every
 * promise holds.
 * @param unseen how a run may have ended that was killed before it could tell its id
 * @throws Broken
 */
export async function aftermath(
  world: World,
  attack: Attack,
  reconcileFirst: boolean,
  unseen: readonly End[] = [],
): Promise<void> {
  if (reconcileFirst) {
    const { code, stderr } = await world.run(["reconcile"]);
    if (code !== 0) throw new Broken(attack, `reconcile ended with ${code}: ${stderr}`);
    takeUnseen(world, unseen);
    refuse(world, attack, "after reconcile");
  }
  const next = await world.run(["run", "test", "--json"]);
  const finished = next.events.findLast(({ event }) => event === "finished");
  if (next.code !== 0)
    throw new Broken(attack, `the next run works: it ended with ${next.code}: ${finished?.["message"] ?? next.stderr}`);
  tellEvents(world, next.events, ["success"]);
  takeUnseen(world, unseen);
  refuse(world, attack, "after the next run");
}

/** At most one run may have begun without a word. */
function takeUnseen(world: World, ends: readonly End[]): void {
  if (ends.length === 0) return;
  const strangers = world.host.query<{ id: string }>("SELECT id FROM runs").filter(({ id }) => !world.told.has(id));
  if (strangers.length === 1 && strangers[0]) world.told.set(strangers[0].id, ends);
}

export function refuse(world: World, attack: Attack, when: string): void {
  const broken = examine(world);
  if (broken.length > 0) throw new Broken(attack, `${when}: ${broken.join("; ")}`);
}

/** How a run may end under a fault, and what it has to say. */
export interface Expected {
  readonly ends: readonly End[];
  /** Exit codes. @default those of the ends */
  readonly codes?: readonly number[];
  /** Part of what it tells about the fault, on either output. */
  readonly says?: RegExp;
  /** @default 60 */
  readonly seconds?: number;
}

/** Runs the job under a fault that leaves it alive: it has to say itself, in time, how it ended. @throws Broken */
export async function runUnder(
  world: World,
  attack: Attack,
  expected: Expected,
  { onStarted, ...options }: CommandOptions & { readonly onStarted?: () => unknown } = {},
): Promise<EndedCommand> {
  const { ends, says, codes, seconds = 60 } = expected;
  const run = world.start(["run", "test", "--json"], { ...options, seconds });
  if (onStarted) void whenStarted(run).then(onStarted);
  const ran = await run.ended.catch((error: Error) => {
    throw new Broken(attack, `it ends in time: ${error.message}`, error);
  });
  const finished = ran.events.findLast(({ event }) => event === "finished");
  const said = `${ran.stdout}\n${ran.stderr}`;
  const end = `${finished?.["outcome"]}${finished?.["reason"] ? `/${finished["reason"]}` : ""}`;
  if (!finished) throw new Broken(attack, `it says how it ended: ${ran.signal ?? ran.code}: ${said}`);
  if (!ends.includes(end)) throw new Broken(attack, `it ends as ${ends.join(" or ")}: ${end}: ${finished["message"]}`);
  if (codes && !codes.includes(ran.code ?? -1))
    throw new Broken(attack, `exit code ${codes.join(" or ")}: ${ran.code}: ${said}`);
  if (says && !says.test(said)) throw new Broken(attack, `it says ${says}: ${said}`);
  world.told.set(String(finished["run"]), [end]);
  return ran;
}

/** Waits until a run has told that it started, or has ended. */
export async function whenStarted(run: RunningCommand): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  run.ended.then(over, over);
  while (!isOver && !run.stdout().includes('"event":"started"')) await delay(2);
}
