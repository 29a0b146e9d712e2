import type { AnomalyStatus, BackupStatus, JobStatus, SubjectStatus } from "../engine/status.ts";
import type { FilesystemStatus } from "../engine/status-filesystems.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import type { Invocation } from "./command.ts";
import { proofText } from "./terminal/proof.ts";
import { createStyle, type Style } from "./terminal/style.ts";
import { formatTable } from "./terminal/table.ts";
import { makeVisible } from "./terminal/text.ts";
import { wrap } from "./terminal/wrap.ts";

export interface StatusView {
  readonly host: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly jobs: readonly JobStatus[];
  /** What the ledger does not know yet, as `keptAsideSentence` has it; empty: nothing. */
  readonly keptAside: string;
  readonly subjects: readonly SubjectStatus[];
  readonly backups: readonly BackupStatus[];
  readonly anomalies: readonly AnomalyStatus[];
  /** Those in trouble. */
  readonly filesystems: readonly FilesystemStatus[];
  readonly problems: readonly { readonly collector: string; readonly message: string }[];
}

/** The tables of `pantheros status`; a section without rows is left out. */
export function statusText(view: StatusView, invocation: Pick<Invocation, "stdout" | "environment">): string {
  const style = createStyle(invocation.stdout, invocation.environment);
  const width = invocation.stdout.columns;
  const sections = [
    view.jobs.length > 0 && formatTable(jobTable(view, style, width)),
    view.jobs.length > 0 && isNarrow(width) && becauseLines(view, width),
    view.keptAside !== "" && lines(makeVisible(view.keptAside), width).map(style.bad).join("\n"),
    view.jobs.some(({ unattended }) => unattended) && unattendedLines(view, style, width),
    view.subjects.length > 0 && formatTable(subjectTable(view, style, width)),
    view.backups.length > 0 && formatTable(backupTable(view, style, width)),
    view.anomalies.length > 0 && formatTable(anomalyTable(view, style, width)),
    view.filesystems.length > 0 && filesystemLines(view, style),
    ...view.problems.map(({ collector, message }) => style.bad(`collector ${collector}: ${message}`)),
  ];
  return sections
    .filter((section) => section !== false)
    .filter((section) => section !== "")
    .map((section) => section.trimEnd())
    .join("\n\n");
}

/** Beside so much else a reason would be a word or two: it stands below the table, whole. */
function isNarrow(width: number | undefined): width is number {
  return width !== undefined && width < 120;
}

const lines = (text: string, width: number | undefined, first = "", others = "  ") =>
  wrap(text, width ?? Number.POSITIVE_INFINITY, first, others);

function becauseLines({ jobs }: StatusView, width: number): string {
  return jobs
    .flatMap((job) => {
      const because = becauseOf(job);
      return because === "" ? [] : lines(makeVisible(`${job.job}: ${because}`), width);
    })
    .join("\n");
}

/** What is said of the last run is not said of the one that runs now. */
function becauseOf({ running, lastRun: last }: JobStatus): string {
  return running ? "" : (last?.message ?? "");
}

function unattendedLines({ jobs }: StatusView, style: Style, width: number | undefined): string {
  const names = jobs.filter(({ unattended }) => unattended).map(({ job }) => job);
  const arrow = style.isUnicode ? "→" : "->";
  return [
    ...lines(`nobody starts ${names.join(", ")}: scheduler is internal, and no engine runs`, width).map(style.bad),
    ...lines(
      "as a service: pantheros up --help; or scheduler: external, and a timer or cron",
      width,
      `  ${arrow} `,
      "    ",
    ),
  ].join("\n");
}

function filesystemLines({ filesystems }: StatusView, style: Style): string {
  const lines = filesystems.map(({ device, troubles }) =>
    style.bad(makeVisible(`filesystem ${device}: ${troubles.join(", ")}`)),
  );
  return [...lines, `  ${style.isUnicode ? "→" : "->"} pantheros disks`].join("\n");
}

function jobTable({ jobs, at }: StatusView, style: Style, width: number | undefined) {
  return {
    width,
    style,
    columns: [
      { title: "job" },
      { title: "last run" },
      { title: "last success" },
      { title: "due", grow: isNarrow(width) },
      ...(isNarrow(width) ? [] : [{ title: "because", grow: true }]),
    ],
    rows: jobs.map((job) => [
      job.job,
      lastRun(job, at, style),
      ago(job.lastSuccessAt, at, style),
      due(job, at, style),
      ...(isNarrow(width) ? [] : [becauseOf(job)]),
    ]),
  };
}

