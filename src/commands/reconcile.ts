import { describeRun, emitRuns } from "../engine/emit.ts";
import { settle } from "../engine/settle.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { defineCommand, print, printJson, tell } from "./command.ts";
import { openHost, openHostLedger, removalServices } from "./host.ts";

export const reconcile = defineCommand({
  name: "reconcile",
  description: `
Finds runs whose process is gone – killed, out of memory, at a time limit, by a reboot –, ends what they left running, gives each its
true end, frees its lock and sends its metrics. A run that is alive is never touched. The engine does the same every few seconds.

As ExecStopPost= of a systemd unit it knows from $SERVICE_RESULT how the unit ended: name the job then.`,
  arguments: [{ name: "JOB", optional: true, summary: "the job whose unit has just stopped" }],
  options: {},
  examples: [
    ["pantheros reconcile", "once, by hand"],
    ["ExecStopPost=pantheros reconcile home", "in the unit of the job home"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const ledger = await openHostLedger(host, "write");
    try {
      const [job] = invocation.arguments;
      const serviceResult = invocation.environment["SERVICE_RESULT"];
      const stopped = job !== undefined && serviceResult !== undefined ? { stopped: { job, serviceResult } } : {};
      const {
        tookIn,
        reconciled: found,
        problem,
        left,
      } = await settle(ledger, host.fallbackPath, {
        now: invocation.now,
        removal: removalServices(host, invocation),
        ...stopped,
      });
      for (const message of left) tell(invocation, message);
      if (problem) tell(invocation, `what was kept aside stays there: ${problem.message} – ${problem.advice}`);
      await emitRuns(ledger, host.config, {
        now: invocation.now,
        readSecret: host.readSecret,
        onProblem: (message) => tell(invocation, message),
      });
      if (invocation.json) {
        printJson(
          invocation,
          found.map(({ run, reason, message }) => ({ run: run.id, job: run.job, reason, message })),
        );
      } else {
        for (const run of tookIn)
          print(invocation, `taken in from the fallback ledger: ${run.id}, ${describeRun(run)}`);
        for (const { run, reason, message } of found)
          print(invocation, `${run.job}: run ${run.id} failed/${reason}: ${message}`);
        if (found.length + tookIn.length === 0 && !problem) print(invocation, "every run has its end or its process");
      }
      return exitCodes[problem ? "failed" : "success"][0];
    } finally {
      ledger.close();
    }
  },
});
