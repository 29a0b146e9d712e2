import type { JobDay } from "../../model/objective/month-report.ts";
import type { Day } from "../../model/time/month.ts";

/** What is drawn: as a picture in HTML, as a line of characters in Markdown. */
export type Plot = RecoveryPlot | BytesPlot | CalendarPlot;

interface Drawn {
  /** Unique in its document, letters, digits and dashes. */
  readonly id: string;
  readonly title: string;
  /** What it shows, for who cannot see it. */
  readonly description: string;
  readonly days: readonly Day[];
}

/** How old the newest data was, with the promise as a line. */
export interface RecoveryPlot extends Drawn {
  readonly kind: "recovery";
  /** Seconds, in equal parts of the time; null: unknown. */
  readonly curve: readonly (number | null)[];
  /** Share of the month that the curve covers. */
  readonly covers: number;
  /** Seconds. */
  readonly promised: number;
}

/** The largest backup of each day; null: none had a size. */
export interface BytesPlot extends Drawn {
  readonly kind: "bytes";
  readonly bytes: readonly (number | null)[];
}

/** How the runs of each job ended, day by day; null: the month had not come to it. */
export interface CalendarPlot extends Drawn {
  readonly kind: "calendar";
  readonly jobs: readonly { readonly job: string; readonly days: readonly (JobDay | null)[] }[];
}
