import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** What figures depend on, without saying whose machine it is. */
export function describeMachine(): Readonly<Record<string, string>> {
  return {
    Date: new Date().toISOString().slice(0, 10),
    Processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    Memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    "Load before": loadavg()[0]?.toFixed(2) ?? "",
    Kernel: release(),
    Debian: existsSync("/etc/debian_version") ? readFileSync("/etc/debian_version", "utf8").trim() : "no",
    Node: process.versions.node,
    restic: versionOf("restic", ["version"], /restic (\S+)/),
    "btrfs-progs": versionOf("btrfs", ["--version"], /v(\S+)/),
    node_exporter: versionOf("prometheus-node-exporter", ["--version"], /version (\S+)/),
  };
}

function versionOf(program: string, args: readonly string[], pattern: RegExp): string {
  try {
    const said = execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 10_000 });
    return pattern.exec(said)?.[1] ?? "unknown";
  } catch {
    return "not installed";
  }
}
