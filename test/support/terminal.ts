import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { eventually } from "./eventually.ts";

export interface Terminal {
  /** Everything that the terminal has shown so far. */
  shown(): string;
  /** Types, as fast as a paste. */
  type(keys: string): void;
  /** Waits, at most 30 s, until the terminal shows something behind what was waited for before. */
  waitFor(what: RegExp): Promise<void>;
  /** As a person closes a window: who is in it gets SIGHUP, and can neither read nor write there any more. */
  close(): void;
  /** The shell's end: its exit code. */
  readonly ended: Promise<number | null>;
}

/** A program in a pseudo terminal of its own – Python makes it –, which echoes what is typed unless the program keeps it from doing so. */
export function startInTerminal(
  t: Pick<TestContext, "after">,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Terminal {
  const script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) & 255)";
  const child = spawn("python3", ["-c", script, ...argv], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, TERM: "xterm", ...environment },
  });
  t.after(() => child.kill("SIGKILL"));
  let shown = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  let isOpen = true;
  void ended.then(() => {
    isOpen = false;
  });
  // The program may end before it has read all that was typed.
  child.stdin.on("error", () => undefined);
  return {
    shown: () => shown,
    close: () => void child.kill("SIGKILL"),
    type: (keys) => void child.stdin.write(keys),
    async waitFor(what) {
      const look = () => {
        const found = what.exec(shown.slice(seen));
        if (found === null && !isOpen) throw new Error("it has ended");
        return found;
      };
      const found = await eventually(`the terminal to show ${what}`, look, { seconds: 30 }).catch((cause) => {
        throw new Error(`${what} was not shown, but:\n${shown}`, { cause });
      });
      seen += found.index + found[0].length;
    },
    ended,
  };
}
