import { collectors } from "../collectors/index.ts";
import { suggest } from "../config/closest.ts";
import { collectOnce, isEnabled } from "../engine/collect.ts";
import { declareInventory } from "../engine/declare.ts";
import { readState } from "../engine/state.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Sample, StateSnapshot } from "../model/samples/sample.ts";
import { familiesOf } from "../outputs/series.ts";
import { defineCommand, type Invocation, print, tell, UsageError } from "./command.ts";
import { openHost, openHostLedger } from "./host.ts";
import { createStyle } from "./terminal/style.ts";

export const collect = defineCommand({
  name: "collect",
  description: `
Looks at everything once – every collector, one after the other – saves what was seen, and prints it. What the engine does on
its intervals; without an engine this is how to see now what exists. Where collectors are named, only these look, and only what they saw is
printed. Exit code 1 when a collector failed.`,
  arguments: [{ name: "COLLECTOR", optional: true, many: true, summary: "only these, also where they are disabled" }],
  options: {},
  examples: [
    ["pantheros collect", "look, and print every number"],
    ["pantheros collect --json", "the same for programs"],
    ["pantheros collect cost", "one of them: what buckets store and cost"],
  ],
  async run(invocation) {
    const host = await openHost(invocation);
    const asked = new Set(invocation.arguments);
    const names = collectors.filter((collector) => !("live" in collector)).map(({ name }) => name);
    const unknown = invocation.arguments.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new UsageError(
        `no collector that looks is called ${JSON.stringify(unknown)}: ${suggest(unknown, names, "")}`,
      );
    }
    const ledger = await openHostLedger(host, "write");
    try {
      declareInventory(ledger, host.config, invocation.now());
      const { environment, now, signal } = invocation;
      const services = { config: host.config, ledger, environment, readSecret: host.readSecret, now, signal };
      for (const collector of collectors) {
        if ("live" in collector) continue;
        if (asked.size > 0 ? !asked.has(collector.name) : !isEnabled(collector, host.config)) continue;
        const { error } = await collectOnce(collector, services);
        // Told by the exit code: what was not looked at is not known.
        signal.throwIfAborted();
        if (error !== null) tell(invocation, `collector ${collector.name}: ${error}`);
      }
      const all = readState(host.config, ledger, collectors, now() / 1000);
      const state = asked.size > 0 ? narrow(all, ledger, asked) : all;
      await printState(state, invocation);
      return state.errors.length > 0 ? 1 : 0;
    } finally {
      ledger.close();
    }
  },
});

/** What the named collectors saw, and no more. */
function narrow(state: StateSnapshot, ledger: Ledger, asked: ReadonlySet<string>): StateSnapshot {
  const own = ledger.observations().filter(({ collector }) => asked.has(collector));
  const keyOf = ({ metric, labels }: Sample) => JSON.stringify([metric, labels]);
  const keys = new Set(own.flatMap(({ samples }) => samples.map(keyOf)));
  return {
    ...state,
    samples: state.samples.filter((sample) => keys.has(keyOf(sample))),
    errors: state.errors.filter(({ collector }) => asked.has(collector)),
  };
}

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
