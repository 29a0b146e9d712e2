import type { ProcessIdentity } from "../model/run/run.ts";
import type { Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";

interface ChildRow extends ProcessIdentity {
  readonly runId: string;
  readonly command: string;
}

/** Process groups of unfinished runs. Relaxed: after a loss of power none of them is left. */
export function childrenOf({ read, write }: Store): Pick<Ledger, "recordChild" | "forgetChild" | "children"> {
  return {
    recordChild: ({ runId, leader, command }) =>
      write("relaxed", (database) => {
        database.run(
          `INSERT OR REPLACE INTO children (run, pid, boot_id, start_ticks, command)
           SELECT number, ?, ?, ?, ? FROM runs WHERE id = ?`,
          ...[leader.pid, leader.bootId, leader.startTicks, command, runId],
        );
      }),

    forgetChild: (runId, pid) =>
      write("relaxed", (database) => {
        database.run("DELETE FROM children WHERE run = (SELECT number FROM runs WHERE id = ?) AND pid = ?", runId, pid);
      }),

    children: (runId) =>
      read((database) =>
        database
          .all<ChildRow>(
            `SELECT runs.id AS runId, children.boot_id AS bootId, children.pid, children.start_ticks AS startTicks, command
             FROM children JOIN runs ON number = run WHERE coalesce(runs.id = ?, TRUE) ORDER BY children.start_ticks, children.pid`,
            runId ?? null,
          )
          .map(({ runId, command, ...leader }) => ({
            runId,
            leader: { bootId: leader.bootId, pid: leader.pid, startTicks: leader.startTicks },
            command,
          })),
      ),
  };
}
