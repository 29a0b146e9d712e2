import { configurationHash } from "../config/hash.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Sample } from "../model/samples/sample.ts";
import { version } from "../model/version.ts";
import { type ReadClock, readClock } from "../tools/clock.ts";
import { readAwakeJournal } from "./awake.ts";
import { defineLiveCollector, type LiveCollector } from "./collector.ts";

/** Seconds that the time awake is told of. */
const window = 86_400;

/** pantheros watches itself as it watches everything else. */
export const self = createSelf(readClock);

export function createSelf(clock: ReadClock): LiveCollector {
  const hashes = new WeakMap<Config, string>();
  return defineLiveCollector({
    name: "self",
    summary: "pantheros itself: version, configuration in force, size of the ledger; how long the machine was awake.",
    live: true,
    collect({ config, ledger, now }) {
      const hash = hashes.get(config) ?? configurationHash(config);
      hashes.set(config, hash);
      return [
        { metric: "buildInfo", labels: { version, node: process.versions.node }, value: 1 },
        { metric: "configInfo", labels: { hash }, value: 1 },
        { metric: "ledgerSize", labels: {}, value: ledger.sizeBytes() },
        ...awake(ledger, clock, now),
      ];
    },
  });
}

/** Only what was journaled: that a machine on which no engine runs is awake is a guess. */
function awake(ledger: Ledger, clock: ReadClock, now: number): Sample[] {
  const journal = readAwakeJournal(ledger, clock(now * 1000));
  if (journal === null || journal.stopped) return [];
  return [{ metric: "awake", labels: {}, value: journal.secondsSince(Math.max(now - window, journal.begins)) }];
}
