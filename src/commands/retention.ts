import { policyCalled } from "../collectors/retention-look/promises.ts";
import { retentionVerdicts, type SubjectVerdict, type Trial } from "../collectors/retention-look/verdicts.ts";
import { suggest } from "../config/closest.ts";
import type { Config } from "../config/schema.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost, openHostState } from "./host.ts";
import { subjectText } from "./retention/detail.ts";
import { retentionDocument } from "./retention/document.ts";
import { overviewText } from "./retention/view.ts";

export const retention = defineCommand({
  name: "retention",
  description: `
What the retention policies promise of each subvolume, repository and destination, and what is there: for each tier how many periods are
promised, how many are owed by now, and which of them hold nothing, by name; what is too many, since when, and when pruning last succeeded.
Reads the ledger only, so it shows what the last look saw, and how old that is.

With a NAME it draws a calendar of each tier and lists the artifacts with the tiers that hold them. With --policy it shows what another
policy of the configuration would make of what exists: what would be kept and why, and what pruning would remove. Nothing is removed here.

Exit code 0, whatever it shows: pantheros objectives is what judges.`,
  arguments: [{ name: "NAME", optional: true, summary: "a subvolume, repository or destination of the configuration" }],
  options: {
    policy: { type: "string", value: "POLICY", summary: "try this policy of the configuration on what exists" },
    all: { type: "boolean", summary: "with a NAME: every artifact, not only the newest" },
  },
  examples: [
    ["pantheros retention", "everything, one line for each tier"],
    ["pantheros retention home", "the calendar of home, and what holds each of its snapshots"],
    ["pantheros retention home --policy laptop", "what the policy laptop would keep of it"],
    ["pantheros retention --json", "all of it for programs"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const trial = trialOf(invocation, host.config);
    const ledger = await openHostState(host);
    try {
      const now = invocation.now() / 1000;
      const all = retentionVerdicts({ config: host.config, ledger, now }, trial);
      const view = { host: host.config.host, at: now, trial: trial?.name ?? null, subjects: choose(all, invocation) };
      if (invocation.json) printJson(invocation, retentionDocument(view));
      else if (invocation.arguments.length > 0) print(invocation, subjectText(view, invocation));
      else print(invocation, overviewText(view, invocation));
      return 0;
    } finally {
      ledger.close();
    }
  },
});

/** A subvolume and a repository may have the same name: then both are meant. */
function choose(all: readonly SubjectVerdict[], { arguments: [name] }: Invocation): readonly SubjectVerdict[] {
  if (name === undefined) return all;
  const chosen = all.filter(({ subject }) => subject === name);
  if (chosen.length > 0) return chosen;
  const names = [...new Set(all.map(({ subject }) => subject))];
  throw new UsageError(
    `there is no subvolume, repository or destination ${JSON.stringify(name)}: ${suggest(name, names, "the configuration declares none")}`,
  );
}

function trialOf({ options: { policy: name } }: Invocation, config: Config): Trial | undefined {
  if (typeof name !== "string") return undefined;
  const policy = policyCalled(name, config);
  if (policy) return { name, policy };
  const hint = suggest(name, Object.keys(config.retention), "the configuration declares none");
  throw new UsageError(`there is no retention policy ${JSON.stringify(name)}: ${hint}`);
}
