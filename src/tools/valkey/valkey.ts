import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import type { Execute, ToolResult } from "../exec.ts";
import { killed } from "../process/killed.ts";

/** A running Valkey, Redis or FalkorDB, and the program that talks to it. */
export interface ValkeySettings {
  /** `HOST:PORT`, `[ADDRESS]:PORT`, or the absolute path of a Unix socket. */
  readonly address: string;
  /** @default the server's default user */
  readonly user?: string;
  readonly password?: Secret;
  /** `valkey-cli` or `redis-cli`, 7.0 or later. */
  readonly client: string;
}

export interface Valkey {
  readonly address: string;
  /**
   * One command, as lines of its reply.
   * @throws StepError `auth`, `network`, `source` (a refused command), and those of `execute`
   */
  call(...command: readonly string[]): Promise<readonly string[]>;
  /** A section of INFO: `run_id` → `4c1f…`. */
  info(section: "server" | "persistence" | "keyspace"): Promise<ReadonlyMap<string, string>>;
  /** Lets the server write a dump of this moment over the connection into a file. It may be cut short: look at it. */
  dumpTo(file: string): Promise<void>;
}

/** Until one command is given up; none that is sent here takes the server more than a moment. */
const answerSeconds = 30;

export function createValkey(settings: ValkeySettings, execute: Execute, signal: AbortSignal): Valkey {
  const { address, password } = settings;
  // Not in argv, where everybody could read it; valkey-cli keeps the old name. `-e`: without it an error is an answer like any other, with exit code 0.
  const environment = password === undefined ? {} : { REDISCLI_AUTH: password };
  const base = [...place(address), ...(settings.user === undefined ? [] : ["--user", settings.user]), "-e"];

  async function run(args: readonly string[], doing: string, timeoutSeconds?: number): Promise<ToolResult> {
    const argv = [settings.client, ...base, ...args] as const;
    try {
      const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
      const result = await execute({ argv, environment, ...limit });
      if (result.exitCode !== 0) throw valkeyFailure(`${address}, ${doing}`, result);
      return result;
    } catch (cause) {
      if (!(cause instanceof StepError) || cause.reason !== "timeout" || signal.aborted) throw cause;
      throw new StepError("network", `${address} did not answer ${doing} within ${timeoutSeconds} s`, {
        advice: "see that the address is right, and that the server is not busy with one long command (SLOWLOG GET)",
        cause,
      });
    }
  }

  async function call(...command: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await run(command, command.slice(0, 2).join(" "), answerSeconds);
    return stdout.replace(/\r?\n$/, "").split(/\r?\n/);
  }
  return {
    address,
    call,
    info: async (section) => parseInfo(await call("INFO", section)),
    dumpTo: async (file) => {
      await run(["--rdb", file], "writing a dump");
    },
  };
}

/** Lines of INFO: `# Section`, `name:value`. */
export function parseInfo(lines: readonly string[]): ReadonlyMap<string, string> {
  const pairs = lines.filter((line) => !line.startsWith("#") && line.includes(":"));
  return new Map(pairs.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** What `address` accepts. */
export const addressPattern = /^(?:\/.+|\[[0-9A-Fa-f:.%\w]+\]:\d{1,5}|[^\s:/[\]]+:\d{1,5})$/;

function place(address: string): readonly string[] {
  if (address.startsWith("/")) return ["-s", address];
  const colon = address.lastIndexOf(":");
  return ["-h", address.slice(0, colon).replaceAll(/^\[|\]$/g, ""), "-p", address.slice(colon + 1)];
}

/** As valkey-cli 8.1, redis-cli 7.0 and their servers word it; recorded in test/fixtures/valkey. */
const words: readonly (readonly [RegExp, Reason, string])[] = [
  [
    /\b(?:WRONGPASS|NOAUTH|NOPERM|DENIED)\b/,
    "auth",
    "check password and user of the step, and what the user may do: it needs INFO, TIME, BGSAVE, CONFIG GET and SYNC",
  ],
  [
    /No space left on device|Error writing data to file/,
    "space",
    "free space in the scratch folder, or set scratch_directory",
  ],
  [
    /unknown command\W*GRAPH\./i,
    "source",
    "it is no FalkorDB, or its module is not loaded: a plain Valkey or Redis is saved by backup.valkey",
  ],
  [/\b(?:LOADING|MASTERDOWN|BUSY)\b/, "network", "it is not ready yet: wait until it has loaded its data"],
  [
    /Could not connect|Server closed the connection|while SYNCing|Connection (?:refused|reset)|Broken pipe|I\/O error/i,
    "network",
    "see that the server runs at this address, and in its own log why it went away",
  ],
];

function valkeyFailure(what: string, { exitCode, signal, stdout, stderr }: ToolResult): StepError {
  const tail = `${stderr}\n${stdout.slice(0, 4096)}`.trim();
  if (signal !== null) return killed(`${what}: the client did not come to its end`, { exitCode, signal }, tail);
  const details = { exitCode, signal, tail };
  const lines = tail.split("\n").filter((line) => line.trim() !== "" && !/^sending REPLCONF/.test(line));
  for (const [pattern, reason, advice] of words) {
    const said = lines.find((line) => pattern.test(line));
    if (said !== undefined) return new StepError(reason, `${what}: ${said.trim()}`, { ...details, advice });
  }
  const said = lines[0]?.trim() ?? `exit code ${exitCode}`;
  return new StepError("source", `${what}: ${said}`, { ...details, advice: "see what the server's own log says" });
}
