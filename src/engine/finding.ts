/** One thing that was looked at on this host. */
export interface Finding {
  readonly what: string;
  /** `problem`: a job could not run now. */
  readonly state: "ok" | "warning" | "problem";
  readonly found: string;
  /** The command or setting that mends it. */
  readonly mend?: string;
}
