import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../exec.ts";
import { killed } from "../process/killed.ts";

/** snapper ends with 1 whatever happened; the message tells. Recorded with 0.10.4; those that only D-Bus gives are from its client/errors.cc. */
const causes: readonly (readonly [RegExp, Reason, string])[] = [
  [
    /No space left on device|Disk quota exceeded|errno:(?:28|122)\b/,
    "space",
    "see btrfs filesystem usage and btrfs qgroup show; let snapper cleanup remove old snapshots",
  ],
  [
    /Operation not permitted|Permission denied|No permissions|errno:(?:1|13)\b/,
    "auth",
    "run it as root: without D-Bus snapper does all by itself",
  ],
  [
    /Read-only file system/,
    "source",
    "see dmesg: Btrfs turns itself read-only after an error; otherwise mount -o remount,rw",
  ],
  [/Input\/output error/, "source", "see dmesg and btrfs device stats: the disk or the filesystem is damaged"],
  [
    /Config '.*' (?:not found|is invalid)|Unknown config|config 'root' does not exist|Invalid configdata/,
    "config",
    "see snapper list-configs; snapper -c NAME create-config /PATH makes one",
  ],
  [
    /not a btrfs (?:subvolume|snapshot)|\.snapshots errno:2\b/,
    "config",
    "see SUBVOLUME of the configuration, and that .snapshots in it is a subvolume: btrfs subvolume create PATH/.snapshots",
  ],
  [/No such file or directory|errno:2\b/, "source", "see that the subvolume is there and that it is mounted"],
  [/Config is locked|Config is in use/, "repository_locked", "wait until the other snapper has ended"],
  [
    /Unknown option|Unknown command|Invalid userdata|does not include '=' sign|only together with no-dbus/,
    "config",
    "see that it is snapper 0.10 or later: snapper --no-dbus --version",
  ],
];

/** A call of snapper that did not end with 0. What is not known stays `unknown`, never a success. */
export function snapperFailure(task: string, { exitCode, signal, stderr }: ToolResult): StepError {
  const details = { exitCode, signal, tail: stderr };
  if (signal !== null) return killed(`snapper could not ${task}`, { exitCode, signal }, stderr);
  // The last line is the decisive one; names of files in it may hold any words, but for what follows them.
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const words = said.replace(/(?<=path:)\/.*(?=\/\.snapshots errno:)|(?<=path:)\/.*(?= errno:)/, "");
  const [, reason, advice] = causes.find(([pattern]) => pattern.test(words)) ?? [null, "unknown" as const, undefined];
  return new StepError(reason, `snapper could not ${task}: ${said || `exit code ${exitCode}`}`, {
    ...details,
    advice: advice ?? "look at the end of /var/log/snapper.log",
  });
}
