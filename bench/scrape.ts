/**
 * `/metrics` with 1 200 series under 16 concurrent scrapers, beside Debian's prometheus-node-exporter in the same run.
 * Alone: `node bench/scrape.ts`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const scrapers = 16;
const requests = 3000;
const warmUp = 300;
const peer = "prometheus-node-exporter";

/** One line of the table of results. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What was promised; empty: nothing. */
  readonly target: string;
  readonly met: boolean | null;
}

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

type Encoding = "identity" | "gzip";

interface Measured {
  readonly series: number;
  /** Milliseconds, sorted. */
  readonly latencies: Readonly<Record<Encoding, readonly number[]>>;
  /** MB of 2^20 bytes: at the end, and the most it ever was. */
  readonly rss: { readonly end: number; readonly peak: number };
}

export async function run(): Promise<readonly Row[]> {
  const program = await bundleServer();
  const ours = await measure(await startOurs(program, []));
  // What a unit may start it with: documented options, and with --jitless the sandbox can deny writable code pages.
  const lean = await measure(await startOurs(program, ["--jitless", "--max-semi-space-size=2"]));
  const rows = [
    ...describe("pantheros", ours),
    ...memory("pantheros", ours),
    ...memory("pantheros, node --jitless", lean),
  ];
  const theirs = await startPeer();
  if (theirs === null) return [...rows, { what: peer, value: "not installed", target: "", met: null }];
  const other = await measure(theirs);
  return [
    ...rows,
    ...describe(peer, other),
    { what: `${peer}, RSS at the end (peak)`, value: megabytes(other), target: "", met: null },
    ...(["identity", "gzip"] as const).flatMap((encoding) => [
      compare(`p50 of pantheros / ${peer}, ${encoding}`, ours, other, encoding, 0.5, null),
      compare(`p99 of pantheros / ${peer}, ${encoding}`, ours, other, encoding, 0.99, 0.5),
      compare(`p99 of pantheros, node --jitless / ${peer}, ${encoding}`, lean, other, encoding, 0.99, 0.5),
    ]),
  ];
}

function describe(name: string, { series, latencies }: Measured): readonly Row[] {
  return (["identity", "gzip"] as const).map((encoding) => ({
    what: `${name}, ${series} series, ${encoding}: p50, p99`,
    value: [0.5, 0.99].map((share) => `${quantile(latencies[encoding], share).toFixed(1)} ms`).join(", "),
    target: "",
    met: null,
  }));
}

function memory(name: string, measured: Measured): readonly Row[] {
  const { peak } = measured.rss;
  return [{ what: `${name}, RSS at the end (peak)`, value: megabytes(measured), target: "≤ 90 MB", met: peak <= 90 }];
}

function megabytes({ rss }: Measured): string {
  return `${rss.end.toFixed(0)} MB (${rss.peak.toFixed(0)} MB)`;
}

function compare(
  what: string,
  ours: Measured,
  theirs: Measured,
  encoding: Encoding,
  share: number,
  atMost: number | null,
): Row {
  const ratio = quantile(ours.latencies[encoding], share) / quantile(theirs.latencies[encoding], share);
  const target = atMost === null ? "" : `≤ ${atMost}×`;
  return { what, value: `${ratio.toFixed(3)}×`, target, met: atMost === null ? null : ratio <= atMost };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function measure({ child, url }: Started): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: scrapers });
  try {
    const page = await text(await scrape(url, agent, "identity"));
    const series = page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    await load(url, agent, "gzip", warmUp);
    const latencies = {
      identity: await load(url, agent, "identity", requests),
      gzip: await load(url, agent, "gzip", requests),
    };
    return { series, latencies, rss: residentMegabytes(child.pid ?? 0) };
  } finally {
    agent.destroy();
    await end(child);
  }
}

/** Each scraper asks again as soon as it was answered. @returns milliseconds per scrape, sorted */
async function load(url: string, agent: Agent, encoding: Encoding, count: number): Promise<readonly number[]> {
  const latencies: number[] = [];
  let left = count;
  const scraper = async () => {
    while (left > 0) {
      left -= 1;
      const started = performance.now();
      const response = await scrape(url, agent, encoding);
      response.resume();
      await once(response, "end");
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: scrapers }, scraper));
  return latencies.sort((a, b) => a - b);
}

async function scrape(url: string, agent: Agent, encoding: Encoding): Promise<IncomingMessage> {
  const headers = { "accept-encoding": encoding, accept: "text/plain;version=0.0.4" };
  const request = get(url, { agent, headers, signal: AbortSignal.timeout(30_000) });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  return response;
}

/** VmRSS and VmHWM of `/proc/PID/status`, which are given in KiB. */
function residentMegabytes(pid: number): Measured["rss"] {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { end: field("VmRSS"), peak: field("VmHWM") };
}

/** Compiled, as it is published: stripping types at start alone would cost 20 MB. @returns the program's path */
async function bundleServer(): Promise<string> {
  const directory = fileURLToPath(new URL("../node_modules/.cache/pantheros", import.meta.url));
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, "scrape-server.mjs");
  const entry = fileURLToPath(new URL("scrape-server.ts", import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", packages: "external" });
  return outfile;
}

async function startOurs(program: string, flags: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [...flags, program], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, url: `${url}metrics` };
}

/** @returns null where it is not installed */
async function startPeer(): Promise<Started | null> {
  const port = await freePort();
  const child = spawn(peer, [`--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" });
  const there = await once(child, "spawn").then(
    () => true,
    () => false,
  );
  if (!there) return null;
  const url = `http://127.0.0.1:${port}/metrics`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const up = await fetch(url).then(
      async (response) => (await response.text()) !== "",
      () => false,
    );
    if (up) return { child, url };
    await delay(50);
  }
  await end(child);
  throw new Error(`${peer} did not come up at ${url}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run());
