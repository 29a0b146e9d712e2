import { diagnose } from "../engine/diagnose.ts";
import type { Finding } from "../engine/finding.ts";
import { openLedger } from "../ledger/sqlite.ts";
import { defineCommand, type Invocation, print, printJson } from "./command.ts";
import { openHost } from "./host.ts";
import { createStyle } from "./terminal/style.ts";
import { formatTable } from "./terminal/table.ts";
import { makeVisible } from "./terminal/text.ts";
import { wrap } from "./terminal/wrap.ts";

export const doctor = defineCommand({
  name: "doctor",
  description: `
Looks at this host as a run would: programs and their versions, rights, secrets, sources, destinations, free space, the ledger. Opens every
restic repository with its password, and asks databases whether they let us in. Each thing that is missing comes with the command that mends it.
Changes nothing. Exit code 1 when a job could not run now.`,
  arguments: [],
  options: {},
  examples: [["pantheros doctor", "after installing, and whenever something is odd"]],
  async run(invocation) {
    const host = await openHost(invocation);
    const { environment, now, signal } = invocation;
    const findings = await diagnose(host.config, {
      ledgerPath: host.ledgerPath,
      openLedger: () => openLedger(host.ledgerPath, { mode: "write" }),
      runnerFor: host.runnerFor,
      environment,
      readSecret: host.readSecret,
      now,
      signal,
    });
    if (invocation.json) printJson(invocation, findings);
    else print(invocation, report(findings, invocation));
    return findings.some(({ state }) => state === "problem") ? 1 : 0;
  },
});

function report(findings: readonly Finding[], invocation: Invocation): string {
  const style = createStyle(invocation.stdout, invocation.environment);
  const marks = { ok: style.good("ok"), warning: style.warn("warning"), problem: style.bad("problem") };
  const table = formatTable({
    width: invocation.stdout.columns,
    style,
    columns: [{ title: "" }, { title: "what" }, { title: "found", grow: true, isProse: true }],
    rows: findings.map(({ state, what, found }) => [marks[state], what, found]),
  });
  const arrow = style.isUnicode ? "→" : "->";
  const width = invocation.stdout.columns ?? Number.POSITIVE_INFINITY;
  const mends = findings.flatMap(({ what, found, mend }) =>
    // What mends it may be a command, there to be copied.
    mend === undefined
      ? []
      : [...wrap(makeVisible(`${what}: ${found}`), width, "  ", "    "), `    ${arrow} ${makeVisible(mend)}`],
  );
  return mends.length > 0 ? `${table.trimEnd()}\n\nWhat to do:\n${mends.join("\n")}` : table;
}
