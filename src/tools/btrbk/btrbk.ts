import type { Execute, ToolResult } from "../exec.ts";
import { btrbkFailure } from "./failure.ts";
import {
  type BtrbkRelation,
  type BtrbkTransaction,
  parseConfigured,
  parseLatest,
  parseTransactions,
} from "./output.ts";

export interface BtrbkCall {
  /** Its configuration; undefined: where btrbk itself looks. */
  readonly config: string | undefined;
  /** Only these volumes, subvolumes, targets or groups of it; empty: all. */
  readonly filter: readonly string[];
  /** btrbk names snapshots, and counts days, in local time: it has to be the time of those who call it by hand. */
  readonly timezone: string;
}

export interface BtrbkRun {
  /** `snapshot` sends nothing. */
  readonly command: "run" | "snapshot";
  readonly dryRun: boolean;
}

export interface BtrbkReport {
  readonly transactions: readonly BtrbkTransaction[];
  /** Null: all that there was to do is done. */
  readonly problem: ReturnType<typeof btrbkFailure> | null;
  /** Last lines of standard error. */
  readonly tail: string;
}

/** At least one task was given up, others may have been done. btrbk(1), EXIT STATUS */
const someAborted = 10;

export function btrbkArgv(
  { config, filter }: BtrbkCall,
  command: readonly string[],
  dryRun = false,
): readonly [string, ...string[]] {
  return [
    ...(["btrbk", "--format=raw"] as const),
    ...(config === undefined ? [] : [`--config=${config}`]),
    ...(dryRun ? ["--dry-run"] : []),
    ...command,
    "--",
    ...filter,
  ];
}

/** Snapshots, sends and removes as its configuration says. @throws StepError when it did not begin, or was ended */
export async function runBtrbk(execute: Execute, call: BtrbkCall, { command, dryRun }: BtrbkRun): Promise<BtrbkReport> {
  const result = await btrbk(execute, call, [command], dryRun);
  const transactions = parseTransactions(result.stdout);
  const problem =
    result.exitCode === 0 ? null : btrbkFailure({ ...result, task: "do all that it should", transactions });
  if (problem !== null && result.exitCode !== someAborted) throw problem;
  return { transactions, problem, tail: result.stderr };
}

/** Every subvolume of its configuration with each of its targets. @throws StepError of `btrbk-failure.ts` */
export async function listConfigured(execute: Execute, call: BtrbkCall): Promise<readonly BtrbkRelation[]> {
  const result = await btrbk(execute, call, ["list", "config"]);
  if (result.exitCode === 0) return parseConfigured(result.stdout);
  throw btrbkFailure({ ...result, task: "read its configuration", transactions: [] });
}

/** The newest snapshots and backups; of targets that cannot be reached none. */
export async function listLatest(execute: Execute, call: BtrbkCall): Promise<readonly BtrbkRelation[]> {
  const result = await btrbk(execute, call, ["list", "latest"]);
  if (result.exitCode === 0 || result.exitCode === someAborted) return parseLatest(result.stdout);
  throw btrbkFailure({ ...result, task: "list its snapshots and backups", transactions: [] });
}

/** What a send that was ended has left at the targets, by btrbk's own judgement: named as a backup, but received by nobody. */
export async function listUnfinished(execute: Execute, call: BtrbkCall): Promise<readonly string[]> {
  const result = await btrbk(execute, call, ["clean"], true);
  const garbled = parseTransactions(result.stdout).filter(({ type }) => type === "delete_garbled");
  if (result.exitCode === 0 || result.exitCode === someAborted) return garbled.map(({ target }) => target);
  throw btrbkFailure({ ...result, task: "look for unfinished backups", transactions: [] });
}

function btrbk(execute: Execute, call: BtrbkCall, command: readonly string[], dryRun = false): Promise<ToolResult> {
  return execute({ argv: btrbkArgv(call, command, dryRun), environment: { TZ: call.timezone } });
}
