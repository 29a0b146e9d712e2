import { setTimeout as delay } from "node:timers/promises";

/** Seconds that a run waits for a reader: what it did stands in the ledger, and whoever has started it waits for its end. */
const runPatience = 5;
/** And any command that was asked to stop. */
const stopPatience = 1;

/**
 * Waits until what was written has been taken: a pipe holds 64 KiB, and what lies beside it when the process ends is lost. A reader may be as slow as
 * it likes; one that has gone away, or a signal, ends the waiting.
 */
export async function drain(
  streams: readonly NodeJS.WriteStream[],
  { signal, isRun }: { readonly signal: AbortSignal; readonly isRun: boolean },
): Promise<void> {
  const taken = Promise.all(streams.map(flushed));
  const { promise: impatient, resolve } = Promise.withResolvers<void>();
  const wait = (seconds: number) => void delay(seconds * 1000, undefined, { ref: false }).then(resolve);
  if (isRun) wait(runPatience);
  if (signal.aborted) wait(stopPatience);
  else signal.addEventListener("abort", () => resolve(), { once: true });
  await Promise.race([taken, impatient]);
}

/** What was written before is taken once this is; a stream that has failed answers as well. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => void stream.write("", () => resolve()));
}
