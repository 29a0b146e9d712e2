import { defineCommand } from "./command.ts";
import { runHostEngine } from "./engine-host.ts";
import { openHost } from "./host.ts";
import { listenOption, serveHost } from "./serve-host.ts";

export const up = defineCommand({
  name: "up",
  description: `
Engine and serve in one process, until it is stopped: for a container, a laptop or a first try. On a server run them apart, so that what
answers HTTP needs no rights.`,
  arguments: [],
  options: { listen: listenOption },
  examples: [["pantheros up", "then: curl http://127.0.0.1:9471/metrics"]],
  async run(invocation) {
    const host = await openHost(invocation);
    const stop = new AbortController();
    const signal = AbortSignal.any([invocation.signal, stop.signal]);
    // Whichever of the two ends, ends the other: half of `up` is not up.
    const parts = [serveHost(host, { ...invocation, signal }), runHostEngine(host, { ...invocation, signal })];
    const ended = await Promise.allSettled(parts.map((part) => part.finally(() => stop.abort())));
    const failed = ended.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    return 0;
  },
});
