import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../config/problems.ts";
import { declareInventory } from "../../engine/declare.ts";
import { livingRun } from "../../engine/fallback.ts";
import { type Journal, openJournal } from "../../engine/journal.ts";
import type { RemovalServices } from "../../engine/leftovers.ts";
import { reconcile } from "../../engine/reconcile.ts";
import { recordRefusedRun } from "../../engine/refused-run.ts";
import { settle } from "../../engine/settle.ts";
import { LedgerError } from "../../ledger/ledger.ts";
import { openLedger } from "../../ledger/sqlite.ts";
import type { Run } from "../../model/run/run.ts";
import type { Invocation } from "../command.ts";
import { type Host, openHost } from "../host.ts";

/** The ledger, then the fallback on another file system, then memory, which cannot fail: the backup runs in any case. A dry run leaves no trace. */
export function openRunJournal(
  host: Host,
  options: { readonly dryRun: boolean; readonly onNote: (message: string) => void },
): Journal {
  const memory = () => openLedger(":memory:", { mode: "write" });
  if (options.dryRun) return openJournal([memory], () => undefined);
  const places = [host.ledgerPath, host.fallbackPath].map((path) => () => openLedger(path, { mode: "write" }));
  return openJournal([...places, memory], (problem) =>
    options.onNote(`the ledger cannot be written: ${problem.message} – ${problem.advice}. The run goes on without it.`),
  );
}

/** What every run does for those before it: the inventory is declared, and runs that have ended get their true end. */
export async function prepareLedger(
  journal: Journal,
  host: Host,
  {
    now,
    removal,
    onNote,
  }: {
    readonly now: () => number;
    readonly removal: RemovalServices;
    readonly onNote: (message: string) => void;
  },
): Promise<void> {
  // Without the jobs that are left out it would not be the whole inventory: what is declared stays.
  if (host.leftOut.size === 0) journal.write((ledger) => declareInventory(ledger, host.config, now()));
  await unlessLedgerFails(onNote, async () => {
    if (journal.problem !== null) return void (await reconcile(journal.ledger, { now }));
    // Folders hold space that this run may need; the rest may cost a network that is down, and waits until the run has ended.
    const { problem, left } = await settle(journal.ledger, host.fallbackPath, { now, removal, leftovers: "folders" });
    if (problem) onNote(`${problem.message} – ${problem.advice}`);
    for (const message of left) onNote(message);
  });
}

/** For what a run does beside the backup: a ledger that fails there is told, and changes nothing. */
export async function unlessLedgerFails(
  onNote: (message: string) => void,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    onNote(`${error.message} – ${error.advice}`);
  }
}

/** A living run of the job in the ledger that this run does not write: both count, else two runs would meet when a ledger fails between them. */
export function heldElsewhere(journal: Journal, host: Host, job: string, now: number): Run | null {
  const path = journal.problem === null ? host.fallbackPath : host.ledgerPath;
  if (!existsSync(path)) return null;
  try {
    const other = openLedger(path, { mode: "read" });
    try {
      return livingRun(other, job, now);
    } finally {
      other.close();
    }
  } catch (error) {
    // A ledger that cannot even be read cannot hold a lock that anybody could know of.
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

/** Opens the host; a configuration that is refused is journaled as a failed run of the job first, where its ledger can be found. */
export async function openHostOrJournal(invocation: Invocation, job: string): Promise<Host> {
  try {
    return await openHost(invocation, { job });
  } catch (error) {
    if (error instanceof ConfigError) journalRefusal(error, invocation, job);
    throw error;
  }
}

function journalRefusal(error: ConfigError, invocation: Invocation, job: string): void {
  const { stateDirectory, jobs } = error.partial;
  if (stateDirectory === undefined || !jobs.includes(job)) return;
  try {
    const ledger = openLedger(join(stateDirectory, "ledger.sqlite"), { mode: "write" });
    try {
      recordRefusedRun(ledger, { job, message: error.message, now: invocation.now(), random: invocation.random });
    } finally {
      ledger.close();
    }
  } catch (failure) {
    // The refusal itself is about to be reported; that it could not be journaled as well changes nothing for the person.
    if (!(failure instanceof LedgerError)) throw failure;
  }
}
