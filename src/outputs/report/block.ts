import type { Verdict } from "../../model/objective/objective.ts";
import type { Outcome } from "../../model/run/outcome.ts";
import type { Plot } from "./plot.ts";

/** A piece of a sentence. Texts are plain: each rendering escapes them in its own way. */
export type Inline =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  | { readonly verdict: Verdict }
  | { readonly outcome: Outcome | null }
  /** A moment as `localTime` writes it: never broken into two lines. */
  | { readonly moment: string }
  /** A run by its id; it leads to the appendix when it is listed there. */
  | { readonly run: string }
  /** The place to which `run` leads. */
  | { readonly anchor: string };

export type Cell = readonly Inline[];

export interface ReportTable {
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly align?: "right" }[];
  /** Made row by row: there may be hundreds of thousands. */
  readonly rows: Iterable<readonly Cell[]>;
  /** Many narrow columns: smaller letters. */
  readonly dense?: boolean;
}

/** A report is a list of these, whatever it is rendered as. */
export type Block =
  | { readonly heading: string; readonly level: 1 | 2 | 3; readonly id: string }
  | { readonly paragraph: Cell }
  | { readonly list: readonly Cell[] }
  | { readonly facts: readonly (readonly [term: string, value: Cell])[] }
  | { readonly table: ReportTable }
  | { readonly plot: Plot };
