import type { DiskReport } from "../collectors/disk-report.ts";
import type { BtrfsHealth } from "../model/btrfs/health.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import type { Invocation } from "./command.ts";
import { createStyle, type Style } from "./terminal/style.ts";
import { formatTable } from "./terminal/table.ts";
import { makeVisible } from "./terminal/text.ts";

export interface DisksView {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly disks: readonly DiskReport[];
  /** Paths of the configuration that lead to no filesystem. */
  readonly problems: readonly string[];
}

/** The table of `pantheros disks`, and below it what is wrong, what mends it, and what is not known. */
export function disksText(view: DisksView, invocation: Pick<Invocation, "stdout" | "environment">): string {
  const style = createStyle(invocation.stdout, invocation.environment);
  const table = formatTable({
    width: invocation.stdout.columns,
    style,
    columns: [
      { title: "filesystem" },
      { title: "devices", grow: true },
      { title: "used", align: "right" },
      { title: "of", align: "right" },
      { title: "unalloc.", align: "right" },
      { title: "metadata", align: "right" },
      { title: "errors", align: "right" },
      { title: "scrub" },
      { title: "runs" },
    ],
    rows: view.disks.map((disk) => rowOf(disk, view.at, style)),
  });
  const arrow = style.isUnicode ? "→" : "->";
  const told = (kind: "troubles" | "notes", paint: Style["bad"]) =>
    view.disks.flatMap(({ mountPoint, [kind]: found }) =>
      found.map(
        (each) => `  ${paint(makeVisible(`${mountPoint}: ${each.found}`))}\n    ${arrow} ${makeVisible(each.mend)}`,
      ),
    );
  const [troubles, notes] = [told("troubles", style.bad), told("notes", style.warn)];
  const unknown = [
    ...view.disks.flatMap(({ mountPoint, unknown: whys }) => whys.map((why) => `  ${mountPoint}: ${why}`)),
    ...view.problems.map((problem) => `  ${problem}`),
  ];
  return [
    table,
    ...(troubles.length > 0 ? [`What is wrong:\n${troubles.join("\n")}`] : []),
    ...(notes.length > 0 ? [`What should be done:\n${notes.join("\n")}`] : []),
    ...(unknown.length > 0
      ? [`What is not known:\n${unknown.map((line) => style.warn(makeVisible(line))).join("\n")}`]
      : []),
  ].join("\n\n");
}

function rowOf(disk: DiskReport, at: number, style: Style): string[] {
  const { mountPoint, type, device, sizeBytes, usage, health } = disk;
  const unknown = style.warn("unknown");
  const bytes = (count: number | null) => (count === null ? unknown : formatBytes(count));
  const used = usage === null ? unknown : percent(usage);
  const row = [mountPoint, health === null ? `${device} (${type})` : devicesOf(health, style), used, bytes(sizeBytes)];
  if (health === null) return row;
  const { unallocatedBytes, metadataPressure, operation } = health;
  return [
    ...row,
    bytes(unallocatedBytes),
    metadataPressure === null ? unknown : percent(metadataPressure),
    errorsOf(health, style),
    scrubOf(disk, at, style),
    operation === null ? unknown : operation === "none" ? "" : style.bold(operation),
  ];
}

function devicesOf({ device, devices }: BtrfsHealth, style: Style): string {
  if (devices === null) return `${device}, ${style.warn("others unknown")}`;
  const names = devices.map(({ path, isMissing, devid }) =>
    isMissing ? style.bad(`${devid} missing`) : (path ?? `device ${devid}`),
  );
  return names.join(", ");
}

function errorsOf({ devices }: BtrfsHealth, style: Style): string {
  const counts = (devices ?? []).flatMap(({ errors }) => Object.values(errors));
  if (counts.length === 0) return style.warn("unknown");
  const sum = counts.reduce((total, count) => total + count, 0);
  return sum > 0 ? style.bad(String(sum)) : "0";
}

function scrubOf({ scrub }: DiskReport, at: number, style: Style): string {
  if (scrub === null) return style.warn("unknown");
  const { state, wholeSince, errors } = scrub;
  const found = errors === null ? 0 : Object.values(errors).reduce((sum, count) => sum + count, 0);
  const ago = wholeSince === null ? "" : `${formatDuration(Math.max(0, at - wholeSince))} ago`;
  const said = state === "finished" ? ago || "finished" : [state, ago && `whole ${ago}`].filter(Boolean).join(", ");
  const text = `${said}${found > 0 ? `, ${found} errors` : ""}`;
  return state === "finished" && found === 0 ? text : style.warn(text);
}

/** Never rounded up to full, nor down to nothing. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return "<1 %";
  return `${Math.floor(share * 100)} %`;
}
