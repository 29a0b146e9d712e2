import { statfs } from "node:fs/promises";
import { connect } from "node:net";
import type { Conditions } from "../config/sections/jobs.ts";
import { formatBytes } from "../model/quantity.ts";
import { onMainsPower } from "../tools/power.ts";

/** Until an address counts as not reachable, seconds. */
const connectSeconds = 5;

/** The first condition that does not hold now, in words; null: all of them hold. */
export async function unmetCondition(
  { ac_power, reachable, free_space }: Conditions,
  options: { readonly signal: AbortSignal; readonly onMains?: () => Promise<boolean> },
): Promise<string | null> {
  if (ac_power && !(await (options.onMains ?? onMainsPower)())) return "the machine runs on its battery";
  if (free_space) {
    const problem = await tooLittleSpace(free_space);
    if (problem !== null) return problem;
  }
  const answers = await Promise.all((reachable ?? []).map((address) => unreachable(address, options.signal)));
  return answers.find((problem) => problem !== null) ?? null;
}

async function tooLittleSpace({ path, at_least }: NonNullable<Conditions["free_space"]>): Promise<string | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    return free < at_least ? `${formatBytes(free)} are free in ${path}, not ${formatBytes(at_least)}` : null;
  } catch (error) {
    return `the free space of ${path} cannot be told: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function unreachable(address: string, signal: AbortSignal): Promise<string | null> {
  const [, host = "", port = ""] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({
    host,
    port: Number(port),
    signal: AbortSignal.any([signal, AbortSignal.timeout(connectSeconds * 1000)]),
  });
  socket.once("connect", () => resolve(null));
  socket.once("error", (error) => {
    const why = error.name === "AbortError" ? `no answer within ${connectSeconds} s` : error.message;
    resolve(`${address} cannot be reached: ${why}`);
  });
  const problem = await promise;
  socket.destroy();
  return problem;
}
