import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StepError } from "../model/run/outcome.ts";
import { createOutput, type Output } from "./output.ts";
import { type Child, endChild, exitOf, limit, pipeSeconds, within } from "./process/child.ts";
import { killed } from "./process/killed.ts";
import { type Launch, refuseUnlaunched } from "./process/launch.ts";
import type { ExecuteSettings, PipelineCall, PipelineProgram, PipelineResult, ToolResult } from "./tool-call.ts";

/** A program of a pipeline that was started; its standard input is what the one before it writes. */
export interface Joined {
  readonly program: PipelineProgram;
  readonly launch: Launch;
  readonly child: Child;
  readonly pid: number;
}

/** When one has failed, the others notice by themselves, having nothing to read or nobody to write to; they are not waited for longer. */
const settleSeconds = 2;

/**
 * Brings programs that were started together to their common end.
 * @param refusal why those after them could not be started
 */
export async function followPipeline<Consumed>(
  joined: readonly Joined[],
  call: PipelineCall<Consumed>,
  settings: ExecuteSettings,
  refusal: StepError | undefined,
): Promise<PipelineResult<Consumed>> {
  const startedAt = performance.now();
  const since = () => (performance.now() - startedAt) / 1000;
  const stop = Promise.withResolvers<() => unknown>();
  const last = joined.at(-1)?.child;
  const running = joined.map((one): Running => {
    // Lines are asked for, so that no more than the tail is kept of what nobody consumes.
    const output = createOutput({ ...one.program, onStdoutLine: () => undefined }, 0);
    const stdout = one.child === last && call.consume === undefined ? one.child.stdout : null;
    return { ...one, output, stdout, ended: endOf(one, stdout, output, since) };
  });
  const end = () => Promise.all(running.map(({ child, pid, program }) => endChild(child, pid, program, settings)));
  const wholeEnd = allWell(running, end);
  // Who awaits it hears of its failure; where nobody has come to that yet, another failure is on its way already.
  wholeEnd.catch(() => undefined);
  const parts: unknown[] = [wholeEnd];
  const limits = limit({ ...call, argv: [title(call)] }, settings, stop.resolve, () =>
    running.map(({ output }) => output.stderr()).join(""),
  );
  try {
    for (const { child, pid, program, output, stdout } of running) {
      settings.onStart?.({ pid, argv: program.argv });
      output.drain(stdout, child.stderr, () => stop.resolve(output.problem));
    }
    if (refusal !== undefined) throw refusal;
    const reader = call.consume && consume(call.consume, last?.stdout as Readable, wholeEnd);
    const fed = feed(call, joined[0]?.child.stdin as Writable, wholeEnd);
    // Programs fail when their reader goes: why it went is the better failure, though it may come later.
    const well = wholeEnd.catch(async (error: unknown) => {
      if (reader?.hasGone()) await reader.consumed;
      throw error;
    });
    parts.push(well, reader?.consumed, fed);
    const stopped = await Promise.race([stop.promise, Promise.all(parts.slice(1)).then(() => null)]);
    if (stopped !== null) throw stopped();
    return { programs: await wholeEnd, consumed: (await reader?.consumed) as Consumed, durationSeconds: since() };
  } catch (error) {
    await end();
    // Whoever still reads or writes is told why: nothing of ours goes on when this has failed.
    last?.stdout?.destroy(error as Error);
    joined[0]?.child.stdin?.destroy();
    await Promise.allSettled(parts);
    throw error;
  } finally {
    limits.clear();
    for (const { child, pid } of running) {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      child.unref();
      settings.onEnd?.(pid);
    }
  }
}

interface Running extends Joined {
  readonly output: Output;
  /** Where nobody else reads it. */
  readonly stdout: Readable | null;
  readonly ended: Promise<ToolResult>;
}

/** How one ended; its `durationSeconds` tells which of them was first. */
async function endOf(
  { child, program }: Joined,
  stdout: Readable | null,
  output: Output,
  since: () => number,
): Promise<ToolResult> {
  const closed = [stdout, child.stderr].map(
    (stream) => stream && new Promise((resolve) => stream.once("close", resolve)),
  );
  const end = await exitOf(child);
  const durationSeconds = since();
  await within(pipeSeconds, Promise.all(closed));
  return { argv: program.argv, ...end, stdout: output.stdout(), stderr: output.stderr(), durationSeconds };
}

