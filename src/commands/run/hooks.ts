import type { RunObserver } from "../../engine/run-request.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { Invocation } from "../command.ts";
import type { Host } from "../host.ts";

/** Until the end of a run is told although its start has not been delivered yet, seconds. */
const startSeconds = 30;

/**
 * An observer that also calls the hooks of a job at the start of its run, beside the run: the backup waits for nobody.
 * @returns `told`: waits, a while at most, until they have been called, so that the end is not told before the start
 */
export function withStartHooks(
  observer: RunObserver,
  host: Host,
  { now }: Pick<Invocation, "now">,
): { readonly observer: RunObserver; readonly told: () => Promise<void> } {
  let told = Promise.resolve();
  const limit = new AbortController();
  const tooLong = new StepError("timeout", "the run has ended meanwhile, and waits no longer");
  const started: RunObserver["started"] = (run) => {
    observer.started?.(run);
    if (host.config.jobs[run.job]?.hooks.some(({ on }) => on.includes("start"))) told = tellStart(run);
  };

  async function tellStart({ id, job }: { readonly id: string; readonly job: string }): Promise<void> {
    const { sendHooks } = await import("../../engine/hooks.ts");
    const notYet = { finishedAt: null, outcome: null, reason: null, message: null, journaled: true, steps: [] };
    await sendHooks(
      host.config,
      "start",
      { id, job, startedAt: now(), ...notYet },
      { readSecret: host.readSecret, signal: limit.signal, onProblem: (message) => observer.note?.(message) },
    );
  }

  return {
    observer: { ...observer, started },
    async told() {
      const timer = setTimeout(() => limit.abort(tooLong), startSeconds * 1000);
      await told;
      clearTimeout(timer);
    },
  };
}
