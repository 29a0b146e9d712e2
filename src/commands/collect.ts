import { collectors } from "../collectors/index.ts";
import { collectOnce, isEnabled } from "../engine/collect.ts";
import { declareInventory } from "../engine/declare.ts";
import { readState } from "../engine/state.ts";
import type { StateSnapshot } from "../model/sample.ts";
import { familiesOf } from "../outputs/series.ts";
import { defineCommand, type Invocation, print, tell } from "./command.ts";
import { openHost, openHostLedger } from "./host.ts";
import { createStyle } from "./terminal/style.ts";

export const collect = defineCommand({
  name: "collect",
  description: `
Looks at everything once – every collector, one after the other – saves what was seen, and prints it. What the engine does on
its intervals; without an engine this is how to see now what exists. Exit code 1 when a collector failed.`,
  arguments: [],
  options: {},
  examples: [
    ["pantheros collect", "look, and print every number"],
    ["pantheros collect --json", "the same for programs"],
  ],
  async run(invocation) {
    const host = openHost(invocation);
    const ledger = await openHostLedger(host, "write");
    try {
      declareInventory(ledger, host.config, invocation.now());
      const { environment, now, signal } = invocation;
      const services = { config: host.config, ledger, environment, readSecret: host.readSecret, now, signal };
      for (const collector of collectors) {
        if ("live" in collector || !isEnabled(collector, host.config)) continue;
        const { error } = await collectOnce(collector, services);
        if (error !== null) tell(invocation, `collector ${collector.name}: ${error}`);
      }
      const state = readState(host.config, ledger, collectors, now() / 1000);
      await printState(state, invocation);
      return state.errors.length > 0 ? 1 : 0;
    } finally {
      ledger.close();
    }
  },
});

async function printState(state: StateSnapshot, invocation: Invocation): Promise<void> {
  if (invocation.json) {
    const { renderJson } = await import("../outputs/json.ts");
    return print(invocation, renderJson(state, state.at));
  }
  const style = createStyle(invocation.stdout, invocation.environment);
  for (const { definition, series } of familiesOf(state, state.at)) {
    print(invocation, `${style.bold(definition.prometheus)}  ${style.dim(definition.help)}`);
    for (const { labels, value } of series) {
      const names = Object.entries(labels).filter(([label]) => label !== "host");
      print(invocation, `  ${names.map(([label, text]) => `${label}=${text}`).join(" ")}  ${value}`);
    }
  }
}
