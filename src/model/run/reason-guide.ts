import { passingReasons, type Reason } from "./outcome.ts";

export interface Remedy {
  readonly what: string;
  /** To be typed as it is, capitals replaced. */
  readonly command?: string;
}

/** What a person wants to know when a run ended for a reason. */
export interface ReasonGuide {
  /** What it means, and what it does not. */
  readonly meaning: string;
  /** What is usually behind it, the most frequent first. */
  readonly causes: readonly string[];
  /** What to do, in this order. */
  readonly remedies: readonly Remedy[];
  /** Which programs give it, and how they say so; versions where they differ. */
  readonly givenBy: readonly (readonly [program: string, how: string])[];
  /** Whether it goes away when nobody does anything. */
  readonly passes: string;
}

/** Whether `retries:` of a step tries again after it. */
export function isRetried(reason: Reason): boolean {
  return passingReasons.has(reason);
}

const lookAtRun: Remedy = { what: "read what the step said", command: "pantheros runs show RUN-ID" };
const doctor: Remedy = { what: "look at the host as a run would", command: "pantheros doctor" };

/** Every reason explained; the page docs/reasons.md is made from it. Versions were looked at in November 2026. */
export const reasonGuide: Readonly<Record<Reason, ReasonGuide>> = {
  locked: {
    meaning:
      "Another run of the same job was alive, so this one was skipped. It says nothing about the data and does not count as a success.",
    causes: [
      "a run takes longer than the time between two of them",
      "somebody started the job by hand while its timer did",
    ],
    remedies: [
      { what: "see which run holds the lock, and how far it is", command: "pantheros status" },
      { what: "when it hangs, stop its process: what it left is cleaned up by itself", command: "kill PID" },
      { what: "when runs regularly take that long, start the job less often, or set a deadline" },
    ],
    givenBy: [["pantheros", "before anything is executed; a lock whose process is gone is never in the way"]],
    passes: "Yes, with the end of the other run.",
  },
  auth: {
    meaning: "A credential is missing, cannot be read, or was refused by the other side.",
    causes: [
      "the file of a secret is missing, empty, or readable by others",
      "a key was renewed or has expired, or may not do what was asked (a read-only key, a wrong bucket)",
      "the password is not that of this repository",
      "the clock is wrong by minutes: S3 refuses such requests too",
      "the run needs root, or CAP_SYS_ADMIN for Btrfs",
    ],
    remedies: [
      { what: "see which secret is meant and what is wrong with it", command: "pantheros secrets" },
      { what: "write it anew", command: "pantheros secrets init NAME" },
      { what: "see that the clock is right", command: "timedatectl" },
      doctor,
    ],
    givenBy: [
      [
        "restic",
        "0.17.1 and newer: exit code 12; older: “wrong password or no key found”, exit code 1; access denied, 401, 403",
      ],
      ["rclone, S3", "AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, 401, 403"],
      ["btrfs, snapper", "operation not permitted"],
      ["databases", "a password that is refused"],
      ["pantheros", "a secret that cannot be used; nothing was begun then"],
    ],
    passes: "No.",
  },
  repository_missing: {
    meaning:
      "There is no restic repository where the configuration says. One that once held a backup is never created again by itself: something has happened to it.",
    causes: [
      "the repository has not been created yet",
      "the disk that holds it is not mounted",
      "its place is misspelled, or the bucket or prefix was removed",
    ],
    remedies: [
      { what: "see that its disk is mounted", command: "findmnt --target /PATH" },
      {
        what: "create a new one on purpose: initialize: true in the configuration, or",
        command: "restic -r PLACE init",
      },
    ],
    givenBy: [
      [
        "restic",
        "0.17 and newer: exit code 10; older: “Is there a repository at the following location?”, exit code 1",
      ],
    ],
    passes: "Only when a disk is mounted again.",
  },
  repository_locked: {
    meaning: "Another process works on the repository, or one died there and left its lock.",
    causes: [
      "a prune or check is under way, on this host or another one",
      "a restic was killed: by SIGKILL any version, by SIGTERM also 0.14, leaves its lock behind",
    ],
    remedies: [
      { what: "see who holds it", command: "restic -r PLACE list locks --no-lock" },
      { what: "remove locks whose process is gone, and no others", command: "restic -r PLACE unlock" },
      { what: "let every run remove the locks of the dead: a step restic.unlock before what needs the repository" },
      { what: "let such steps wait: retries: { attempts: 5, delay: 1m }" },
    ],
    givenBy: [
      ["restic", "0.17 and newer: exit code 11; older: “repository is already locked”, exit code 1"],
      ["snapper", "a snapshot that another snapper may still be working on"],
    ],
    passes: "Yes, when the other process ends; a lock that was left behind stays.",
  },
  source: {
    meaning: "What was to be saved is missing, cannot be read, or changed while it was read.",
    causes: [
      "the path is misspelled or its disk is not mounted",
      "files vanished while they were read: a live folder instead of a snapshot",
      "single files may not be read by this user",
      "a database is not running, or refused to save",
    ],
    remedies: [
      lookAtRun,
      { what: "read from a snapshot: nothing changes in it. See snapshot.btrfs in docs/steps.md" },
      { what: "leave out on purpose what need not be saved: exclude" },
      { what: "after a failing disk, look at its errors", command: "btrfs device stats /PATH" },
    ],
    givenBy: [
      [
        "restic",
        "all sources missing: exit code 1; unreadable files: 3; one of several missing: 3 since 0.19, before it 0 and a line that pantheros reads",
      ],
      ["rclone", "exit code 3 or 4, or an error about the source; a file that changed while it was copied"],
      ["btrfs, btrbk, snapper", "no such file or directory, not a subvolume's place"],
      ["valkey, FalkorDB", "a save that the server gave up"],
    ],
    passes: "Where files merely moved on while they were read, often.",
  },
  empty_artifact: {
    meaning:
      "The tool reported success, and yet there is nothing, or implausibly little, of what it should have left behind. Exit code 0 is no proof.",
    causes: [
      "the source is an empty folder: its disk is not mounted",
      "exclude leaves nothing over",
      "a dump was cut short",
    ],
    remedies: [
      { what: "see what is in the source", command: "ls -la /PATH" },
      { what: "see that it is mounted", command: "findmnt --target /PATH" },
      lookAtRun,
    ],
    givenBy: [
      ["pantheros", "after every step that makes an artifact, with any tool in any version"],
      ["restic", "“snapshot is empty”; an end without the id of a snapshot"],
    ],
    passes: "No.",
  },
  network: {
    meaning: "The other side could not be reached, or the connection broke. What was already there is untouched.",
    causes: [
      "the connection is down, or a firewall swallows it",
      "the endpoint is misspelled",
      "the server is down or restarts",
      "its certificate has expired or is not trusted",
    ],
    remedies: [
      { what: "try the endpoint from this host", command: "curl -sSI https://HOST/" },
      { what: "let the step try again: retries: { attempts: 5, delay: 1m }" },
      { what: "for a machine that travels: only_if: { reachable: [HOST:443] } skips instead of failing" },
    ],
    givenBy: [
      [
        "restic",
        "connection refused, no such host, timeouts, x509, 5xx; it repeats requests for 15 minutes by itself, 0.14 silently",
      ],
      ["rclone", "exit code 5, or the same words"],
      ["S3, HTTP", "no answer, 5xx, a body that was cut short"],
    ],
    passes: "Usually.",
  },
  throttled: {
    meaning: "The other side asked to slow down: too many requests, too much traffic, a busy service.",
    causes: [
      "many hosts begin at the same minute",
      "the provider's limit for this account is reached",
      "the service is overloaded",
    ],
    remedies: [
      { what: "let the step try again: retries: { attempts: 5, delay: 5m }" },
      { what: "see how often, and since when", command: "pantheros runs JOB --outcome failed" },
      { what: "spread the schedules of hosts and jobs" },
      { what: "ask the provider for a higher limit" },
    ],
    givenBy: [
      ["restic", "429, 503, “slow down”"],
      ["rclone, S3", "SlowDown, ServiceUnavailable, TooManyRequests, Throttling"],
      ["HTTP", "429, 503"],
    ],
    passes: "Yes.",
  },
  space: {
    meaning: "There is no space left: here, at the destination, or in a quota. Nothing half counts as a backup.",
    causes: [
      "the disk is full, or on Btrfs its metadata",
      "the bucket's quota or the account's cap is reached",
      "the folder for dumps and restores is too small",
      "old backups are not pruned any more",
    ],
    remedies: [
      { what: "see what is full", command: "df -h /PATH" },
      { what: "on Btrfs, see whether it is data or metadata", command: "btrfs filesystem usage /PATH" },
      { what: "see whether pruning works", command: "pantheros status" },
      { what: "put dumps elsewhere: scratch_directory; skip in time: only_if: { free_space: … }" },
    ],
    givenBy: [
      ["restic", "no space left on device, quota exceeded, cap exceeded, 507"],
      ["rclone, S3", "QuotaExceeded, StorageCapExceeded, InsufficientStorage; B2 answers 403 with “cap exceeded”"],
      ["btrfs", "no space left on device, also when only metadata is full"],
      ["pg_dump, valkey", "a dump that could not be written"],
    ],
    passes: "No.",
  },
  timeout: {
    meaning:
      "It did not end within its time – the deadline of the job or the timeout of a step – and was stopped, with everything that it had started.",
    causes: [
      "more data than usual, or a first full backup",
      "a server that neither answers nor refuses",
      "a disk that is failing or too busy",
    ],
    remedies: [
      { what: "see how long runs usually take", command: "pantheros runs JOB" },
      { what: "give it more time where that is normal: deadline of the job, timeout of the step" },
      lookAtRun,
    ],
    givenBy: [
      ["pantheros", "at deadline and timeout; exit code 124"],
      ["systemd", "TimeoutStartSec, WatchdogSec: $SERVICE_RESULT timeout, watchdog"],
    ],
    passes: "After a first full backup usually: what was transferred is not transferred again.",
  },
  killed: {
    meaning:
      "Its process, or that of its tool, was ended by a signal and could not say how far it was. Found by the next run, the engine or “pantheros reconcile”, never lost.",
    causes: [
      "somebody or something sent SIGKILL",
      "a container or a session ended",
      "memory ran out where the kernel's report could not be read",
    ],
    remedies: [
      {
        what: "ask the kernel and systemd who did it",
        command: "journalctl --since '1 hour ago' | grep -iE 'kill|oom'",
      },
      {
        what: "run it again: what it left running or half made has been cleaned up, and the lock of the job is free",
        command: "pantheros run JOB",
      },
    ],
    givenBy: [
      ["pantheros", "for a run whose process is gone"],
      [
        "restic, rclone, btrfs, any command",
        "a signal, or an exit code above 128; restic 0.18 ends with 1 and says “context canceled”",
      ],
      ["systemd", "$SERVICE_RESULT signal, core-dump"],
    ],
    passes: "Usually; when it comes back, somebody does it on purpose or memory is short.",
  },
  oom: {
    meaning: "The kernel, or the limit of its unit, ended it for lack of memory.",
    causes: [
      "MemoryMax= of the unit is too small",
      "a repository with a large index: restic keeps it in memory",
      "many tools at the same time",
    ],
    remedies: [
      { what: "see what the kernel says", command: "journalctl -k | grep -i 'out of memory'" },
      { what: "raise MemoryMax=, or let jobs run one after the other: after: [JOB]" },
      { what: "let restic use less: GOGC=20 in the repository's environment; prune more often" },
    ],
    givenBy: [
      ["systemd", "$SERVICE_RESULT oom-kill, by ExecStopPost=pantheros reconcile JOB"],
      ["restic", "“out of memory”, “cannot allocate memory”"],
    ],
    passes: "No: the data grows.",
  },
  reboot: {
    meaning: "The machine went down while it ran.",
    causes: ["an update restarted it", "power was cut", "a crash of the kernel"],
    remedies: [
      { what: "see how the boot before ended", command: "journalctl -b -1 -e" },
      { what: "run it again", command: "pantheros run JOB" },
      { what: "after a loss of power, let the repository be checked: verify.restic-check" },
    ],
    givenBy: [["pantheros", "for a run of an earlier boot that has no end"]],
    passes: "Yes, with the next run.",
  },
  cancelled: {
    meaning: "It was asked to stop, and did: what it had begun was cleaned up.",
    causes: [
      "Ctrl-C",
      "its terminal was closed, or the connection to it lost",
      "systemctl stop, or the shutdown of the machine",
      "the engine that started it was stopped",
    ],
    remedies: [{ what: "run it again", command: "pantheros run JOB" }],
    givenBy: [["pantheros", "at SIGINT (exit code 130), SIGTERM (143) and SIGHUP (129); its tools are ended, too"]],
    passes: "Yes, with the next run.",
  },
  condition: {
    meaning:
      "A condition of only_if did not hold, so the run or the step was skipped on purpose. It does not count as a success: a job that is always skipped becomes overdue.",
    causes: [
      "the machine runs on its battery",
      "an address cannot be reached",
      "there is too little space",
      "a step whose result it needs was skipped",
    ],
    remedies: [
      { what: "see which condition it was", command: "pantheros runs show RUN-ID" },
      { what: "run it when the condition holds", command: "pantheros run JOB" },
    ],
    givenBy: [["pantheros", "before the run or the step; exit code 4 when the whole run was skipped"]],
    passes: "Yes, when the condition holds.",
  },
  config: {
    meaning: "The configuration – of pantheros, of a tool, of a bucket – does not allow it. Trying again cannot help.",
    causes: [
      "a typing error, a name that does not exist",
      "a bucket, folder or subvolume that has to exist first",
      "a folder that this user may not write",
    ],
    remedies: [{ what: "see every problem with its line and a hint", command: "pantheros config check" }, doctor],
    givenBy: [
      ["pantheros", "a configuration that is refused is journaled as a failed run, never silently"],
      ["rclone, S3", "NoSuchBucket, InvalidBucketName, PermanentRedirect, a destination that is read-only"],
      ["btrfs", "not a Btrfs file system, not a subvolume"],
      ["HTTP", "400, 404, 410, a redirect to another host"],
    ],
    passes: "No.",
  },
  tool_missing: {
    meaning: "A program that the step needs is not installed, not executable or too old.",
    causes: [
      "it was never installed here",
      "PATH of the unit lacks its folder: tools see only PATH and HOME",
      "it is older than what pantheros supports",
    ],
    remedies: [
      { what: "see which one, and the command that installs it", command: "pantheros doctor" },
      { what: "name it by its path, e.g. restic: /usr/local/bin/restic in the repository" },
    ],
    givenBy: [["pantheros", "before the first step, for every program; restic has to be 0.14 or newer"]],
    passes: "No.",
  },
  verification: {
    meaning: "The artifact is there, but its proof failed: it is not what it should be. Do not rely on it.",
    causes: [
      "something on the way or on the disk changes data",
      "the source changed while it was copied",
      "two processes work on the same place",
      "a dump that cannot be restored",
    ],
    remedies: [
      lookAtRun,
      { what: "make a new one before anything else", command: "pantheros run JOB" },
      { what: "read all of the repository", command: "restic -r PLACE check --read-data" },
      { what: "look at the disk", command: "btrfs device stats /PATH; smartctl -a /dev/DISK" },
    ],
    givenBy: [
      ["pantheros", "every artifact is looked for once more, by another way than the tool that made it"],
      ["restic", "a snapshot that is not listed; check: exit code 1. A flipped bit is found with --read-data only"],
      ["rclone, S3", "sizes and names at the destination that differ from the source"],
      ["pg_restore, valkey-check-rdb", "a dump that they refuse"],
    ],
    passes: "No, unless the source merely changed meanwhile.",
  },
  disagreement: {
    meaning: "A run said success, and what can be seen now is something else: the artifact is gone or different.",
    causes: [
      "somebody deleted it, or a lifecycle rule of the bucket did",
      "another tool prunes the same place",
      "the disk or repository was replaced",
    ],
    remedies: [
      { what: "see what was claimed and what is there", command: "pantheros status" },
      { what: "look once more, now", command: "pantheros collect" },
      {
        what: "find who deletes: lifecycle rules, cron, other hosts with the same keys; then make a new one",
        command: "pantheros run JOB",
      },
    ],
    givenBy: [["pantheros", "collectors, which look for every artifact on their own interval"]],
    passes: "No.",
  },
  unknown: {
    meaning: "The tool failed in a way that pantheros does not know. It is never taken for a success.",
    causes: [
      "a command of your own that ended with an exit code other than 0",
      "a new version of a tool, or a fault in it",
    ],
    remedies: [
      lookAtRun,
      {
        what: "run the tool by hand with the same arguments; they stand in the step's message or in the configuration",
      },
      { what: "when it is a tool that pantheros knows, tell us its version and those last lines" },
    ],
    givenBy: [
      ["command, export.command", "every exit code but 0, since its meaning is the program's own"],
      ["every tool", "an exit code or a message that stands in none of our tables"],
    ],
    passes: "Nobody knows; it is not tried again by itself.",
  },
};
