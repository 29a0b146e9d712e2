import { createHash } from "node:crypto";
import { version } from "../model/version.ts";
import { defineLiveCollector } from "./collector.ts";

/** pantheros watches itself as it watches everything else. */
export const self = defineLiveCollector({
  name: "self",
  summary: "pantheros itself: version, configuration in force, size of the ledger.",
  live: true,
  collect({ config, ledger }) {
    const hash = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 12);
    return [
      { metric: "buildInfo", labels: { version, node: process.versions.node }, value: 1 },
      { metric: "configInfo", labels: { hash }, value: 1 },
      { metric: "ledgerSize", labels: {}, value: ledger.sizeBytes() },
    ];
  },
});
