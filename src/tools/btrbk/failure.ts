import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../exec.ts";
import { killed } from "../process/killed.ts";
import { type BtrbkComplaint, type BtrbkTransaction, parseComplaints } from "./output.ts";

type Cause = readonly [pattern: RegExp, reason: Reason, advice: string];

/** What keeps a subvolume or a target from being served, recorded with 0.32.5: words of btrfs, ssh and the shell. */
const causes: readonly Cause[] = [
  [
    /No space left on device|Disk quota exceeded/,
    "space",
    "make room there: see btrfs filesystem usage, and what snapshot_preserve and target_preserve keep",
  ],
  [
    /ssh: .*(?:Connection (?:refused|timed out|reset|closed)|Could not resolve|No route|unreachable)|kex_exchange|Connection (?:closed|reset) by|Broken pipe/,
    "network",
    "see that the host of the target is up and can be reached: ssh HOST",
  ],
  [
    /Permission denied \(|Host key verification failed|Too many authentication failures/,
    "auth",
    "let root log in there by key: ssh_identity, and ssh HOST once by hand for the host key",
  ],
  [/exitcode=127|(?:command )?not found$/, "tool_missing", "install what btrbk calls: btrfs-progs, or its backend"],
  [/Operation not permitted|Permission denied/, "auth", "run it as root, or with a backend that may"],
  [
    /exists, but is not a receive target/,
    "verification",
    "an unfinished backup is in the way: see btrbk -n clean, then btrbk clean",
  ],
  [/Input\/output error|Structure needs cleaning/, "source", "see dmesg and btrfs device stats: the disk is damaged"],
  [
    /not a btrfs (?:filesystem|subvolume)|not on same filesystem|subvolume is readonly|has no UUID|"Received UUID" is set|No snapshot_dir|Relative snapshot_dir/i,
    "config",
    "see volume, subvolume, snapshot_dir and target in btrbk's configuration",
  ],
];

/** The same words mean something else for what is read and for what is written to. */
const causesOfSource: readonly Cause[] = [
  [/for snapshot_dir/, "config", "make the folder that snapshot_dir names: btrbk does not"],
  [/Read-only file system/, "source", "see dmesg: Btrfs turns itself read-only after an error; else mount it writable"],
  [/No such file or directory/, "source", "see that the subvolume is there and that it is mounted"],
];
const causesOfTarget: readonly Cause[] = [
  [/Read-only file system/, "config", "mount the target writable"],
  [/No such file or directory/, "repository_missing", "mount the target, or make its folder: btrbk does not"],
];

/** What btrbk says before it begins, by its exit code; 1 and 255 may be anything. */
const beginnings: Readonly<Record<number, readonly Cause[]>> = {
  2: [[/^/, "config", "mend the file or the option that it names: btrbk -c FILE list config"]],
  3: [
    [
      /Failed to take lock/,
      "repository_locked",
      "let one only start btrbk: disable btrbk.timer or its cron file, or give the step retries",
    ],
    [/^/, "config", "name a lockfile that can be written"],
  ],
};

export interface BtrbkEnd extends Pick<ToolResult, "exitCode" | "signal" | "stderr"> {
  /** What it was asked to do: `run it`. */
  readonly task: string;
  readonly transactions: readonly BtrbkTransaction[];
}

/** Why btrbk did not do all that it should. What is not known stays `unknown`, never a success. */
export function btrbkFailure({ task, exitCode, signal, stderr, transactions }: BtrbkEnd): StepError {
  const details = { exitCode, signal, tail: stderr };
  // It catches one of the signals itself, and ends with 1 then.
  const caught = /^ERROR: Caught (SIG\w+)/m.exec(stderr)?.[1] ?? null;
  const ended = signal ?? caught;
  if (ended !== null) return killed(`btrbk could not ${task}`, { exitCode, signal: ended }, stderr);
  const complaints = parseComplaints(stderr);
  const judged = complaints.map((complaint) => ({ complaint, cause: causeOf(complaint, exitCode) }));
  const decisive = judged.find(({ cause }) => cause) ?? judged[0];
  const [, reason, advice] = decisive?.cause ?? [null, "unknown" as const, "look at the last lines of btrbk's output"];
  const aborted = transactions.filter(({ status }) => status === "ABORT").length;
  const more = aborted > 1 ? ` (${aborted} of its tasks were given up)` : "";
  const said = decisive ? sentence(decisive.complaint) : `exit code ${exitCode}`;
  return new StepError(reason, `btrbk could not ${task}: ${said}${more}`, { ...details, advice });
}

function causeOf(complaint: BtrbkComplaint, exitCode: number | null): Cause | undefined {
  const words = wordsOf(complaint);
  const beginning = beginnings[exitCode ?? 0];
  if (beginning) return match(beginning, words);
  const ofTarget = /^(?:Skipping target|Failed to send)/.test(complaint.text);
  return match([...causes, ...(ofTarget ? causesOfTarget : causesOfSource)], words);
}

function match(among: readonly Cause[], words: string): Cause | undefined {
  return among.find(([pattern]) => pattern.test(words));
}

/** Without the commands and the paths in it, which may hold any words. */
function wordsOf({ text, details }: BtrbkComplaint): string {
  return [text, ...details.filter((line) => !/^sh: [a-z/]/.test(line))]
    .join("\n")
    .replaceAll(/(['"])\/[^\n]*?\1|(?<![\w.])\/[^\n]*?(?=: | failed|$)/gm, "PATH");
}

/** The complaint with the one detail that says why. */
function sentence({ text, details }: BtrbkComplaint): string {
  const why = details.find(
    (line) => !/^(?:Command execution failed|SSH command failed|sh: (?!\d)|\(note: )/.test(line),
  );
  return why === undefined ? text : `${text}: ${why}`;
}
