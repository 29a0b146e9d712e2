import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { openLedger } from "../src/ledger/sqlite.ts";
import type { Sample } from "../src/model/samples/sample.ts";
import { periods } from "../src/model/time/calendar.ts";
import { freePort } from "../test/support/free-port.ts";
import { quantile } from "./measure.ts";
import { endProgram, published, requirePublished, residentMemory } from "./program.ts";
import { atMost, type Benchmark, megabytes, milliseconds, plain, type Row, times } from "./row.ts";

/** Five series each. */
const subvolumes = 240;
const scrapers = 16;
const requests = 3000;
const warmUp = 300;
const peer = "prometheus-node-exporter";
/** MB of 10^6 bytes. */
const mostMemory = 90e6;

/** `identity`: as a person asks. `gzip`: as Prometheus asks. */
type Encoding = "identity" | "gzip";
const encodings: readonly Encoding[] = ["identity", "gzip"];

interface Measured {
  readonly series: number;
  readonly latencies: Readonly<Record<Encoding, readonly number[]>>;
  readonly memory: { readonly now: number; readonly peak: number };
}

/** `pantheros serve` under concurrent scrapers, beside Debian's node_exporter. */
export const scrape: Benchmark = {
  name: "scrape",
  needs: [peer],
  async run({ directory, note }) {
    requirePublished();
    const observe = writeState(directory);
    // Seen anew every second, which no collector does: every second costs the server a reading, a parse and a rendering.
    const observing = setInterval(observe, 1000);
    note(`${requests} scrapes of pantheros serve, plain and compressed`);
    const ours = await measure((port) => [
      process.execPath,
      published,
      "serve",
      ...["--config", join(directory, "pantheros.yaml"), "--listen", `127.0.0.1:${port}`],
    ]);
    clearInterval(observing);
    note(`the same of ${peer}`);
    const theirs = await measure((port) => [peer, `--web.listen-address=127.0.0.1:${port}`]);
    return [
      ...encodings.map((encoding) => compare(ours, theirs, encoding)),
      ...encodings.flatMap((encoding) => [latency("pantheros serve", ours, encoding), latency(peer, theirs, encoding)]),
      atMost(
        `pantheros serve, peak RSS`,
        { value: ours.memory.peak, limit: mostMemory, write: megabytes },
        { detail: `${megabytes(ours.memory.now)} at the end`, how: "VmHWM of the process after all scrapes." },
      ),
      plain(`${peer}, peak RSS`, megabytes(theirs.memory.peak), "VmHWM of the process after all scrapes."),
    ];
  },
};

/** @returns what observes everything once more */
function writeState(directory: string): () => void {
  const state = join(directory, "state");
  const names = Array.from({ length: subvolumes }, (_, index) => `volume-${index}`);
  const declared = names.map((name) => `  ${name}: { path: /data/${name}, snapshots: /snapshots/${name} }`);
  const lines = ["host: bench", `state_directory: ${state}`, "subvolumes:", ...declared];
  writeFileSync(join(directory, "pantheros.yaml"), `${lines.join("\n")}\n`);
  const ledger = openLedger(join(state, "ledger.sqlite"), { mode: "write" });
  const samples = names.flatMap((subject) =>
    periods.map((tier, value): Sample => {
      return { metric: "retentionExpected", labels: { kind: "subvolume", subject, tier }, value };
    }),
  );
  const observe = () => {
    const now = Date.now() / 1000;
    const times = { observedAt: now, succeededAt: now, attemptedAt: now, durationSeconds: 0 };
    ledger.saveObservation({ collector: "retention", ...times, error: null, samples, artifacts: [] });
  };
  observe();
  return observe;
}

function compare(ours: Measured, theirs: Measured, encoding: Encoding): Row {
  const [our, their] = [ours, theirs].map((one) => quantile(one.latencies[encoding], 0.99)) as [number, number];
  return atMost(
    `/metrics, ${encoding}: p99 of pantheros / ${peer}`,
    { value: our / their, limit: 0.5, write: times },
    {
      detail: `${milliseconds(our)} / ${milliseconds(their)}`,
      how: `${scrapers} scrapers that ask again as soon as they were answered, ${requests} scrapes; ${ours.series} series that are observed anew every second, against the ${theirs.series} that ${peer} has here.`,
    },
  );
}

function latency(name: string, { latencies }: Measured, encoding: Encoding): Row {
  const [half, most] = [0.5, 0.99].map((share) => milliseconds(quantile(latencies[encoding], share)));
  return plain(`${name}, ${encoding}: p50, p99`, `${half}, ${most}`, "Of the same scrapes.");
}

async function measure(command: (port: number) => readonly string[]): Promise<Measured> {
  const port = await freePort();
  const [program, ...args] = command(port) as [string, ...string[]];
  const child = spawn(program, args, { stdio: "ignore" });
  const agent = new Agent({ keepAlive: true, maxSockets: scrapers });
  try {
    const url = `http://127.0.0.1:${port}/metrics`;
    const page = await firstPage(url, child);
    await load(url, agent, "gzip", warmUp);
    const latencies = {
      identity: await load(url, agent, "identity", requests),
      gzip: await load(url, agent, "gzip", requests),
    };
    const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    return { series: lines, latencies, memory: residentMemory(child.pid as number) };
  } finally {
    agent.destroy();
    await endProgram(child);
  }
}

async function firstPage(url: string, child: ChildProcess): Promise<string> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt += 1) {
    const page = await fetch(url).then(
      (response) => response.text(),
      () => "",
    );
    if (page !== "") return page;
    await delay(50);
  }
  throw new Error(`${child.spawnfile} did not come up at ${url}`);
}

/** Each scraper asks again as soon as it was answered. @returns milliseconds per scrape */
async function load(url: string, agent: Agent, encoding: Encoding, count: number): Promise<readonly number[]> {
  const latencies: number[] = [];
  let left = count;
  const scraper = async () => {
    while (left > 0) {
      left -= 1;
      const started = performance.now();
      const response = await ask(url, agent, encoding);
      response.resume();
      await once(response, "end");
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: scrapers }, scraper));
  return latencies;
}

async function ask(url: string, agent: Agent, encoding: Encoding): Promise<IncomingMessage> {
  const headers = { "accept-encoding": encoding, accept: "text/plain;version=0.0.4" };
  const request = get(url, { agent, headers, signal: AbortSignal.timeout(30_000) });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}: ${await text(response)}`);
  return response;
}
