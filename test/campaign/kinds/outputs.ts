import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { type Attack, Broken, type Kind } from "../kind.ts";
import { aftermath, runUnder, tellEvents, whenStarted } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

type Cut = (world: World, attack: Attack) => Promise<unknown>;

const succeeds = { ends: ["success"], codes: [0] };

/** What becomes of the listeners of a run, and who asks it to stop. */
const cuts: Readonly<Record<string, Cut>> = {
  "DogStatsD where nobody listens": (world, attack) => {
    world.configure({ outputs: { dogstatsd: { address: "udp://127.0.0.1:9" } } });
    return runUnder(world, attack, succeeds);
  },
  "DogStatsD at a socket that is not there": (world, attack) => {
    world.configure({ outputs: { dogstatsd: { address: `unix://${join(world.host.root, "nowhere.sock")}` } } });
    return runUnder(world, attack, succeeds);
  },
  "output that nobody reads any more": (world, attack) => runWithout(world, attack, "closed"),
  "output to a full disk": (world, attack) => runWithout(world, attack, "full"),
  "its terminal goes (SIGHUP)": (world) => stop(world, ["SIGHUP"], ["failed/killed lost", "failed/cancelled"]),
  "SIGTERM twice": (world) => stop(world, ["SIGTERM", "SIGTERM"], ["failed/cancelled"]),
  "SIGINT twice": (world) => stop(world, ["SIGINT", "SIGINT"], ["failed/cancelled", "failed/killed lost"]),
  "two runs at once": async (world, attack) => {
    const both = [world.start(["run", "test", "--json"]), world.start(["run", "test", "--json"])];
    const ended = await Promise.all(both.map((run) => run.ended));
    for (const { stdout } of ended) tellEvents(world, stdout, ["success", "skipped/locked"]);
    const codes = ended.map(({ code }) => code).sort();
    // One after the other is right as well, when the machine is slow to start them.
    if (codes.join() !== "0,4" && codes.join() !== "0,0")
      throw new Broken(attack, `one runs, one is skipped: ${codes}`);
  },
};

export const outputs: Kind = {
  name: "outputs",
  summary: "nobody listens: DogStatsD, standard output, the terminal; asked to stop twice; two at once",
  missing: () => null,
  tries: (kills) => (kills < 200 ? 4 : 5 * Object.keys(cuts).length),
  perWorld: 1,
  async open(ground) {
    const world = createWorld(ground, "commands");
    return async (number) => {
      const names = Object.keys(cuts);
      const fault = names[number % names.length] as string;
      const attack = { fault, at: "commands", kills: 0 };
      await cuts[fault]?.(world, attack);
      await aftermath(world, attack, number % 2 === 0);
      return attack;
    };
  },
};

async function stop(world: World, signals: readonly NodeJS.Signals[], ends: readonly string[]): Promise<void> {
  const run = world.start(["run", "test", "--json"]);
  await whenStarted(run);
  for (const signal of signals) run.kill(signal);
  const { stdout } = await run.ended;
  // Its last step may have been over when it was asked.
  tellEvents(world, stdout, [...ends, "success", "partial/cancelled"]);
}

async function runWithout(world: World, attack: Attack, output: "closed" | "full"): Promise<void> {
  const { host, subject } = world;
  const before = host.query.bind(host);
  const to = output === "full" ? openSync("/dev/full", "w") : "pipe";
  const child = spawn(process.execPath, [subject.bundle, "run", "test", "--json", "--config", host.config], {
    stdio: ["ignore", to, to],
    env: { ...process.env, RUNTIME_DIRECTORY: join(host.root, "runtime") },
  });
  world.scope.after(() => child.kill("SIGKILL"));
  child.stdout?.destroy();
  child.stderr?.destroy();
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Broken(attack, `it does its work: exit code ${code}`);
  const ids = before<{ id: string }>("SELECT id FROM runs").map(({ id }) => id);
  if (ids.length !== world.told.size + 1) throw new Broken(attack, `it is journaled: ${ids.length} runs in the ledger`);
  for (const id of ids) if (!world.told.has(id)) world.told.set(id, ["success"]);
}
