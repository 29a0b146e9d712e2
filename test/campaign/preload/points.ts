/**
 * Loaded before pantheros (`node --import`): counts the points of a run in its journal – before, inside and after every transaction of the
 * ledger – and kills at one of them. What it sees goes to a file that nobody else writes: a witness from outside of the ledger.
 */
import { appendFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { childGroups } from "./children.ts";

interface Fault {
  /** File of the witness: lines `point N LABEL`, `started RUN`, `ended RUN`, `killed WHAT LABEL`. */
  readonly witness: string;
  /** Number of the point to kill at, from 0; -1: tell all points, kill nobody. */
  readonly at: number;
  /** `child`: its tool, at this point or the first one after it at which there is one. */
  readonly target: "self" | "child" | "both";
}

type Method = (...args: unknown[]) => unknown;

const fault: Fault = JSON.parse(process.env["PANTHEROS_CAMPAIGN"] ?? "{}");
let count = 0;
let method = "";
let isDone = fault.at < 0;

/** Wraps the ledger that was just opened; called by what `load` below puts in front of `ledger/sqlite.ts`. */
export function watchLedger(ledger: Record<string, unknown>): Record<string, unknown> {
  const watched = Object.entries(ledger).map(([name, member]) => [
    name,
    typeof member === "function" ? watchMethod(name, member as Method) : member,
  ]);
  return Object.fromEntries(watched);
}

function watchMethod(name: string, member: Method): Method {
  return (...args) => {
    const outer = method;
    method = name;
    point("before");
    const result = member(...args);
    if (name === "startRun" && (result as { lockedBy: unknown }).lockedBy === null)
      tell(`started ${(args[0] as { id: string }).id}`);
    if (name === "finishRun" && result === true) tell(`ended ${args[0]}`);
    point("after");
    method = outer;
    return result;
  };
}

function point(where: string): void {
  const label = `${method || "open"}:${where}`;
  if (fault.at < 0) tell(`point ${count} ${label}`);
  if (!isDone && count >= fault.at) kill(label);
  count += 1;
}

function kill(label: string): void {
  const groups = fault.target === "self" ? [] : childGroups(process.pid);
  if (fault.target === "child" && groups.length === 0) return;
  isDone = true;
  tell(`killed ${fault.target === "both" && groups.length === 0 ? "self" : fault.target} ${label}`);
  for (const group of groups) process.kill(-group, "SIGKILL");
  if (fault.target !== "child") process.kill(process.pid, "SIGKILL");
}

function tell(line: string): void {
  appendFileSync(fault.witness, `${line}\n`);
}

const Database = createRequire(import.meta.url)("better-sqlite3");
const { transaction } = Database.prototype;
Database.prototype.transaction = function (work: Method) {
  return transaction.call(this, (...args: unknown[]) => {
    const result = work(...args);
    point("inside");
    return result;
  });
};

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith("/src/ledger/sqlite.ts")) return nextLoad(url, context);
    const source = `
      import { openLedger as open } from ${JSON.stringify(`${url}?itself`)};
      import { watchLedger } from ${JSON.stringify(import.meta.url)};
      export const openLedger = (...args) => watchLedger(open(...args));`;
    return { format: "module", shortCircuit: true, source };
  },
});
