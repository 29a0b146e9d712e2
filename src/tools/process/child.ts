import type { Readable, Writable } from "node:stream";
import { formatDuration } from "../../model/quantity.ts";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import type { Output } from "../output.ts";
import type { ExecuteSettings, ToolCall, ToolResult } from "../tool-call.ts";
import { endProcessGroup } from "./group.ts";

/** A program that is running, as `node:child_process` has it. */
export interface Child {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  once(event: "exit", listener: (exitCode: number | null, signal: string | null) => void): unknown;
  once(event: "close", listener: () => void): unknown;
  unref(): void;
}

const defaultGraceSeconds = 10;
/** A child that is gone may have left its pipes to a grandchild; what the child itself wrote is read long before this. */
export const pipeSeconds = 1;
/** What `setTimeout` can count; a longer limit (24.8 days) would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits for the end of a running child, and brings it about when its time is over, it is cancelled or floods us. */
export async function follow(child: Child, pid: number, output: Output, call: ToolCall, settings: ExecuteSettings) {
  const exited = exitOf(child);
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  const stop = Promise.withResolvers<{ readonly stopped: () => unknown }>();
  const limits = limit(call, settings, (stopped) => stop.resolve({ stopped }), output.stderr);
  try {
    settings.onStart?.({ pid, argv: call.argv });
    output.drain(child.stdout, child.stderr, () => stop.resolve({ stopped: output.problem }));
    const end = await Promise.race([exited, stop.promise]);
    if ("stopped" in end) throw end.stopped();
    await within(pipeSeconds, closed);
    if (output.problem() !== null) throw output.problem();
    return end;
  } catch (error) {
    // Whatever went wrong, a listener of ours included: nothing that was started here is left running.
    await endChild(child, pid, call, settings);
    throw error;
  } finally {
    limits.clear();
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
}

export function exitOf(child: Child): Promise<Pick<ToolResult, "exitCode" | "signal">> {
  return new Promise((resolve) => child.once("exit", (exitCode, signal) => resolve({ exitCode, signal })));
}

/** A child that has already been reaped is not signalled, its number may belong to another. */
export async function endChild(
  child: Child,
  pid: number,
  { stopSignal }: Pick<ToolCall, "stopSignal">,
  { graceSeconds }: ExecuteSettings,
): Promise<void> {
  const running = child.exitCode === null && child.signalCode === null;
  if (running) await endProcessGroup(pid, graceSeconds ?? defaultGraceSeconds, stopSignal);
}

/**
 * Calls `onStop` when the time of a call is over or it is cancelled.
 * @param onStop is given a function that makes the error: only then is the output's tail what it will be
 */
export function limit(
  call: Pick<ToolCall, "argv" | "timeoutSeconds">,
  { signal, defaultTimeoutSeconds }: ExecuteSettings,
  onStop: (stopped: () => unknown) => void,
  tail: () => string,
): { readonly clear: () => void } {
  const seconds = call.timeoutSeconds ?? defaultTimeoutSeconds;
  const timer =
    seconds === undefined
      ? undefined
      : setTimeout(() => onStop(() => timeout(call, seconds, tail())), Math.min(seconds * 1000, longestTimerMs));
  const onAbort = () => onStop(() => signal && cancellation(call.argv[0], signal));
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

function timeout({ argv }: Pick<ToolCall, "argv">, seconds: number, tail: string): StepError {
  return new StepError("timeout", `${argv[0]} did not end within ${formatDuration(seconds)} and was ended`, {
    advice: "look at the last lines of its output, then give it more time or find out what it waits for",
    tail,
  });
}

export async function within(seconds: number, event: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  await Promise.race([event, promise]);
  clearTimeout(timer);
}