/** @throws the failure of the one that failed first, when none runs any more */
async function allWell(running: readonly Running[], end: () => Promise<unknown>): Promise<readonly ToolResult[]> {
  const oneFailed = Promise.withResolvers<void>();
  const results = Promise.all(
    running.map(async ({ ended }) => {
      const result = await ended;
      if (result.exitCode !== 0) oneFailed.resolve();
      return result;
    }),
  );
  await Promise.race([results, oneFailed.promise.then(() => within(settleSeconds, results)).then(end)]);
  const ends = await results;
  const failed = ends.flatMap((result, at) => (result.exitCode === 0 ? [] : [{ ...(running[at] as Running), result }]));
  // Who lost its reader is no culprit; see whether the reader was.
  const guilty = failed.filter(({ result }) => !hasLostItsReader(result));
  const [culprit] = (guilty.length > 0 ? guilty : failed).sort(
    (a, b) => a.result.durationSeconds - b.result.durationSeconds,
  );
  if (culprit === undefined) return ends;
  refuseUnlaunched(culprit.program, culprit.launch, culprit.result.exitCode, culprit.result.stderr);
  throw (culprit.program.failure ?? anyFailure)(culprit.result);
}

/** What joins them is a pair of sockets, which is reset when the reader goes while something is unread. */
function hasLostItsReader({ signal, stderr }: ToolResult): boolean {
  return signal === "SIGPIPE" || /broken pipe|connection reset/i.test(stderr);
}

function anyFailure({ argv, exitCode, signal, stderr }: ToolResult): StepError {
  if (signal !== null) return killed(`${argv[0]} did not come to its end`, { exitCode, signal }, stderr);
  const said = stderr.trim().split("\n").at(-1);
  return new StepError("unknown", `${argv[0]} ended with ${exitCode}${said ? `: ${said}` : ""}`, {
    advice: `look at the last lines of its output (pantheros runs show), and that ${argv[0]} is what it should be`,
    ...{ exitCode, signal, tail: stderr },
  });
}

function consume<Consumed>(
  read: NonNullable<PipelineCall<Consumed>["consume"]>,
  stdout: Readable,
  wholeEnd: Promise<unknown>,
): { readonly consumed: Promise<Consumed>; readonly hasGone: () => boolean } {
  let hasGone = false;
  async function* whole() {
    let isOver = false;
    try {
      yield* stdout;
      isOver = true;
    } finally {
      hasGone = !isOver;
    }
    await wholeEnd;
  }
  // When a child is gone, Node throws away what nobody listens for; a consumer may take its time before it reads.
  stdout.on("readable", () => undefined);
  const consumed = read(whole());
  // Who does not read to the end gets the failure of a program that cannot write any more, not an endless wait.
  const destroy = () => void stdout.destroy();
  consumed.then(destroy, destroy);
  return { consumed, hasGone: () => hasGone };
}

async function feed({ input, programs }: PipelineCall<unknown>, stdin: Writable, wholeEnd: Promise<unknown>) {
  if (input === undefined) return;
  let broken: { readonly cause: unknown } | undefined;
  async function* source(bytes: AsyncIterable<Uint8Array>) {
    try {
      yield* bytes;
    } catch (cause) {
      broken = { cause };
      throw cause;
    }
  }
  try {
    await pipeline(source(input), stdin);
  } catch (error) {
    if (broken !== undefined) throw broken.cause;
    // The program has closed its end; why it did so is the better failure.
    await wholeEnd;
    throw new StepError("unknown", `${programs[0].argv[0]} ended without having read all of its input`, {
      advice: `see that ${programs[0].argv[0]} is the program that it should be, and what it says when it is run by hand`,
      cause: error,
    });
  }
}

function title({ programs }: PipelineCall<unknown>): string {
  return programs.map(({ argv }) => argv[0]).join(" | ");
}
