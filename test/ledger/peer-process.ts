import { type Ledger, LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { runFinish, runStart } from "../contract/ledger-samples.ts";
import type { Answer, Question } from "./peer.ts";

/** The other end of `startPeer`. Sources are loaded before root is given up: the clone may lie where only root can read. */
const [uid] = process.argv.slice(2);
if (uid !== undefined) {
  openLedger(":memory:", { mode: "write" }).close();
  process.setgroups?.([]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}

let ledger: Ledger | undefined;

process.on("message", (question: Question) => {
  try {
    reply({ result: answer(question) });
  } catch (error) {
    const problem = error instanceof LedgerError ? error.problem : "not a LedgerError";
    reply({ problem, message: String(error) });
  }
});
process.on("disconnect", () => process.exit());

function answer(question: Question): unknown {
  if ("open" in question) {
    ledger?.close();
    ledger = openLedger(question.open.path, { mode: question.open.mode });
    return "open";
  }
  if (!ledger) throw new Error("open it first");
  if ("write" in question) {
    writeForever(ledger, 1);
    return "writing";
  }
  const method = ledger[question.call] as (...args: readonly unknown[]) => unknown;
  return method(...question.args);
}

/** Every claim is made after the ledger has promised that it is kept. */
function writeForever(open: Ledger, number: number): void {
  const id = `${process.pid}-${number}`;
  open.startRun(runStart(id, { job: id }));
  reply({ result: { started: id } });
  open.startStep(id, 0, number, ["/data"]);
  open.finishRun(
    id,
    runFinish({
      increments: [{ metric: "jobRuns", labels: { job: "all", outcome: "success", reason: "none" }, value: 1 }],
    }),
  );
  reply({ result: { finished: id } });
  setImmediate(() => writeForever(open, number + 1));
}

function reply(message: Answer): void {
  process.send?.(message);
}
