import type { Readable } from "node:stream";
import { StepError } from "../model/run/outcome.ts";

/** A longer line is cut here; no tool that we read writes one. */
const maxLineBytes = 1024 * 1024;
/** Enough to see why a tool failed. */
const tailBytes = 64 * 1024;

/** Takes in the bytes of a stream and gives text; bytes that are not UTF-8 become U+FFFD. */
interface Sink {
  readonly write: (chunk: Buffer) => void;
  /** The stream is over: what waits for its newline is handed on. */
  readonly end: () => void;
  readonly text: () => string;
}

export interface Output {
  /** Reads both streams to their end, whatever becomes of their content. @param onProblem called once, see `problem` */
  readonly drain: (stdout: Readable | null, stderr: Readable | null, onProblem: () => void) => void;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What a listener threw, or `StepError` (`unknown`) when more came than may be kept; null: nothing went wrong. */
  readonly problem: () => unknown;
}

interface Listeners {
  readonly argv: readonly string[];
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
}

/** The output of one child, held in bounded memory. @param maxBytes kept of standard output where nobody listens to its lines */
export function createOutput({ argv, onStdoutLine, onStderrLine }: Listeners, maxBytes: number): Output {
  let problem: unknown = null;
  const stdout = onStdoutLine ? both(tail(tailBytes), lines(onStdoutLine)) : everything(argv, maxBytes);
  const stderr = onStderrLine ? both(tail(tailBytes), lines(onStderrLine)) : tail(tailBytes);

  const read = (stream: Readable | null, sink: Sink, onProblem: () => void) => {
    const guard = (take: () => void) => {
      if (problem !== null) return;
      try {
        take();
      } catch (error) {
        problem = error ?? new Error("a listener threw nothing");
        onProblem();
      }
    };
    stream?.on("data", (chunk: Buffer) => guard(() => sink.write(chunk)));
    stream?.on("end", () => guard(sink.end));
    stream?.on("error", (error) => guard(() => fail(error)));
  };
  return {
    drain(out, err, onProblem) {
      read(out, stdout, onProblem);
      read(err, stderr, onProblem);
    },
    stdout: stdout.text,
    stderr: stderr.text,
    problem: () => problem,
  };
}

function fail(error: unknown): never {
  throw error;
}

function both(kept: Sink, heard: Sink): Sink {
  return {
    write(chunk) {
      kept.write(chunk);
      heard.write(chunk);
    },
    end: heard.end,
    text: kept.text,
  };
}

function everything(argv: readonly string[], maxBytes: number): Sink {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    write(chunk) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new StepError("unknown", `${argv[0]} printed more than ${maxBytes} bytes and was ended`, {
          advice: `run it by hand to see what it prints: ${argv.join(" ")}`,
        });
      }
      chunks.push(chunk);
    },
    end: () => undefined,
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

function tail(maxBytes: number): Sink {
  let chunks: Buffer[] = [];
  let size = 0;
  return {
    write(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 2 * maxBytes) {
        chunks = [Buffer.from(Buffer.concat(chunks).subarray(-maxBytes))];
        size = maxBytes;
      }
    },
    end: () => undefined,
    text: () => Buffer.concat(chunks).subarray(-maxBytes).toString("utf8"),
  };
}

function lines(onLine: (line: string) => void): Sink {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const keep = (part: Buffer) => {
    const room = maxLineBytes - pendingBytes;
    if (part.length === 0 || room <= 0) return;
    pending.push(part.subarray(0, room));
    pendingBytes += Math.min(part.length, room);
  };
  const release = () => {
    const line = Buffer.concat(pending).toString("utf8");
    pending = [];
    pendingBytes = 0;
    onLine(line);
  };
  return {
    write(chunk) {
      let from = 0;
      for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, to));
        release();
        from = to + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (pendingBytes > 0) release();
    },
    text: () => "",
  };
}
