import { knownState } from "../collectors/known-state.ts";
import { evidenceOf } from "../collectors/objective-evidence/evidence.ts";
import { suggest } from "../config/closest.ts";
import { type Verdict, worstVerdict } from "../model/objective/objective.ts";
import { judgeObjective } from "../model/objective/verdict.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost, openHostState } from "./host.ts";
import { detailsOf } from "./objectives/details.ts";
import { type ObjectiveView, objectivesText, objectiveText } from "./objectives/view.ts";

export const objectives = defineCommand({
  name: "objectives",
  description: `
What each data set was promised and whether it holds now: recovery point, recovery time, copies, offsite copies, retention and budget, with
the age of what shows it. With a NAME also the details: which run saved what, which place has shown it, which drill measured how long.
Reads the ledger only.

What nothing has measured is unknown, which is neither kept nor broken; what to do about it stands beside it.
Exit code: 0 when everything that is promised holds, 1 when a promise is broken, 3 when none is broken and one is unknown.`,
  arguments: [{ name: "NAME", optional: true, summary: "only this objective, with its details" }],
  options: {},
  examples: [
    ["pantheros objectives", "all of them"],
    ["pantheros objectives dashboard", "one, and what proves it"],
    ["pantheros objectives --json", "for programs"],
  ],
  async run(invocation) {
    const { config, ...host } = await openHost(invocation);
    const [only] = invocation.arguments;
    const names = Object.keys(config.objectives);
    if (only !== undefined && !names.includes(only)) {
      const near = suggest(only, names, "the configuration declares none, see `objectives:`");
      throw new UsageError(`there is no objective ${JSON.stringify(only)}: ${near}`);
    }
    const ledger = await openHostState({ config, ...host });
    try {
      const now = invocation.now() / 1000;
      const state = knownState(config, ledger, now);
      const views = Object.entries(config.objectives).flatMap(([name, objective]): ObjectiveView[] => {
        if (only !== undefined && only !== name) return [];
        const evidence = evidenceOf(name, objective, state);
        const judgements = judgeObjective(evidence, now);
        return [{ name, verdict: worstVerdict(judgements), judgements, evidence, ...detailsOf(objective, state) }];
      });
      show(config.host, views, only, now, invocation);
      return exitCodeOf(worstVerdict(views.flatMap(({ judgements }) => judgements)));
    } finally {
      ledger.close();
    }
  },
});

function show(
  host: string,
  views: readonly ObjectiveView[],
  only: string | undefined,
  now: number,
  invocation: Invocation,
): void {
  const [view] = views;
  if (invocation.json) printJson(invocation, { host, at: now, objectives: views });
  else if (only !== undefined && view) print(invocation, objectiveText(view, now, invocation));
  else print(invocation, objectivesText(views, now, invocation));
}

function exitCodeOf(verdict: Verdict | null): number {
  if (verdict === "broken") return exitCodes.failed[0];
  return exitCodes[verdict === "unknown" ? "partial" : "success"][0];
}
