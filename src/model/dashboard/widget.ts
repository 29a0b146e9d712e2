import type { AnyExpression, Expression, GaugeName, LabelOf, UnitOf } from "../alert/expression.ts";
import type { Unit } from "../alert/measure.ts";
import type { ValueOf } from "../metrics.ts";
import { type Judged, type Judgement, judgement } from "./judgement.ts";

interface Frame {
  readonly title: string;
  /** What a person reads from it, and when it should worry them. */
  readonly tells: string;
  /** Twelfths of the page's width. */
  readonly width: number;
  /** Rows; a number needs 2, a graph 4. */
  readonly height: number;
}

/** Values over time; all of one unit. */
export interface Timeseries extends Frame {
  readonly kind: "timeseries";
  readonly lines: readonly Line[];
  /** Areas are stacked. Bars are for increases: one for each stretch of time. */
  readonly drawn: "lines" | "areas" | "bars";
  readonly judgement: Judgement | null;
}

export interface Line {
  /** Stands before the labels of a group; null: the labels say it all. */
  readonly name: string | null;
  readonly value: AnyExpression;
}

/** One number for everything that is chosen. */
export interface Single extends Frame {
  readonly kind: "single";
  readonly value: AnyExpression;
  readonly judgement: Judgement | null;
}

/** A bar for each group, the greatest first. */
export interface Bars extends Frame {
  readonly kind: "bars";
  readonly value: AnyExpression;
  readonly judgement: Judgement | null;
}

/** A row for each group, sorted by the first column. */
export interface Table extends Frame {
  readonly kind: "table";
  readonly by: readonly string[];
  readonly columns: readonly AnyColumn[];
  readonly first: "greatest" | "least";
  /** Id of the dashboard that a row leads to, with what is in it chosen there; null: none. */
  readonly opens: string | null;
}

export interface AnyColumn {
  readonly title: string;
  readonly value: AnyExpression;
  readonly judgement: Judgement | null;
}

/** Which of several states holds, over time, for each group. */
export interface States extends Frame {
  readonly kind: "states";
  readonly metric: GaugeName;
  /** The label that names the state, where 1 says which one holds; null: the metric itself is yes or no. */
  readonly label: string | null;
  readonly by: readonly string[];
  /** Value of the label, or `yes` and `no` → how it is to be seen. */
  readonly states: Readonly<Record<string, Tone>>;
}

export type Tone = "good" | "odd" | "bad" | "idle";

/** Markdown. */
export interface Text extends Frame {
  readonly kind: "text";
  readonly markdown: string;
}

export type Widget = Timeseries | Single | Bars | Table | States | Text;

interface Placed {
  readonly title: string;
  readonly tells: string;
  readonly width?: number;
  readonly height?: number;
}

/** @param widget `lines`: the first one says the unit of all. @default drawn as lines, half of the page wide */
export function timeseries<U extends Unit>(
  widget: Placed & {
    readonly lines: readonly [LineOf<U>, ...LineOf<NoInfer<U>>[]];
    readonly drawn?: Timeseries["drawn"];
    readonly judged?: Judged<NoInfer<U>>;
  },
): Timeseries {
  const { judged, drawn = "lines" } = widget;
  return { kind: "timeseries", ...frame(widget, 6, 4), lines: widget.lines, drawn, judgement: judgementOf(judged) };
}

interface LineOf<U extends Unit> extends Line {
  readonly value: AnyExpression & { readonly unit: U };
}

export function line<U extends Unit, L extends string>(value: Expression<U, L>, name?: string): LineOf<U> {
  return { name: name ?? null, value };
}

/** @param widget `value`: one number, so grouped by nothing. @default a sixth of the page wide */
export function single<U extends Unit>(
  widget: Placed & { readonly value: Expression<U, never>; readonly judged?: Judged<NoInfer<U>> },
): Single {
  return {
    kind: "single",
    ...frame(widget, 2, 2),
    value: widget.value,
    judgement: judgementOf(widget.judged),
  };
}

/** @default a third of the page wide */
export function bars<U extends Unit, L extends string>(
  widget: Placed & { readonly value: Expression<U, L>; readonly judged?: Judged<NoInfer<U>> },
): Bars {
  return { kind: "bars", ...frame(widget, 4, 4), value: widget.value, judgement: judgementOf(widget.judged) };
}

interface Column<L extends string> extends AnyColumn {
  readonly grouping?: (label: L) => L;
}

export function column<U extends Unit, L extends string>(
  title: string,
  value: Expression<U, L>,
  judged?: Judged<NoInfer<U>>,
): Column<L> {
  return { title, value, judgement: judgementOf(judged) };
}

/**
 * All columns have the same groups. A moment in time is shown by Grafana alone, so it cannot be the first column.
 * @default as wide as the page, the greatest first
 */
export function table<L extends string>(
  widget: Placed & {
    readonly columns: readonly [Column<L>, ...Column<NoInfer<L>>[]];
    readonly first?: Table["first"];
    readonly opens?: string;
  },
): Table {
  const { columns, first = "greatest", opens = null } = widget;
  return { kind: "table", ...frame(widget, 12, 4), by: columns[0].value.by, columns, first, opens };
}

/** The metrics that are 0 or 1. */
export type YesNoName = { [M in GaugeName]: UnitOf<M> extends "boolean" ? M : never }[GaugeName];

/** Of a metric that has one series for each state, and 1 in the one that holds. @default as wide as the page */
export function states<M extends YesNoName, S extends LabelOf<M>, L extends Exclude<LabelOf<M>, S>>(
  widget: Placed & {
    readonly metric: M;
    readonly label: S;
    readonly by: readonly L[];
    readonly states: { readonly [V in ValueOf<M, S>]?: Tone };
  },
): States {
  const { metric, label, by } = widget;
  return { kind: "states", ...frame(widget, 12, 4), metric, label, by, states: widget.states as States["states"] };
}

/** Of a metric that is yes or no. @default as wide as the page, and yes is good */
export function yesNo<M extends YesNoName, L extends LabelOf<M>>(
  widget: Placed & { readonly metric: M; readonly by: readonly L[]; readonly yes?: Tone; readonly no?: Tone },
): States {
  const { metric, by, yes = "good", no = "bad" } = widget;
  return { kind: "states", ...frame(widget, 12, 4), metric, label: null, by, states: { no, yes } };
}

export function text(markdown: string, height = 1): Text {
  return { kind: "text", title: "", tells: "", width: 12, height, markdown };
}

function frame({ title, tells, width, height }: Placed, usualWidth: number, usualHeight: number): Frame {
  return { title, tells, width: width ?? usualWidth, height: height ?? usualHeight };
}

function judgementOf<U extends Unit>(judged: Judged<U> | undefined): Judgement | null {
  return judged === undefined ? null : judgement(judged);
}
