import type { JobConfig } from "./schema.ts";

/** Zone in which the days of a job begin: its own, else the configuration's, else the host's. IANA name. */
export function timezoneOf(
  job: Pick<JobConfig, "timezone"> | undefined,
  { timezone }: { readonly timezone?: string | undefined },
): string {
  return job?.timezone ?? timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
