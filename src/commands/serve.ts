import { defineCommand } from "./command.ts";
import { openHost } from "./host.ts";
import { listenOption, serveHost } from "./serve-host.ts";

export const serve = defineCommand({
  name: "serve",
  description: `
Serves /metrics (Prometheus text and OpenMetrics) and /healthz over HTTP until it is stopped. It reads the ledger and nothing else: a scrape
starts no process, waits for no network and costs no money. It needs no rights but to read the ledger: run it as a user of its own.

On another address than this machine's own it wants outputs.prometheus.token (or open: true) in the configuration, or it refuses to start.`,
  arguments: [],
  options: { listen: listenOption },
  examples: [
    ["pantheros serve", "on 127.0.0.1:9471"],
    ["pantheros serve --listen [::1]:9999", "elsewhere"],
  ],
  async run(invocation) {
    await serveHost(await openHost(invocation), invocation);
    return 0;
  },
});
