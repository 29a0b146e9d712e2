import { StepError } from "../../model/run/outcome.ts";
import type { Execute, ToolResult } from "../exec.ts";
import { snapperFailure } from "./failure.ts";
import { parseSnapperList, parseSnapperNumber, parseSnapperSettings, type SnapperSnapshot } from "./output.ts";

/** Which of its own rules snapper removes a snapshot by. */
export const snapperCleanups = ["timeline", "number", "none"] as const;

export interface SnapperRequest {
  /** Name of the configuration. */
  readonly config: string;
  readonly description: string;
  /** By it the snapshot is found again; without a comma and `=`. */
  readonly runId: string;
  readonly cleanup: (typeof snapperCleanups)[number];
}

/** In the userdata of a snapshot: the run that it was made for. */
export const runKey = "pantheros";

export function createArguments({ config, description, runId, cleanup }: SnapperRequest): readonly string[] {
  return [
    ...["--no-dbus", `--config=${config}`, "create", "--type=single", "--print-number"],
    ...[`--description=${description}`, `--userdata=${runKey}=${runId}`],
    ...(cleanup === "none" ? [] : [`--cleanup-algorithm=${cleanup}`]),
  ];
}

export function settingsArguments(config: string): readonly string[] {
  return ["--no-dbus", "--jsonout", `--config=${config}`, "get-config"];
}

/** Without the used space, whose calculation would start a scan of the quotas. */
export function listArguments(config: string): readonly string[] {
  return ["--no-dbus", "--jsonout", "--utc", `--config=${config}`, "list", "--disable-used-space"];
}

/** The variables of a configuration: SUBVOLUME, TIMELINE_CLEANUP, … @throws StepError of `snapper-failure.ts` */
export async function readSettings(execute: Execute, config: string): Promise<Readonly<Record<string, string>>> {
  const task = `read its configuration ${config}`;
  return parseSnapperSettings((await snapper(execute, settingsArguments(config), task)).stdout);
}

/** What snapper itself knows of. @throws StepError of `snapper-failure.ts` */
export async function listSnapshots(execute: Execute, config: string): Promise<readonly SnapperSnapshot[]> {
  const task = `list the snapshots of its configuration ${config}`;
  return parseSnapperList((await snapper(execute, listArguments(config), task)).stdout, config);
}

/** Makes a read-only snapshot. @returns its number @throws StepError of `snapper-failure.ts` */
export async function createSnapshot(execute: Execute, request: SnapperRequest): Promise<number> {
  const { stdout } = await snapper(execute, createArguments(request), `make a snapshot by ${request.config}`);
  const number = parseSnapperNumber(stdout);
  if (number !== null) return number;
  throw new StepError("empty_artifact", `snapper ended well, but names no snapshot that it made by ${request.config}`, {
    tail: stdout.slice(-4096),
    advice: `see what there is: snapper -c ${request.config} list`,
  });
}

async function snapper(execute: Execute, args: readonly string[], task: string): Promise<ToolResult> {
  const result = await execute({ argv: ["snapper", ...args] });
  if (result.exitCode !== 0) throw snapperFailure(task, result);
  return result;
}