function lastRun({ running, lastRun: last, consecutiveFailures }: JobStatus, at: number, style: Style): string {
  if (running?.lost) return style.bad("process gone: pantheros reconcile");
  if (running) {
    const progress = running.progress === null ? "" : ` ${Math.round(running.progress * 100)} %`;
    return style.bold(`running for ${formatDuration(at - running.since)}${progress}`);
  }
  if (!last) return style.warn("never");
  const text = `${last.outcome}${last.reason ? `/${last.reason}` : ""}`;
  const times = consecutiveFailures > 1 ? ` ×${consecutiveFailures}` : "";
  const colour = last.outcome === "success" ? style.good : last.outcome === "failed" ? style.bad : style.warn;
  return `${colour(text + times)}, ${formatDuration(at - last.finishedAt)} ago`;
}

const counted = { clock: "", awake: " awake", unjournaled: " by the clock: no engine journals when it sleeps" };

function due({ nextRunAt, overdueSeconds, overdueBy, unattended }: JobStatus, at: number, style: Style): string {
  if (overdueSeconds === null) return style.dim("no schedule");
  if (overdueSeconds > 0) return style.bad(`overdue for ${formatDuration(overdueSeconds)}${counted[overdueBy]}`);
  // It comes after another job, and that one is in time as well.
  if (nextRunAt === null) return style.dim("in time");
  const text = `in ${formatDuration(nextRunAt - at)}`;
  return unattended ? style.warn(`${text}, by nobody`) : text;
}

function subjectTable({ subjects, at }: StatusView, style: Style, width: number | undefined) {
  return {
    width,
    style,
    columns: [
      { title: "what" },
      { title: "seen", align: "right" as const },
      { title: "newest" },
      { title: "retention" },
      { title: "looked", grow: true },
    ],
    rows: subjects.map((subject) => [
      `${subject.kind} ${subject.name}`,
      subject.artifacts === null ? style.warn("unknown") : String(subject.artifacts),
      subject.artifacts === null ? style.warn("unknown") : newest(subject, at, style),
      retention(subject, style),
      subject.observedAt === null
        ? style.warn("never: run pantheros collect")
        : `${formatDuration(at - subject.observedAt)} ago`,
    ]),
  };
}

/** What lies at a destination is dated by the jobs that put it there, in the table below. */
function newest({ kind, newestAt }: SubjectStatus, at: number, style: Style): string {
  return kind === "destination" && newestAt === null ? "" : ago(newestAt, at, style);
}

function retention({ policy, compliant, missing, excess }: SubjectStatus, style: Style): string {
  if (policy === null) return style.dim("nothing promised");
  if (compliant === null) return style.warn(`${policy}: unknown`);
  if (compliant) return style.good(`${policy}: kept`);
  const faults = [missing ? `${missing} missing` : null, excess ? `${excess} too many` : null];
  return style.bad(`${policy}: ${faults.filter((fault) => fault !== null).join(", ")}`);
}

function backupTable({ backups, at }: StatusView, style: Style, width: number | undefined) {
  return {
    width,
    style,
    columns: [
      { title: "backup" },
      { title: "at" },
      { title: "newest" },
      { title: "size", align: "right" as const },
      { title: "seen by others", grow: true },
    ],
    rows: backups.map(({ job, target, newestAt, bytes, proof }) => [
      job,
      target,
      ago(newestAt, at, style),
      bytes === null ? "" : formatBytes(bytes),
      proofText(proof, style),
    ]),
  };
}

function anomalyTable({ anomalies }: StatusView, style: Style, width: number | undefined) {
  return {
    width,
    style,
    columns: [{ title: "unlike its history" }, { title: "at" }, { title: "last backup", grow: true }, { title: "run" }],
    rows: anomalies.map(({ job, target, sentence, runId }) => [job, target, style.bad(sentence), runId]),
  };
}

function ago(time: number | null, at: number, style: Style): string {
  return time === null ? style.warn("never") : `${formatDuration(at - time)} ago`;
}
