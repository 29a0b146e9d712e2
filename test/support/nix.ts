import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import { onPath } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";

/** What a file of the Nix language is worth, by Nix itself, which leaves nothing on this machine. @throws Error with what Nix says */
export function evaluateNix(t: Pick<TestContext, "after">, file: string): unknown {
  const base = temporaryDirectory(t);
  const text = execFileSync(onPath("nix-instantiate") ?? "nix-instantiate", ["--eval", "--strict", "--json", file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    env: {
      ...process.env,
      HOME: base,
      NIX_STORE_DIR: `${base}/store`,
      NIX_STATE_DIR: `${base}/state`,
      NIX_LOG_DIR: `${base}/log`,
      NIX_CONF_DIR: `${base}/conf`,
    },
  });
  return JSON.parse(text);
}
