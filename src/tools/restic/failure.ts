import { stripVTControlCharacters } from "node:util";
import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../exec.ts";
import { parseResticLine } from "./output.ts";

/** Exit codes that say it all; 0.14 does not have them and ends with 1. https://restic.readthedocs.io/en/stable/075_scripting.html (2026-11) */
const exitReasons: Readonly<Record<number, Reason>> = {
  3: "source",
  10: "repository_missing",
  11: "repository_locked",
  12: "auth",
};

type Cause = readonly [pattern: RegExp, reason: Reason, advice?: string];

/**
 * In this order: 0.14 asks "Is there a repository at the following location?" whatever kept it from opening one, and a repository that
 * could not be written for lack of space is reported with the path of the file.
 */
const messageReasons: readonly Cause[] = [
  [/wrong password or no key found/i, "auth"],
  [
    /^Remove\(<.*(?:forbidden|access ?denied|\(403\))/im,
    "config",
    "its place lets this key remove nothing, as an append-only one should: do it where the repository lives, or with a key that may",
  ],
  [/repository is already locked/i, "repository_locked"],
  [/all (?:target|source) directories\/files do not exist/i, "source"],
  [/snapshot is empty|nothing to backup/i, "empty_artifact"],
  [/out of memory|cannot allocate memory/i, "oom"],
  [/no space left on device|quota exceeded|cap exceeded|limit exceeded|insufficient storage|\(507\)/i, "space"],
  [/read-only file system/i, "config", "mount the repository's place writable; see dmesg if it was"],
  [
    /slow ?down|reduce your request rate|too ?many ?requests|service ?unavailable|throttl|\((?:429|503)\)/i,
    "throttled",
  ],
  [
    /RequestTimeTooSkewed/,
    "auth",
    "set this machine's clock: S3 refuses what is signed at a time that is wrong by minutes",
  ],
  [
    /access ?denied|InvalidAccessKeyId|SignatureDoesNotMatch|no credentials found|unauthorized|forbidden|permission denied|\((?:401|403)\)/i,
    "auth",
  ],
  [
    /x509|certificate/i,
    "network",
    "let this machine trust who signed its certificate (ca-certificates, or RESTIC_CACERT in environment), or renew that",
  ],
  [
    /connection (?:refused|reset)|no such host|time(?:d )?out|deadline exceeded|no route to host|unreachable|broken pipe|\bEOF\b|server misbehaving|TLS handshake|HTTP response to HTTPS client|internal ?(?:server ?)?error|bad ?gateway|\(5\d\d\)/i,
    "network",
  ],
  [
    /unable to open config file: .*(?:no such file|not exist|not found)|repository does not exist|NoSuchBucket/i,
    "repository_missing",
  ],
];

/** Said of a file that is needed to go on; `restic check` says it of what it looks at, and goes on. */
const damage: Cause = [
  /is damaged|ciphertext verification failed|invalid data returned/i,
  "verification",
  "what the repository holds is not what was stored: run restic check, and see the disk that it is on",
];

const advices: Partial<Record<Reason, string>> & { readonly unknown: string } = {
  repository_missing: "correct its place in the configuration, or create it: initialize: true, or restic init",
  repository_locked: "wait until that process has ended; a lock whose process is gone is removed with restic unlock",
  auth: "check the repository's password, its credentials in environment, and that they may read and write there",
  network: "see that the repository's place is right and can be reached from this host",
  throttled: "wait; if it lasts, run less often or ask the provider for a higher limit",
  space: "make room where the repository is, or raise its quota",
  source: "see that the path is right and that it is mounted",
  empty_artifact: "see that it is the right folder, that it is mounted, and what exclude leaves over",
  oom: "give the machine more memory, or restic less to do at once",
  killed: "find out who ended it: the kernel's log tells when memory ran out",
  unknown: "look at the last lines of restic's output",
};

export interface ResticEnd extends Pick<ToolResult, "exitCode" | "signal" | "stderr"> {
  /** What it was asked to do, to what: `back up to the repository main`. */
  readonly task: string;
}

/** The failure of a call that did not end well. What is not known stays `unknown`, never a success. */
export function resticFailure({ task, exitCode, signal, stderr }: ResticEnd): StepError {
  const message = decisiveMessage(stderr);
  const reason = reasonOf(exitCode, signal, message);
  const how = signal === null ? `exit code ${exitCode}` : `it was ended by ${signal}`;
  return new StepError(reason, `restic could not ${task}: ${firstSentence(message) || how}`, {
    exitCode,
    signal,
    tail: stderr,
    ...adviceFor(reason, message),
  });
}

/**
 * The failure behind a call that had to be ended because it took too long: restic repeats requests for 15 minutes without giving up, and
 * 0.14 says nothing meanwhile.
 */
export function resticImpatience(task: string, seconds: number, stderr: string): StepError {
  const message = retryMessage(stderr);
  const known = reasonInWords(message) ?? "network";
  const said = message === "" ? "the other side does not answer" : message;
  return new StepError(known, `restic could not ${task} within ${seconds} s: ${said}`, {
    tail: stderr,
    ...adviceFor(known, message),
  });
}

/** Who holds the lock that was in the way; null: the message does not say. */
export function lockHolder(stderr: string): { readonly pid: number; readonly host: string } | null {
  const [, pid, host] = /already locked(?: exclusively)? by PID (\d+) on (\S+) by /.exec(stderr) ?? [];
  return pid === undefined || host === undefined ? null : { pid: Number(pid), host };
}

function reasonOf(exitCode: number | null, signal: string | null, message: string): Reason {
  const byCode = exitCode === null ? undefined : exitReasons[exitCode];
  if (byCode) return byCode;
  const byMessage = match([...messageReasons, damage], message)?.[1];
  if (byMessage === "oom") return byMessage;
  // 130, 137 and 143 are a shell's and restic's own way to tell of a signal; 0.18 ends with 1 and says so in words.
  const ended = signal !== null || (exitCode !== null && exitCode > 128) || /context canceled/.test(message);
  return ended ? "killed" : (byMessage ?? "unknown");
}

export function reasonInWords(message: string): Reason | undefined {
  return match(messageReasons, message)?.[1];
}

/** Places are left out: a folder may be called "access denied". */
function match(causes: readonly Cause[], message: string): Cause | undefined {
  const words = message.replaceAll(/(?:\w+:\/\/|(?<!\w)\/)(?:[^\s":]|:(?!\s))*/g, "");
  return causes.find(([pattern]) => pattern.test(words));
}

/** What the person can do: by what was said, where that is what decided, else by the reason alone. */
function adviceFor(reason: Reason, message: string): { readonly advice: string } {
  const [, known, own] = match([...messageReasons, damage], message) ?? [];
  return { advice: (known === reason ? own : undefined) ?? advices[reason] ?? advices.unknown };
}

/**
 * What restic says about its own end. Errors of single files are left out: their paths may hold any words.
 */
function decisiveMessage(stderr: string): string {
  const plain: string[] = [];
  for (const text of stderr.split("\n")) {
    const line = parseResticLine(text);
    if (line?.type === "exit_error") return line.message;
    if (line === null && !/does not exist, skipping$/.test(text)) plain.push(text);
  }
  const fatal = plain.findIndex((text) => /^Fatal: /.test(text));
  return plain.slice(Math.max(fatal, 0)).join("\n");
}

/** `… returned error, retrying after 1.2s: CAUSE` */
function retryMessage(stderr: string): string {
  return [...stderr.matchAll(/returned error, retrying after [^:]+: (.*)/g)].at(-1)?.[1] ?? "";
}

function firstSentence(message: string): string {
  const [line = ""] = message.trim().split("\n");
  return stripVTControlCharacters(line).replace(/^(?:Fatal: )+/, "");
}
