/**
 * The server that `scrape.ts` measures, in a process of its own; prints its URL. The ledger is stood for by JSON: as much is parsed for every
 * reading as the observations of 1 200 series are, and it counts as written once a second, so that each second costs a rendering.
 */
import { createMetricsPage } from "../src/http/metrics-page.ts";
import { startServer } from "../src/http/server.ts";
import type { Sample, StateSnapshot } from "../src/model/sample.ts";

const series = 1200;
const samples: Sample[] = Array.from({ length: series }, (_, index) => ({
  metric: "snapshotAge",
  labels: { subvol: `subvolume-${index}` },
  since: 1_795_251_600 + index,
}));
const stored = JSON.stringify(samples);
const now = () => Date.now() / 1000;
const readState = (): StateSnapshot => ({ at: now(), host: "atlas", samples: JSON.parse(stored), errors: [] });

const server = await startServer({
  listen: "127.0.0.1:0",
  open: false,
  token: null,
  page: createMetricsPage(readState, () => Math.floor(now()), now),
  health: () => ({ version: "0", observedAt: null, problem: null }),
  now,
  log: (message) => process.stderr.write(`${message}\n`),
});
process.stdout.write(`${server.url}\n`);
