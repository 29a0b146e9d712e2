import { once } from "node:events";
import { collectors } from "../collectors/index.ts";
import { readState } from "../engine/state.ts";
import { createMetricsPage } from "../http/metrics-page.ts";
import { startServer } from "../http/server.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/sqlite.ts";
import { version } from "../model/version.ts";
import type { CommandOption, Invocation } from "./command.ts";
import type { Host } from "./host.ts";
import { createLog } from "./log.ts";

/** `--listen` of the commands that serve. */
export const listenOption: CommandOption = {
  type: "string",
  short: "l",
  value: "ADDR:PORT",
  summary: "default: outputs.prometheus.listen, 127.0.0.1:9471",
};

/** Serves the state of a host until the invocation is told to stop. @param onServing called once it listens */
export async function serveHost(host: Host, invocation: Invocation, onServing?: () => void): Promise<void> {
  const log = createLog(invocation);
  const now = () => invocation.now() / 1000;
  const settings = host.config.outputs.prometheus;
  const listen = invocation.options["listen"];
  const source = openReadable(host.ledgerPath);
  const server = await startServer({
    listen: typeof listen === "string" ? listen : settings.listen,
    token: settings.token === undefined ? null : host.readSecret(settings.token),
    open: settings.open,
    page: createMetricsPage(
      () => readState(host.config, source.ledger(), collectors, now()),
      () => source.ledger().version(),
      now,
    ),
    health: () => {
      const observed = source
        .ledger()
        .observations()
        .map((observation) => observation.observedAt ?? 0);
      return { version, observedAt: observed.length > 0 ? Math.max(...observed) : null, problem: null };
    },
    now,
    log: log.error,
  });
  log.info(`serving ${server.url}metrics`);
  onServing?.();
  try {
    if (!invocation.signal.aborted) await once(invocation.signal, "abort");
  } finally {
    await server.close();
    source.close();
    log.info("serve stopped");
  }
}

/**
 * The ledger as one who may only read it sees it. Before the first run there is none: the declared inventory is served all the same, from
 * an empty one.
 */
function openReadable(path: string): { ledger: () => Ledger; close: () => void } {
  let opened: Ledger | null = null;
  let empty: Ledger | null = null;
  function open(): Ledger {
    try {
      return openLedger(path, { mode: "read" });
    } catch (error) {
      if (!(error instanceof LedgerError) || error.problem !== "missing") throw error;
      empty ??= openLedger(":memory:", { mode: "write" });
      return empty;
    }
  }
  return {
    ledger() {
      if (opened) return opened;
      const ledger = open();
      if (ledger !== empty) opened = ledger;
      return ledger;
    },
    close() {
      opened?.close();
      empty?.close();
    },
  };
}
