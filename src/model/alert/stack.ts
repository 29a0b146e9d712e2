import type { Quantity } from "./measure.ts";

/** What differs between the systems that are watched; the alerts are the same. */
export interface Thresholds {
  /** No success of a job for longer than this. */
  readonly sinceSuccess: Quantity<"seconds">;
  readonly snapshotAge: Quantity<"seconds">;
  readonly diskUsage: Quantity<"ratio">;
  readonly budgetWarning: Quantity<"ratio">;
  readonly budgetCritical: Quantity<"ratio">;
  /** Failed runs in a row. */
  readonly failures: Quantity<"count">;
  /** Since the last successful restore. */
  readonly drillAge: Quantity<"seconds">;
  /** Since what is stored was last read back and found whole. */
  readonly checkAge: Quantity<"seconds">;
  readonly scrubAge: Quantity<"seconds">;
  readonly lockAge: Quantity<"seconds">;
}

/** Who is told: all by mail, of what is critical the chat, of production hosts' critical ones whoever is on call. */
export interface Routes {
  readonly email: readonly string[];
  readonly chat: readonly string[];
  readonly onCall: readonly string[];
  /** Hosts whose critical alerts call somebody. */
  readonly production: readonly string[];
}

/** Some hosts, or all but some. */
export type Hosts = { readonly only: readonly string[] } | { readonly except: readonly string[] };

/** One set of alerts that is provisioned together and owned by its name. */
export interface Stack {
  readonly name: string;
  /** Whom it is about. Where several stacks say so, no host is in two of them. @default every host */
  readonly hosts?: Hosts;
  readonly thresholds: Thresholds;
  readonly routes: Routes;
  /** Address of the page that has a section for each alert. @default nobody knows: alerts name the section and link to nothing */
  readonly runbooks?: string | undefined;
}
