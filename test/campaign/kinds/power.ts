import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { needs } from "../../support/components.ts";
import { eventually } from "../../support/eventually.ts";
import { bootContainer } from "../booted-container.ts";
import { type Attack, Broken, type Ground, type Kind } from "../kind.ts";
import { refuse, tellEvents } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

type Cut = "its power is cut" | "it is shut down";

/** How a boot may take, on a machine that does other things too. */
const patience = { seconds: 90 };

export const power: Kind = {
  name: "power",
  summary: "a booted Debian with systemd loses its power, or is shut down, in mid-run; then it is booted again",
  missing: () => needs("systemd container", "root").skip || null,
  tries: (kills) => (kills < 200 ? 0 : 12),
  perWorld: 4,
  waits: true,
  async open(ground) {
    const world = createWorld(ground, ({ host }) => ({
      steps: [
        { id: "quick", uses: "command", argv: ["sh", "-c", "sleep 0.02"] },
        // Lasts until somebody says that it need not.
        { id: "long", uses: "command", argv: ["sh", "-c", `[ -e ${join(host.root, "calm")} ] || sleep 60`] },
      ],
    }));
    return async (number, chance) => {
      const cut: Cut = number % 3 === 2 ? "it is shut down" : "its power is cut";
      const after = number % 2 === 0 ? null : Math.round(400 * chance.next());
      const attack = {
        fault: `${cut} in mid-run`,
        at: after === null ? "in its long step" : `${after} ms after its start`,
        kills: cut === "its power is cut" ? 1 : 0,
      };
      await breakOff(ground, world, cut, after);
      await bootAgain(ground, world, attack);
      refuse(world, attack, "after the next boot");
      return attack;
    };
  },
};

async function breakOff(ground: Ground, world: World, cut: Cut, after: number | null): Promise<void> {
  const { root } = world.host;
  for (const name of ["calm", "output", "errors"]) rmSync(join(root, name), { force: true });
  const output = () => (existsSync(join(root, "output")) ? readFileSync(join(root, "output"), "utf8") : "");
  const container = bootContainer(ground, root, commandLine(world, "run test --json"));
  const awaited = after === null ? '"step":"long"' : '"event":"started"';
  await eventually("the run to begin in the container", () => output().includes(awaited), patience);
  if (after !== null) await delay(after);
  await (cut === "its power is cut" ? container.cutPower() : container.shutDown());
  // Asked to stop, it says so itself; without power nobody says anything.
  tellEvents(world, output(), cut === "its power is cut" ? ["failed/reboot lost"] : ["failed/cancelled"]);
}

/** The next boot gives the run its true end, and its job works. */
async function bootAgain(ground: Ground, world: World, attack: Attack): Promise<void> {
  const { root } = world.host;
  rmSync(join(root, "output"));
  writeFileSync(join(root, "calm"), "");
  const container = bootContainer(ground, root, commandLine(world, "run test --json"));
  const isOver = await Promise.race([
    container.ended.then(() => true),
    delay(patience.seconds * 1000).then(() => false),
  ]);
  await container.cutPower();
  const said = existsSync(join(root, "output")) ? readFileSync(join(root, "output"), "utf8") : "";
  if (!isOver || !said.includes('"event":"finished"')) {
    const errors = existsSync(join(root, "errors")) ? readFileSync(join(root, "errors"), "utf8") : "";
    throw new Broken(attack, `the next run works: ${said}${errors}`);
  }
  tellEvents(world, said, ["success"]);
}

function commandLine({ subject, host }: World, words: string): string {
  return `exec ${process.execPath} ${subject.bundle} ${words} --config ${host.config}`;
}
