import { PassThrough, type Readable } from "node:stream";
import { dispatch, explain } from "../../src/commands/dispatch.ts";
import { exitCodes } from "../../src/model/run/exit-codes.ts";

export interface Answer {
  /** Exit code; an error that a command throws has become 2, with its sentence on `stderr`. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls a command as the shell would, in this process, with streams that are no terminal. */
export async function invoke(
  words: readonly string[],
  options: { directory?: string; environment?: NodeJS.ProcessEnv; now?: number; stdin?: Readable } = {},
): Promise<Answer> {
  const [stdout, stderr] = [capture(), capture()];
  const environment = options.environment ?? {};
  const finish = (code: number) => ({ code, stdout: stdout.text(), stderr: stderr.text() });
  try {
    const code = await dispatch(words, {
      environment,
      directory: options.directory ?? "/nonexistent",
      stdin: options.stdin ?? new PassThrough(),
      stdout: stdout.stream,
      stderr: stderr.stream,
      now: () => options.now ?? Date.now(),
      random: Math.random,
      signal: new AbortController().signal,
      stoppedBy: () => null,
    });
    return finish(code);
  } catch (error) {
    explain(error, { stderr: stderr.stream, environment });
    return finish(exitCodes.usage[0]);
  }
}

function capture() {
  let text = "";
  const stream = {
    write: (chunk: string) => {
      text += chunk;
    },
    isTTY: false,
    columns: undefined,
  } as unknown as NodeJS.WriteStream;
  return { stream, text: () => text };
}
