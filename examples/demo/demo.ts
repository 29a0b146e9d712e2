import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { eventually } from "../../test/support/eventually.ts";
import { type Stage, setStage } from "./stage.ts";

/**
 * `make demo`: the main job on real components, told as a story; everything that is printed was measured just now. With `--stay` it ends
 * with engine and server running, until Ctrl-C (`make up`).
 */
const main = join(import.meta.dirname, "../../dist/main.js");
const cleanUps: (() => unknown)[] = [];
const stay = process.argv.includes("--stay");
let stopping = false;

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => void leave(exitCodes[signal]));
try {
  await tell(await setStage((cleanUp) => cleanUps.push(cleanUp)));
  await leave(0);
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    await leave(1);
  }
}

async function tell(stage: Stage): Promise<void> {
  chapter("1. What there is", [
    `A folder with ${readdirSync(stage.source).length} files${stage.snapshots ? " on a real Btrfs filesystem" : ""}, an empty restic repository${stage.s3 ? ", an empty S3 bucket" : ""}.`,
    ...stage.leftOut.map((left) => `Left out – ${left}`),
  ]);

  chapter("2. The job runs, and proves what it left behind", ["$ pantheros run documents"]);
  await pantheros(stage, "run", "documents");

  chapter("3. What was promised, and what can be seen by looking again", ["$ pantheros collect && pantheros status"]);
  await pantheros(stage, "collect", "--json");
  await pantheros(stage, "status");

  const server = await startUp(stage);
  chapter("4. What Prometheus sees", [`$ curl ${server.url}`]);
  await showMetrics(
    server.url,
    /^pantheros_(snapshot_(age|count)|retention_compliant|repository_snapshots|backup_(completed|size)|job_last_success|job_proven)/,
  );

  chapter("5. A run is killed: kill -9, no last words", ["$ pantheros run long-copy & kill -9 $!"]);
  await killARun(stage);
  await eventually(
    "the engine to find the killed run",
    async () => /job_lost_runs_total\{.*killed.*\} 1/.test(await page(server.url)),
    { seconds: 40 },
  );
  console.log("The engine found it. $ pantheros status long-copy");
  await pantheros(stage, "status", "long-copy");
  await showMetrics(server.url, /^pantheros_(job_lost_runs|job_runs_total\{.*long-copy|job_running\{.*long-copy)/);

  chapter("6. Your own", [
    "make install                       # pantheros with its own Node.js under /usr/local",
    "pantheros init                     # asks two questions, writes a commented configuration",
    "pantheros doctor                   # what is missing here, and the command that mends it",
    "pantheros run backup; pantheros status",
    "pantheros up                       # engine and /metrics; or: make up, to keep this demo running",
  ]);
  if (stay) {
    console.log(`\nRunning until Ctrl-C: ${server.url}`);
    await once(server.process, "exit");
  }
}

function chapter(title: string, lines: readonly string[]): void {
  console.log(`\n${paint("bold", title)}`);
  for (const line of lines) console.log(line.startsWith("$") ? paint("cyan", line) : line);
}

/** Runs the command of this checkout; what it prints is the demo. */
async function pantheros(stage: Stage, ...words: string[]): Promise<void> {
  const quiet = words.includes("--json");
  const child = start(stage, words, ["ignore", quiet ? "ignore" : "inherit", "inherit"]);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`pantheros ${words.join(" ")} ended with ${code}`);
}

/** Starts the command, to be ended before the stage is cleared: in a group of its own, so that Ctrl-C reaches it through us, and once. */
function start(stage: Stage, words: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(process.execPath, [main, ...words, "--config", stage.config], { stdio, detached: true });
  cleanUps.push(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) await once(child, "exit");
  });
  return child;
}

async function startUp(stage: Stage): Promise<{ url: string; process: ChildProcess }> {
  const listen = stay ? "127.0.0.1:9471" : "127.0.0.1:0";
  const child = start(stage, ["up", "--listen", listen], ["ignore", "ignore", "pipe"]);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const url = await eventually("pantheros up to serve", () => {
    if (child.exitCode !== null) throw new Error(said);
    return /serving (\S+)/.exec(said)?.[1];
  });
  return { url, process: child };
}

async function killARun(stage: Stage): Promise<void> {
  const child = start(stage, ["run", "long-copy", "--json"], ["ignore", "pipe", "inherit"]);
  let events = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    events += text;
  });
  await eventually(
    "the run to have started its tool",
    () => events.includes("step_started") && childrenOf(child.pid).includes("sleep"),
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  console.log(`Process ${child.pid} is gone, without a last word.`);
}

/** Names of the programs that a process has as its children now. */
function childrenOf(pid: number | undefined): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.map((child) => readFileSync(`/proc/${child}/comm`, "utf8").trim());
}

async function page(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  return response.text();
}

async function showMetrics(url: string, wanted: RegExp): Promise<void> {
  const lines = (await page(url)).split("\n");
  for (const line of lines.filter((candidate) => wanted.test(candidate))) console.log(`  ${line}`);
}

function paint(format: "bold" | "cyan", text: string): string {
  return process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(format, text) : text;
}

/** Leaves nothing behind, however the demo ends. */
async function leave(code: number): Promise<never> {
  if (stopping) return new Promise<never>(() => undefined);
  stopping = true;
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  process.exit(code);
}
