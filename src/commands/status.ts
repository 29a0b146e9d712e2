import { collectors } from "../collectors/index.ts";
import { suggest } from "../config/closest.ts";
import { readState } from "../engine/state.ts";
import { anomalyStatuses, backupStatuses, jobStatuses, subjectStatuses } from "../engine/status.ts";
import { filesystemStatuses } from "../engine/status-filesystems.ts";
import { defineCommand, print, printJson, UsageError } from "./command.ts";
import { openHost } from "./host.ts";
import { keptAsideSentence, openWholeJournal } from "./kept-aside.ts";
import { statusText } from "./status-view.ts";

export const status = defineCommand({
  name: "status",
  description: `
What was promised and what was seen: for each job its last run, its last success and whether it is overdue; for each subvolume and
repository its newest artifact and whether its retention policy is kept; for each backup whether anybody else has seen it.
Reads the ledger only: nothing is started, nothing is asked.

"last run" is never "last success". What nobody has looked at is shown as unknown.`,
  arguments: [{ name: "JOB", optional: true, summary: "only this job" }],
  options: {},
  examples: [
    ["pantheros status", "everything"],
    ["pantheros status home --json", "one job, for programs"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const [only] = invocation.arguments;
    const names = Object.keys(host.config.jobs);
    if (only !== undefined && !names.includes(only)) {
      throw new UsageError(
        `there is no job ${JSON.stringify(only)}: ${suggest(only, names, "the configuration declares none")}`,
      );
    }
    const journal = await openWholeJournal(host);
    const { ledger } = journal;
    try {
      const state = readState(host.config, ledger, collectors, invocation.now() / 1000);
      const isAsked = ({ job }: { job: string }) => only === undefined || job === only;
      const view = {
        host: host.config.host,
        at: state.at,
        jobs: jobStatuses(host.config, ledger, state).filter(isAsked),
        subjects: only === undefined ? subjectStatuses(host.config, state) : [],
        backups: backupStatuses(ledger, state).filter(isAsked),
        anomalies: anomalyStatuses(host.config, ledger).filter(isAsked),
        filesystems: only === undefined ? filesystemStatuses(state) : [],
        problems: state.errors,
      };
      if (invocation.json) printJson(invocation, { ...view, keptAside: journal.keptAside.map(({ id }) => id) });
      else print(invocation, statusText({ ...view, keptAside: keptAsideSentence(journal, host) }, invocation));
      return 0;
    } finally {
      journal.close();
    }
  },
});
