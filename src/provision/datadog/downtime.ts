import { byLastLine } from "../identity.ts";
import type { Body } from "../resource.ts";

/** Downtimes have no tags of their own: whose they are is the last line of their message. */
export const downtimeIdentity = byLastLine("message");

export interface DowntimeRequest {
  readonly job: string;
  /** Null: the job on every host. */
  readonly host: string | null;
  /** Seconds since the epoch. */
  readonly from: number;
  /** Seconds since the epoch; then it ends by itself. */
  readonly until: number;
  readonly why: string;
}

/** What it is known by: one for each job and host. */
export function downtimeMark({ job, host }: Pick<DowntimeRequest, "job" | "host">) {
  return { stack: host ?? "every-host", id: job };
}

/** Mutes our monitors – and no others – for one job, https://docs.datadoghq.com/api/latest/downtimes/ */
export function downtimeBody(request: DowntimeRequest): Body {
  const { job, host, from, until, why } = request;
  const body: Body = {
    message: why,
    monitor_tags: ["managed_by:pantheros"],
    scope: [...(host === null ? [] : [`host:${host}`]), `job:${job}`],
    start: from,
    end: until,
    timezone: "UTC",
  };
  return downtimeIdentity.write(body, { ...downtimeMark(request), applied: null });
}
