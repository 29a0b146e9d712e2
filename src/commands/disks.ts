import { btrfsScrub } from "../collectors/btrfs-scrub.ts";
import { reportDisks } from "../collectors/disk-report.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { createExecute } from "../tools/exec.ts";
import { defineCommand, print, printJson } from "./command.ts";
import { disksText } from "./disks-view.ts";
import { type Host, openHost, openHostState } from "./host.ts";

export const disks = defineCommand({
  name: "disks",
  description: `
Looks now at every filesystem that the configuration has something on: subvolumes, local copies, the state of pantheros. Of Btrfs it tells what
is allocated and left, how near metadata is to being full, each device with its errors, the last scrub and what runs. What is wrong comes with
the command that mends it. Changes nothing.

"unalloc." is what no chunk holds yet. "metadata" is what Btrfs needs for its own records, with its reserve, as a share of all that could become
metadata: at 100 % nothing can be written any more, however much space is free. Without root the last scrub, and what several devices have left
each, are unknown.

Exit code 0 when all is well, 1 when something is wrong, 3 when nothing is, but something could not be looked at (run it as root).`,
  arguments: [],
  options: {},
  examples: [
    ["pantheros disks", "is every filesystem well?"],
    ["pantheros disks --json", "the same for programs, in bytes"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const { environment, now, signal } = invocation;
    const at = now() / 1000;
    const ledger = await ledgerWithNotes(host);
    const execute = createExecute({ env: environment, signal, defaultTimeoutSeconds: 30 });
    const recall = (key: string) => ledger?.recall(btrfsScrub.name, key);
    const report = await reportDisks(host.config, { execute, now: at, recall }).finally(() => ledger?.close());
    if (invocation.json) printJson(invocation, { host: host.config.host, at, ...report });
    else print(invocation, disksText({ at, ...report }, invocation));
    if (report.disks.some(({ troubles }) => troubles.length > 0)) return exitCodes.failed[0];
    const isUnknown = report.problems.length > 0 || report.disks.some(({ unknown }) => unknown.length > 0);
    return exitCodes[isUnknown ? "partial" : "success"][0];
  },
});

/** The engine remembers whole scrubs there. A ledger that may not be read is no reason to show nothing: null then. */
async function ledgerWithNotes(host: Host): Promise<Ledger | null> {
  try {
    return await openHostState(host);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
