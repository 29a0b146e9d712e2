import { type Attack, Broken, type Kind } from "../kind.ts";
import { preloaded } from "../subject.ts";
import { aftermath, runUnder, tellEvents, whenStarted } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

const day = 86_400_000;
const second = 1000;

interface Move {
  readonly fault: string;
  /** The clock of the run, milliseconds ahead of the machine's. */
  readonly offset: (now: number) => number;
  readonly jump?: { readonly after: number; readonly by: number };
}

/** So long before a moment of a clock change that the change falls into the run. */
const shortlyBefore = (moment: string) => (now: number) => Date.parse(moment) - 250 - now;

export const moves: readonly Move[] = [
  { fault: "a day ahead", offset: () => day },
  { fault: "a day behind", offset: () => -day },
  { fault: "set a day forward in the run", offset: () => 0, jump: { after: 250, by: day } },
  { fault: "set a day back in the run", offset: () => 0, jump: { after: 250, by: -day } },
  { fault: "set two seconds back in the run", offset: () => 0, jump: { after: 250, by: -2 * second } },
  { fault: "summer time begins in the run", offset: shortlyBefore("2026-03-29T01:00:00Z") },
  { fault: "summer time ends in the run", offset: shortlyBefore("2026-10-25T01:00:00Z") },
];

export const clock: Kind = {
  name: "clock",
  summary: "the clock a day ahead or behind, set in mid-run, across the changes of summer time; killed as well",
  missing: () => null,
  tries: (kills) => (kills < 200 ? 4 : 6 * moves.length),
  perWorld: moves.length,
  async open(ground) {
    const world = createWorld(ground, "commands", { timezone: "Europe/Berlin" });
    return async (number) => {
      const { fault, offset, jump } = moves[number % moves.length] as Move;
      const isKilled = Math.floor(number / moves.length) % 2 === 1;
      const attack = {
        fault: `clock ${fault}`,
        at: isKilled ? "killed in its steps" : "to its end",
        kills: isKilled ? 1 : 0,
      };
      const environment = preloaded(world.subject, "clock.ts", {
        offset: offset(Date.now()),
        ...(jump ? { jump } : {}),
      });
      if (isKilled) {
        const run = world.start(["run", "test", "--json"], { environment });
        await whenStarted(run);
        run.kill("SIGKILL");
        tellEvents(world, (await run.ended).stdout, ["failed/killed lost"]);
      } else await runUnder(world, attack, { ends: ["success"], codes: [0] }, { environment });
      await lookAtTimes(world, attack, environment);
      await aftermath(world, attack, number % 2 === 0);
      await lookAtTimes(world, attack, {});
      return attack;
    };
  },
};

/** What a person and Prometheus read, with the clock still wrong and with it right: no age or duration below zero, the next run to come. */
async function lookAtTimes(world: World, attack: Attack, environment: Readonly<Record<string, string>>): Promise<void> {
  const metrics = await world.run(["metrics"], { environment });
  if (metrics.code !== 0) throw new Broken(attack, `metrics can be read: ${metrics.stderr}`);
  const negative = metrics.stdout
    .split("\n")
    .filter((line) => /^pantheros_\S*(age|duration|overdue|seconds)\S*(\{.*\})? -/.test(line));
  if (negative.length > 0) throw new Broken(attack, `nothing lasts less than nothing: ${negative.join("; ")}`);
  const status = await world.run(["status", "--json"], { environment });
  if (![0, 1, 3].includes(status.code ?? -1))
    throw new Broken(attack, `status can be read: ${status.code} ${status.stderr}`);
  const listed: { id: string; started_at: string; finished_at: string | null }[] = JSON.parse(
    (await world.run(["runs", "--limit", "1000", "--json"], { environment })).stdout,
  );
  const begun = listed.map(({ started_at }) => Date.parse(started_at));
  if (begun.some((at, index) => index > 0 && at > (begun[index - 1] ?? at)))
    throw new Broken(attack, "runs are listed newest first");
}
