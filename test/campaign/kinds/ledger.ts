import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import BetterSqlite from "better-sqlite3";
import type { TestHost } from "../../e2e/host.ts";
import { mountTmpfs, remount } from "../../support/tmpfs.ts";
import { Broken, type Kind } from "../kind.ts";
import type { Chance } from "../random.ts";
import { aftermath, type Expected, runUnder, tellEvents, whenStarted } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

/** What is done to a ledger. */
interface Damage {
  readonly fault: string;
  readonly expected: Expected;
  /** Before the run. @returns undoes it; without it the ledger is moved aside where it is damaged, as the advice says */
  readonly before?: (world: World, chance: Chance) => (() => unknown) | undefined;
  /** When the run has started. */
  readonly during?: (world: World) => void;
  /** Another run is killed before, while it cannot use the ledger. */
  readonly isKilled?: boolean;
  readonly asRoot?: boolean;
}

const unharmed: Expected = { ends: ["success"], codes: [0] };
const asideOf = (says: RegExp): Expected => ({ ends: ["success"], codes: [3], says });
const damaged = asideOf(/the ledger .* is damaged/);
/** It may be noticed or not: the work is done in any case. */
const either: Expected = { ends: ["success"], codes: [0, 3] };

const garbage = Buffer.from("garbage ".repeat(4096));

export const damages: readonly Damage[] = [
  { fault: "replaced by garbage", expected: damaged, before: (world) => rewrite(world, () => garbage) },
  {
    fault: "filled with zeros",
    expected: damaged,
    before: (world) => rewrite(world, ({ length }) => Buffer.alloc(length)),
  },
  {
    fault: "its first page overwritten",
    expected: damaged,
    before: (world) => rewrite(world, (bytes) => Buffer.concat([garbage.subarray(0, 4096), bytes.subarray(4096)])),
  },
  {
    fault: "cut in two",
    expected: damaged,
    before: (world) => rewrite(world, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2))),
  },
  { fault: "emptied", expected: either, before: (world) => rewrite(world, () => Buffer.alloc(0)) },
  {
    fault: "some bytes of it changed",
    expected: either,
    before: (world, chance) =>
      rewrite(world, (bytes) => {
        for (let count = 0; count < 64; count += 1) bytes[100 + chance.below(bytes.length - 100)] = chance.below(256);
        return bytes;
      }),
  },
  {
    fault: "with a log that is not its own",
    expected: either,
    before(world) {
      writeFileSync(`${world.host.ledger}-wal`, garbage);
      return undefined;
    },
  },
  {
    fault: "replaced by garbage, and the run is killed",
    expected: damaged,
    isKilled: true,
    before: (world) => rewrite(world, () => garbage),
  },
  {
    fault: "on a file system that became read-only",
    expected: asideOf(/read-only file system/),
    asRoot: true,
    before(world) {
      const { state } = world.host;
      const place = mountTmpfs(world.scope, "16m");
      cpSync(state, place, { recursive: true });
      execFileSync("mount", ["--bind", place, state]);
      world.scope.after(() => execFileSync("umount", ["--lazy", state]));
      remount(place, "ro");
      remount(state, "ro");
      return () => {
        remount(place, "rw");
        remount(state, "rw");
      };
    },
  },
  {
    fault: "locked by another for longer than anybody waits",
    expected: asideOf(/is being written by another process/),
    before: lock,
  },
  {
    fault: "locked by another for a moment",
    expected: unharmed,
    before(world) {
      const unlock = lock(world);
      const unlocked = delay(2000).then(unlock);
      return () => unlocked;
    },
  },
  {
    fault: "removed while it is used",
    expected: either,
    during: ({ host }) => rmSync(host.state, { recursive: true, force: true }),
  },
];

export const ledger: Kind = {
  name: "ledger",
  summary: "the ledger damaged, not writable, locked by another, removed: the job runs all the same, and says so",
  missing: () => null,
  tries: (kills) => (kills < 200 ? 4 : 4 * damages.length),
  perWorld: 1,
  async open(ground) {
    const world = createWorld(ground, "commands");
    for (let count = 0; count < 3; count += 1)
      await runUnder(world, { fault: "none", at: "before the fault", kills: 0 }, unharmed);
    return async (number, chance) => {
      const possible = damages.filter(({ asRoot }) => !asRoot || process.getuid?.() === 0);
      const { fault, expected, before, during, isKilled } = possible[number % possible.length] as Damage;
      const attack = {
        fault: `ledger ${fault}`,
        at: during ? "in the run" : "before the run",
        kills: isKilled ? 1 : 0,
      };
      const undo = before?.(world, chance);
      if (isKilled) await killInStep(world);
      const ran = await runUnder(world, attack, expected, { onStarted: () => during?.(world) });
      await (undo ?? (() => moveAsideIfDamaged(world.host)))();
      const known = [...idsIn(world.host.state), ...idsIn(join(world.host.root, "runtime"))];
      const own = String(ran.events.findLast(({ event }) => event === "finished")?.["run"]);
      // What could not be journaled is kept aside; what was known of earlier runs may be in what was moved away.
      const mustBeKnown = expected === unharmed || undo ? [...world.told.keys()] : ran.code === 3 ? [own] : [];
      const vanished = mustBeKnown.filter((id) => !known.includes(id));
      if (vanished.length > 0) throw new Broken(attack, `what is known is kept: ${vanished.join(", ")} is nowhere`);
      for (const id of world.told.keys()) if (!known.includes(id)) world.told.delete(id);
      world.seen = 0;
      await aftermath(world, attack, number % 2 === 0);
      return attack;
    };
  },
};

function rewrite({ host }: World, change: (bytes: Buffer) => Buffer): undefined {
  writeFileSync(host.ledger, change(readFileSync(host.ledger)));
}

function lock({ host, scope }: World): () => void {
  const database = new BetterSqlite(host.ledger);
  database.exec("BEGIN IMMEDIATE");
  const unlock = () => {
    if (database.open) database.close();
  };
  scope.after(unlock);
  return unlock;
}

function moveAsideIfDamaged({ state, ledger, root }: TestHost): void {
  if (isSound(ledger)) return;
  const aside = join(root, "damaged-ledger");
  mkdirSync(aside, { recursive: true });
  for (const name of readdirSync(state).filter((name) => name.startsWith("ledger.sqlite")))
    renameSync(join(state, name), join(aside, name));
}

function isSound(file: string): boolean {
  if (!existsSync(file)) return true;
  try {
    const rows = ask<{ integrity_check: string }>(file, "PRAGMA integrity_check");
    return rows.every(({ integrity_check }) => integrity_check === "ok");
  } catch {
    // Not even a database any more.
    return false;
  }
}

/** Runs in the ledgers of a folder. */
function idsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite"))
    .flatMap((name) => ask<{ id: string }>(join(folder, name), "SELECT id FROM runs").map(({ id }) => id));
}

function ask<Row>(file: string, sql: string): Row[] {
  const database = new BetterSqlite(file, { readonly: true });
  try {
    return database.prepare<[], Row>(sql).all();
  } finally {
    database.close();
  }
}

async function killInStep(world: World): Promise<void> {
  const run = world.start(["run", "test", "--json"]);
  await whenStarted(run);
  run.kill("SIGKILL");
  tellEvents(world, (await run.ended).stdout, ["failed/killed lost"]);
}
