/**
 * Attacks pantheros with every kind of fault and looks, after each, whether all that was promised still holds.
 *
 *   node test/campaign/run.ts [--kills N] [--minutes M] [--only KIND] [--seed S] [--try N] [--json]
 *
 * Ends with 1 when anything did not hold, or when fewer processes were killed than asked for.
 */
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { openStage } from "../stage.ts";
import { runCampaign, type Tried } from "./campaign.ts";
import { kinds } from "./kinds/index.ts";
import { describeCampaign, describeFailure, failuresOf, killsOf } from "./report.ts";
import { copySubject } from "./subject.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "2000" },
    minutes: { type: "string", default: "30" },
    only: { type: "string", multiple: true },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    try: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const [kills, minutes, seed] = [Number(values.kills), Number(values.minutes), Number(values.seed)];
const unknown = values.only?.find((name) => !kinds.some((kind) => kind.name === name));
if (unknown !== undefined || ![kills, minutes, seed].every(Number.isFinite)) {
  process.stderr.write(`there is no kind ${unknown}: ${kinds.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
const stage = await openStage(tmpdir());
process.env["TMPDIR"] = stage.directory;
const wanted = kinds.filter((kind) => values.only === undefined || values.only.includes(kind.name));
const started = performance.now();
const done = { tries: 0, kills: 0, failed: 0 };
const total = wanted.reduce((sum, kind) => sum + (kind.missing() === null ? kind.tries(kills) : 0), 0);
const isTerminal = process.stderr.isTTY === true;

let left: readonly string[] = [];
const result = await campaign().finally(async () => {
  left = await stage.clear();
});
// Other kinds kill too, but only this one has a number to reach.
const isCounted = values.try === undefined && wanted.some(({ name }) => name === "kill");
const complete = !isCounted || killsOf(result) >= kills;
if (isTerminal) process.stderr.write("\r\x1b[K");
process.stdout.write(
  values.json ? `${JSON.stringify({ seed, ...result, left })}\n` : `${describeCampaign(result, seed)}\n`,
);
if (!complete) process.stderr.write(`only ${killsOf(result)} of ${kills} kills: give it more time (--minutes)\n`);
if (left.length > 0) process.stderr.write(`left behind, removed now:\n${left.join("\n")}\n`);
process.exit(failuresOf(result).length === 0 && left.length === 0 && complete ? 0 : 1);

function show(tried: Tried): void {
  done.tries += 1;
  done.kills += tried.kills;
  if (tried.failure !== null) {
    done.failed += 1;
    process.stderr.write(`${isTerminal ? "\r\x1b[K" : ""}${describeFailure(tried, seed)}\n`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  const line = `${done.tries}/${total} tries, ${done.kills} kills, ${done.failed} failed, ${seconds} s: ${tried.kind}, ${tried.at}`;
  if (isTerminal) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  else if (done.tries % 50 === 0) process.stderr.write(`${line}\n`);
}

function campaign() {
  // What fails here is told as well, after what was made has been removed.
  return Promise.resolve().then(() =>
    runCampaign({
      kinds: wanted,
      subject: copySubject(stage.directory),
      ...{ seed, kills, minutes },
      ...(values.try === undefined ? {} : { only: Number(values.try) }),
      signal: stop.signal,
      onTry: show,
    }),
  );
}
