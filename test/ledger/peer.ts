import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Ledger } from "../../src/ledger/ledger.ts";

export type Answer = { readonly result?: unknown; readonly problem?: string; readonly message?: string };
export type Question =
  | { readonly open: { readonly path: string; readonly mode: "read" | "write" } }
  | { readonly call: keyof Ledger; readonly args: readonly unknown[] }
  | { readonly write: "forever" };

/** Another process with the ledger open; ended with the test. */
export interface Peer {
  readonly process: ChildProcess;
  /** One question, one answer. */
  ask(question: Question): Promise<Answer>;
  open(path: string, mode: "read" | "write"): Promise<Answer>;
  call<Method extends keyof Ledger>(
    method: Method,
    ...args: Ledger[Method] extends (...args: infer Args) => unknown ? Args : never
  ): Promise<Answer>;
}

const program = fileURLToPath(new URL("peer-process.ts", import.meta.url));

/** @param options.uid the process gives up root for this user and group before it opens anything */
export function startPeer(t: Pick<TestContext, "after">, options: { readonly uid?: number } = {}): Peer {
  const child = fork(program, options.uid === undefined ? [] : [String(options.uid)]);
  t.after(() => child.kill("SIGKILL"));
  const ask = async (question: Question): Promise<Answer> => {
    const answered = once(child, "message", { signal: AbortSignal.timeout(30_000) });
    child.send(question);
    const [answer] = await answered;
    return answer;
  };
  return {
    process: child,
    ask,
    open: (path, mode) => ask({ open: { path, mode } }),
    call: (call, ...args) => ask({ call, args }),
  };
}
