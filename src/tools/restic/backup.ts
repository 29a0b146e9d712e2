import { StepError } from "../../model/run/outcome.ts";
import { parseResticLine, type ResticProgress, type ResticSummary } from "./output.ts";

export interface BackupRequest {
  /** Absolute, or relative to `directory`. */
  readonly targets: readonly string[];
  /** Where restic runs; relative targets are stored without it. */
  readonly directory?: string;
  readonly host: string;
  /** None may hold a comma. */
  readonly tags: readonly string[];
  readonly exclude: readonly string[];
  readonly oneFileSystem: boolean;
  /** How to find the snapshot that tells which files are unchanged: restic's own way, its id, or the newest of this host and these tags. */
  readonly parent: "by-path" | "by-tags" | { readonly id: string };
  readonly dryRun: boolean;
}

export interface BackupReport {
  readonly summary: ResticSummary;
  /** Sources and files that could not be read: the snapshot is incomplete. */
  readonly unread: number;
  /** What it said of the first of them. */
  readonly problem: string | null;
  /** Last lines as a person reads them. */
  readonly tail: string;
}

const tailLines = 20;

export function backupArguments(request: BackupRequest): readonly string[] {
  const { parent } = request;
  return [
    ...["backup", "--json", `--host=${request.host}`, `--tag=${request.tags.join(",")}`],
    ...(parent === "by-tags" ? ["--group-by=host,tags"] : []),
    ...(typeof parent === "object" ? [`--parent=${parent.id}`] : []),
    ...(request.oneFileSystem ? ["--one-file-system"] : []),
    ...request.exclude.map((pattern) => `--exclude=${pattern}`),
    ...(request.dryRun ? ["--dry-run"] : []),
    "--",
    ...request.targets,
  ];
}

/** Takes in the output of `restic backup --json` line by line. Lines that are not restic's are kept for the tail. */
export function collectBackup(onProgress: (progress: ResticProgress) => void) {
  const tail: string[] = [];
  let summary: ResticSummary | null = null;
  let understood = 0;
  let unread = 0;
  let problem: string | null = null;

  const keep = (text: string) => {
    if (text.trim() === "") return;
    tail.push(text);
    if (tail.length > tailLines) tail.shift();
  };
  const countUnread = (text: string) => {
    unread += 1;
    problem ??= text;
    keep(text);
  };

  return {
    onStdoutLine(text: string): void {
      const line = parseResticLine(text);
      if (line === null) keep(text);
      else understood += 1;
      if (line?.type === "status") onProgress(line.progress);
      if (line?.type === "summary") summary = line.summary;
    },

    onStderrLine(text: string): void {
      const line = parseResticLine(text);
      if (line?.type === "error") countUnread(line.message);
      // 0.14 and 0.18 end with 0 when one of several sources is missing.
      else if (/ does not exist, skipping$/.test(text)) countUnread(text);
      else if (line?.type === "exit_error") keep(line.message);
      else if (line === null) keep(text);
    },

    /**
     * @param exitCode 0, or 3 when something could not be read
     * @throws StepError `unknown` when nothing was understood, `empty_artifact` when restic ended without a summary
     */
    report(exitCode: 0 | 3): BackupReport {
      const said = { tail: tail.join("\n"), exitCode };
      if (summary === null && understood === 0) {
        throw new StepError("unknown", "restic printed something that is not JSON instead of what it backed up", {
          ...said,
          advice: "see that the program called restic is restic itself, 0.14 or newer",
        });
      }
      if (summary === null) {
        throw new StepError("empty_artifact", "restic ended well, but without saying what it backed up", {
          ...said,
          advice: "see that the program called restic is restic itself, and what restic snapshots lists",
        });
      }
      return { summary, unread: exitCode === 3 ? Math.max(1, unread) : unread, problem, tail: said.tail };
    },
  };
}
