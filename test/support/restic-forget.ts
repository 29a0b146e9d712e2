import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Hold, Policy } from "../../src/model/retention/retention.ts";
import type { ResticRepository } from "./restic.ts";

/** What `restic forget` would keep. */
export interface KeptSnapshot {
  /** Seconds since the epoch. */
  readonly at: number;
  /** In restic's order. */
  readonly holds: readonly Hold[];
}

interface ForgetGroup {
  readonly host: string;
  readonly reasons:
    | readonly { readonly snapshot: { readonly time: string }; readonly matches: readonly string[] }[]
    | null;
}

/** By host, newest first: a dry run, judged far from the zones that the snapshots were made in. */
export async function forgetDryRun(
  { path, passwordFile }: ResticRepository,
  program: string,
  policy: Policy,
): Promise<ReadonlyMap<string, readonly KeptSnapshot[]>> {
  const { within, slack: _, ...counts } = policy;
  const options = Object.entries(counts).flatMap(([tier, count]) =>
    count > 0 ? [`--keep-${tier}`, String(count)] : [],
  );
  if (within !== undefined) options.push("--keep-within", `${within / 3600}h`);
  const argv = ["--repo", path, "--password-file", passwordFile, "--no-cache", "--no-lock", "--json"];
  const run = promisify(execFile);
  const { stdout } = await run(program, [...argv, "forget", "--dry-run", "--group-by", "host", ...options], {
    env: { TZ: "America/New_York", HOME: "/nonexistent" },
    timeout: 180_000,
    maxBuffer: 512 * 1024 * 1024,
  });
  const groups = JSON.parse(stdout) as ForgetGroup[];
  return new Map(groups.map(({ host, reasons }) => [host, (reasons ?? []).map(keptOf)]));
}

function keptOf({ snapshot, matches }: NonNullable<ForgetGroup["reasons"]>[number]): KeptSnapshot {
  // `daily snapshot`, `oldest daily snapshot`, `last snapshot`, `within 36h`
  const holds = matches.map((match) => match.replace(/^oldest /, "").split(" ")[0] as Hold);
  return { at: Date.parse(snapshot.time) / 1000, holds };
}
