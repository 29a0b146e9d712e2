import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runnerNames } from "../../../src/runners/index.ts";
import { needs, onPath } from "../../support/components.ts";
import { fillUp, mountTmpfs } from "../../support/tmpfs.ts";
import type { Ground, Kind } from "../kind.ts";
import { aftermath, type Expected, runUnder, tellEvents, whenStarted } from "../trial.ts";
import { createWorld, jobs, type World } from "../world.ts";

interface Shortage {
  readonly fault: string;
  readonly expected: Expected;
  readonly needs: readonly string[];
  /** The run is killed when it has started. */
  readonly isKilled?: boolean;
  /** @returns the world, what fills its disk in mid-run, and what makes room again */
  readonly make: (ground: Ground) => Promise<Short> | Short;
}

interface Short {
  readonly world: World;
  readonly during?: () => void;
  readonly makeRoom: () => void;
}

const works: Expected = { ends: ["success"], codes: [0] };
const unjournaled: Expected = { ends: ["success"], codes: [3], says: /no space left for the ledger/ };
const full: Expected = { ends: ["failed/space"], codes: [1], says: /space/ };

export const shortages: readonly Shortage[] = [
  { fault: "the state directory", expected: unjournaled, needs: [], make: (ground) => withFullState(ground, "before") },
  {
    fault: "the state directory, and the run is killed",
    expected: unjournaled,
    needs: [],
    isKilled: true,
    make: (ground) => withFullState(ground, "before"),
  },
  {
    fault: "the state directory, in mid-run",
    expected: unjournaled,
    needs: [],
    make: (ground) => withFullState(ground, "during"),
  },
  {
    fault: "the destination",
    expected: full,
    needs: ["rclone"],
    make(ground) {
      const world = createWorld(ground, "rclone");
      const path = mountOver(ground, world.shelf);
      return { world, makeRoom: () => enlarge(path) };
    },
  },
  {
    fault: "the repository",
    expected: full,
    needs: ["restic"],
    async make(ground) {
      const path = mountTmpfs(ground.scope, "6m");
      const place = join(path, "repository");
      const world = createWorld(ground, (made) => jobs.restic({ ...made, repository: place }));
      await runUnder(world, { fault: "none", at: "", kills: 0 }, works);
      const empty = fillUp(path);
      writeFileSync(join(world.source, "news"), randomBytes(1_000_000));
      return { world, makeRoom: empty };
    },
  },
  {
    fault: "the scratch folder",
    expected: full,
    needs: ["restic", "drill.files"],
    make(ground) {
      const path = mountTmpfs(ground.scope, "256k");
      const world = createWorld(ground, "drill", { scratch_directory: join(path, "scratch") });
      return { world, makeRoom: () => enlarge(path) };
    },
  },
];

export const space: Kind = {
  name: "space",
  summary: "no space left: for the state, for scratch, at the destination, in the repository",
  missing: () => needs("root").skip || null,
  tries: (kills) => (kills < 200 ? 2 : 4 * possible().length),
  perWorld: 1,
  async open(ground) {
    return async (number) => {
      const { fault, expected, isKilled, make } = possible()[number % possible().length] as Shortage;
      const attack = { fault: `no space: ${fault}`, at: "", kills: isKilled ? 1 : 0 };
      const { world, during, makeRoom } = await make(ground);
      if (isKilled) {
        const run = world.start(["run", "test", "--json"]);
        await whenStarted(run);
        run.kill("SIGKILL");
        tellEvents(world, (await run.ended).stdout, ["failed/killed lost"]);
      }
      await runUnder(world, attack, expected, during ? { onStarted: during } : {});
      makeRoom();
      await aftermath(world, attack, number % 2 === 0);
      return attack;
    };
  },
};

/** Programs are looked for where they lie, runners where they are registered. */
function possible(): readonly Shortage[] {
  const isHere = (name: string) => onPath(name) !== null || runnerNames.includes(name);
  return shortages.filter(({ needs: programs }) => programs.every(isHere));
}

async function withFullState(ground: Ground, when: "before" | "during"): Promise<Short> {
  const world = createWorld(ground, "commands");
  mkdirSync(world.host.state);
  const path = mountOver(ground, world.host.state);
  await runUnder(world, { fault: "none", at: "", kills: 0 }, works);
  const makeRoom: (() => void)[] = [];
  const fill = () => void makeRoom.push(fillUp(path));
  if (when === "before") fill();
  return {
    world,
    makeRoom: () => {
      for (const empty of makeRoom) empty();
    },
    ...(when === "during" ? { during: fill } : {}),
  };
}

/** A small file system in the place of a folder. */
function mountOver({ scope }: Ground, folder: string): string {
  const path = mountTmpfs(scope, "1m");
  execFileSync("mount", ["--bind", path, folder]);
  scope.after(() => execFileSync("umount", ["--lazy", folder]));
  return path;
}

function enlarge(path: string): void {
  execFileSync("mount", ["-o", "remount,size=64m", path]);
}
