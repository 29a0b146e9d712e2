import { StringDecoder } from "node:string_decoder";
import { createLineInput } from "./line-input.ts";

/** What is needed of the streams of a process to ask a person something. */
export interface AskingStreams {
  readonly stdin: NodeJS.ReadableStream & {
    readonly isTTY?: boolean | undefined;
    setRawMode?(raw: boolean): unknown;
  };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean | undefined };
  /** Ends every question; its reason is what the question throws. */
  readonly signal: AbortSignal;
}

export interface Asker {
  /** One line that is shown while it is typed, without spaces at its ends. */
  line(question: string): Promise<string>;
  /** One line of which nothing is shown, as it is. */
  hidden(question: string): Promise<string>;
  /** @param fallback what Enter alone means */
  confirm(question: string, fallback: boolean): Promise<boolean>;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Whether there is a person who sees the questions and can answer them. */
export function canAsk({ stdin, stderr }: Pick<AskingStreams, "stdin" | "stderr">): boolean {
  return stdin.isTTY === true && stderr.isTTY === true && stdin.setRawMode !== undefined;
}

/**
 * Asks on the terminal. From its making until `close` the terminal itself shows nothing of what is typed, also between two questions,
 * so that nothing which is typed or pasted too early can be seen.
 * @param interrupt what Ctrl-C does; it has to abort the signal. @default SIGINT for this process
 */
export function createAsker(
  { stdin, stderr, signal }: AskingStreams,
  interrupt: () => void = () => process.kill(process.pid, "SIGINT"),
): Asker {
  const decoder = new StringDecoder("utf8");
  /** Typed ahead of the next question. */
  let ahead = "";
  let receive: ((text: string) => void) | null = null;
  const onData = (chunk: Buffer | string) => {
    ahead += typeof chunk === "string" ? chunk : decoder.write(chunk);
    const text = ahead;
    if (receive === null) return;
    ahead = "";
    receive(text);
  };
  const onEnd = () => interrupt();
  stdin.setRawMode?.(true);
  stdin.on("data", onData);
  stdin.on("end", onEnd);
  stdin.resume();

  async function read(question: string, show: (text: string) => void): Promise<string> {
    stderr.write(question);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const input = createLineInput(show);
    const onAbort = () => reject(signal.reason);
    receive = (text) => {
      const { rest, ended } = input.take(text);
      if (ended === null) return;
      receive = null;
      ahead = rest;
      if (ended === "interrupted") interrupt();
      else resolve(input.text());
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) throw signal.reason;
      if (ahead !== "") onData("");
      return await promise;
    } finally {
      receive = null;
      signal.removeEventListener("abort", onAbort);
      stderr.write("\n");
    }
  }

  const line = async (question: string) => (await read(question, (text) => stderr.write(text))).trim();
  return {
    line,
    hidden: (question) => read(question, () => undefined),
    async confirm(question, fallback) {
      for (;;) {
        const answer = (await line(`${question} [${fallback ? "Y/n" : "y/N"}] `)).toLowerCase();
        if (answer === "") return fallback;
        if (["y", "yes", "n", "no"].includes(answer)) return answer.startsWith("y");
      }
    },
    close() {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}
