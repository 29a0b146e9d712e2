/**
 * Runs the benchmarks one after the other and prints one table; a run of all of them writes it to bench/RESULTS.md.
 *
 *   node bench/run.ts [WORD…]      only those whose name holds one of the words
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { openStage } from "../test/stage.ts";
import { onPath } from "../test/support/components.ts";
import { benchmarks } from "./index.ts";
import { describeMachine } from "./machine.ts";
import { formatResults, formatTable } from "./results.ts";
import { type Benchmark, plain, type Row } from "./row.ts";

const words = process.argv.slice(2);
const chosen = benchmarks.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) throw new Error(`there are: ${benchmarks.map(({ name }) => name).join(", ")}`);

const stage = await openStage(tmpdir());
process.env["TMPDIR"] = stage.directory;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

const rows: Row[] = [];
const machine = describeMachine();
for (const [index, benchmark] of chosen.entries()) {
  if (stop.signal.aborted) break;
  process.stderr.write(`[${index + 1}/${chosen.length}] ${benchmark.name}\n`);
  rows.push(...(leftOut(benchmark) ?? (await measure(benchmark))));
}
await stage.clear();
if (stop.signal.aborted) {
  process.stderr.write("stopped; what it had made was removed\n");
  process.exitCode = 130;
} else report();

function report(): void {
  process.stdout.write(`\n${formatTable(rows)}\n`);
  if (words.length > 0) return;
  writeFileSync(join(import.meta.dirname, "RESULTS.md"), formatResults(rows, machine));
  const missed = rows.filter(({ met }) => met === false).length;
  process.stderr.write(`written to bench/RESULTS.md; ${missed === 0 ? "every target is met" : `${missed} missed`}\n`);
}

function leftOut({ name, needs, asRoot = false }: Benchmark): readonly Row[] | null {
  const missing = needs.filter((program) => onPath(program) === null);
  if (missing.length > 0) return [plain(name, `left out: ${missing.join(", ")} is missing here`, "make components")];
  if (asRoot && process.getuid?.() !== 0) return [plain(name, "left out: it mounts a file system", "Run it as root.")];
  return null;
}

/** In a process of its own: one leaves neither memory nor compiled code to the next, and can be ended whatever it is doing. */
async function measure({ name }: Benchmark): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(stage.directory, `${name}-`));
  const child = spawn(process.execPath, [join(import.meta.dirname, "one.ts"), name, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  stop.signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  const [printed, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (exitCode === 0) return JSON.parse(printed);
  return [{ ...plain(name, "failed, see above", "It ended before its end."), target: "to end", met: false }];
}
