import { configurationHash } from "../config/hash.ts";
import { version } from "../model/version.ts";
import { defineLiveCollector } from "./collector.ts";

/** pantheros watches itself as it watches everything else. */
export const self = defineLiveCollector({
  name: "self",
  summary: "pantheros itself: version, configuration in force, size of the ledger.",
  live: true,
  collect({ config, ledger }) {
    return [
      { metric: "buildInfo", labels: { version, node: process.versions.node }, value: 1 },
      { metric: "configInfo", labels: { hash: configurationHash(config) }, value: 1 },
      { metric: "ledgerSize", labels: {}, value: ledger.sizeBytes() },
    ];
  },
});
