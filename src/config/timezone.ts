import type { JobConfig } from "./sections/jobs.ts";

/** Zone in which the days of a job begin: its own, else the configuration's, else the host's. IANA name. */
export function timezoneOf(
  job: Pick<JobConfig, "timezone"> | undefined,
  { timezone }: { readonly timezone?: string | undefined },
): string {
  return job?.timezone ?? timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The same as the variable TZ takes it, for a program. The host's own is not looked up by its name: that loads Node's tables of all zones, 15 ms.
 */
export function zoneForPrograms(
  job: Pick<JobConfig, "timezone"> | undefined,
  { timezone }: { readonly timezone?: string | undefined },
): string {
  return job?.timezone ?? timezone ?? process.env["TZ"] ?? "/etc/localtime";
}
