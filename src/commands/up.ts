import { defineCommand } from "./command.ts";
import { runHostEngine } from "./engine-host.ts";
import { openHost } from "./host.ts";
import { listenOption, serveHost } from "./serve-host.ts";

export const up = defineCommand({
  name: "up",
  description: `
Engine and serve in one process, until it is stopped: for a container, a laptop or a first try. On a server run them apart, so that what
answers HTTP needs no rights.

Jobs whose scheduler is "internal" are started by nobody while it does not run. As a service of systemd it runs after every boot; write
/etc/systemd/system/pantheros.service, then: systemctl enable --now pantheros

    [Unit]
    Description=pantheros
    After=network-online.target
    Wants=network-online.target
    [Service]
    ExecStart=/usr/local/bin/pantheros up
    Restart=on-failure
    RestartSec=30
    [Install]
    WantedBy=multi-user.target`,
  arguments: [],
  options: { listen: listenOption },
  examples: [["pantheros up", "then: curl http://127.0.0.1:9471/metrics"]],
  async run(invocation) {
    const host = await openHost(invocation);
    const stop = new AbortController();
    const signal = AbortSignal.any([invocation.signal, stop.signal]);
    const { promise: served, resolve: onServing } = Promise.withResolvers<boolean>();
    const serving = serveHost(host, { ...invocation, signal }, () => onServing(true)).finally(() => onServing(false));
    // Not before: where the port is taken, most likely by another `up`, nothing is to be begun that ends at once.
    const engine = served.then((isServing) => (isServing ? runHostEngine(host, { ...invocation, signal }) : undefined));
    // Whichever of the two ends, ends the other: half of `up` is not up.
    const parts = [serving, engine];
    const ended = await Promise.allSettled(parts.map((part) => part.finally(() => stop.abort())));
    const failed = ended.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    return 0;
  },
});
