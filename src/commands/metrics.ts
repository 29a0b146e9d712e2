import { collectors } from "../collectors/index.ts";
import { readState } from "../engine/state.ts";
import { renderPrometheus } from "../outputs/prometheus.ts";
import { defineCommand, print } from "./command.ts";
import { openHost, openHostState } from "./host.ts";

export const metrics = defineCommand({
  name: "metrics",
  description: `
Prints the metrics page, exactly as "pantheros serve" would answer a scrape now. Reads the ledger only. Fit for the textfile
collector of node_exporter, where no HTTP server is wanted.`,
  arguments: [],
  options: { openmetrics: { type: "boolean", summary: "OpenMetrics instead of the Prometheus text format" } },
  examples: [["pantheros metrics | promtool check metrics", "let Prometheus' own tool check it"]],
  async run(invocation) {
    const host = await openHost(invocation);
    const ledger = await openHostState(host);
    try {
      const state = readState(host.config, ledger, collectors, invocation.now() / 1000);
      if (invocation.json) {
        const { renderJson } = await import("../outputs/json.ts");
        print(invocation, renderJson(state, state.at));
      } else {
        print(
          invocation,
          await renderPrometheus(state, invocation.options["openmetrics"] ? "openmetrics" : "text", state.at),
        );
      }
      return 0;
    } finally {
      ledger.close();
    }
  },
});
