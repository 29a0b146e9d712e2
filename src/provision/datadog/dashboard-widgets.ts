import { type AnyExpression, choosing } from "../../model/alert/expression.ts";
import type { Bars, Single, States, Table, Text, Timeseries, Tone, Widget } from "../../model/dashboard/widget.ts";
import type { JsonValue } from "../../model/measurement.ts";
import type { Body } from "../resource.ts";
import { asScalar, asTimeseries, ownTime, shownLevel } from "./dashboard-request.ts";

/** More groups than anybody reads; Datadog shows 10 without being asked. */
const mostRows = 50;

/** The definition of a widget, https://docs.datadoghq.com/dashboards/widgets/ */
export function widgetDefinition(widget: Widget, chosen: readonly string[]): Body {
  switch (widget.kind) {
    case "single":
      return single(widget, chosen);
    case "bars":
      return bars(widget, chosen);
    case "timeseries":
      return timeseries(widget, chosen);
    case "states":
      return states(widget, chosen);
    case "table":
      return table(widget, chosen);
    case "text":
      return text(widget);
  }
}

/** Columns that Datadog can show: it has no way to say how long ago a moment was. */
export function shownColumns({ columns }: Table): Table["columns"] {
  return columns.filter(({ value }) => value.unit !== "timestamp");
}

function single({ value, judgement, ...widget }: Single, chosen: readonly string[]): Body {
  const { queries, formula } = asScalar(choosing(chosen, value), judgement);
  return {
    ...head("query_value", widget, [value]),
    autoscale: true,
    precision: value.unit === "count" || value.unit === "boolean" ? 0 : 2,
    requests: [{ response_format: "scalar", queries: [...queries], formulas: [formula] }],
  };
}

function bars({ value, judgement, ...widget }: Bars, chosen: readonly string[]): Body {
  const { queries, formula } = asScalar(choosing(chosen, value), judgement);
  const sort = { count: mostRows, order_by: [{ type: "formula", index: 0, order: "desc" }] };
  return {
    ...head("toplist", widget, [value]),
    requests: [{ response_format: "scalar", queries: [...queries], formulas: [formula], sort }],
  };
}

function table(widget: Table, chosen: readonly string[]): Body {
  const { by, first, opens } = widget;
  const shown = shownColumns(widget);
  const queries: Body[] = [];
  const formulas = shown.map(({ title, value, judgement }): Body => {
    const asked = asScalar(choosing(chosen, value), judgement, queries.length);
    queries.push(...asked.queries);
    return { alias: title, cell_display_mode: "number", ...asked.formula };
  });
  const order = first === "greatest" ? "desc" : "asc";
  const sort = { count: mostRows, order_by: [{ type: "formula", index: 0, order }] };
  const values = shown.map(({ value }) => value);
  return {
    ...head("query_table", widget, values),
    has_search_bar: "auto",
    requests: [{ response_format: "scalar", queries, formulas, sort }],
    ...(opens === null ? {} : { custom_links: [linkTo(opens, by)] }),
  };
}

/** The other dashboard with what is in the row chosen there; `{{id}}` becomes what Datadog knows it by. */
function linkTo(opens: string, by: readonly string[]): Body {
  const chosen = by.map((label) => `tpl_var_${label}={{${label}.value}}`).join("&");
  return { label: `Open ${opens.replaceAll("-", " ")}`, link: `/dashboard/{{${opens}}}?${chosen}` };
}

function timeseries({ lines, drawn, judgement, ...widget }: Timeseries, chosen: readonly string[]): Body {
  const requests = lines.map(({ name, value }): Body => {
    const { queries, formula } = asTimeseries(choosing(chosen, value));
    return request(queries, name === null ? formula : { ...formula, alias: name }, drawn);
  });
  const of = lines[0]?.value;
  const markers = of === undefined || judgement === null ? [] : markersOf(of, judgement.levels);
  return { ...graph(widget), requests, ...(markers.length === 0 ? {} : { markers }) };
}

/** Datadog draws no states of metrics: it shows how many are in each, or what of yes and no is wrong. */
function states(widget: States, chosen: readonly string[]): Body {
  return widget.label === null ? wrongs(widget, chosen) : inEach(widget, widget.label, chosen);
}

/** The worst at the bottom, where it is seen first. */
function inEach({ metric, states: tones, ...widget }: States, label: string, chosen: readonly string[]): Body {
  const queries: Body[] = [];
  const worstFirst = Object.entries(tones).toSorted(([, a], [, b]) => order.indexOf(a) - order.indexOf(b));
  const formulas = worstFirst.map(([state, tone]): Body => {
    const value: AnyExpression = {
      ...{ kind: "current", metric, unit: "boolean", across: "sum", by: [] },
      ...{ where: { [label]: [state] }, without: {} },
    };
    const asked = asTimeseries(choosing(chosen, value), queries.length);
    queries.push(...asked.queries);
    return { ...asked.formula, alias: state, style: { palette: linePalettes[tone], palette_index: 4 } };
  });
  return { ...graph(widget), requests: [{ ...request(queries, {}, "bars"), formulas }] };
}

/** Everything that is well would lie on one line at the top; what is not is a bar with its name. */
function wrongs({ metric, by, states: tones, ...widget }: States, chosen: readonly string[]): Body {
  const value: AnyExpression = { kind: "current", metric, unit: "boolean", across: "min", by, where: {}, without: {} };
  const isYesBad = tones["yes"] === "bad";
  const { queries, formula } = asTimeseries(choosing(chosen, { ...value, across: isYesBad ? "max" : "min" }));
  const bad = isYesBad ? formula["formula"] : `1 - ${String(formula["formula"])}`;
  const tells = `${widget.tells} A bar is one that is ${isYesBad ? "" : "not "}so: none is good.`;
  const bars = request(queries, { ...formula, formula: bad ?? "" }, "bars");
  return { ...graph({ ...widget, tells }), requests: [{ ...bars, style: { ...style, palette: "warm" } }] };
}

const order: readonly Tone[] = ["bad", "odd", "good", "idle"];
/** https://docs.datadoghq.com/dashboards/guide/widget_colors/ */
const linePalettes: Readonly<Record<Tone, string>> = { bad: "red", odd: "orange", good: "green", idle: "gray" };

function text({ markdown }: Text): Body {
  return { type: "note", content: markdown, background_color: "white", font_size: "14", show_tick: false };
}

const style = { palette: "dog_classic", line_type: "solid", line_width: "normal" };

function request(queries: readonly Body[], formula: Body, drawn: Timeseries["drawn"]): Body {
  const displays = { lines: "line", areas: "area", bars: "bars" } as const;
  return {
    response_format: "timeseries",
    queries: [...queries],
    formulas: [formula],
    display_type: displays[drawn],
    style,
  };
}

function markersOf(value: AnyExpression, { critical, warning }: { critical?: number; warning?: number }): JsonValue[] {
  const marker = (level: number | undefined, kind: string): JsonValue[] =>
    level === undefined ? [] : [{ value: `y = ${shownLevel(value, level)}`, display_type: `${kind} dashed` }];
  return [...marker(critical, "error"), ...marker(warning, "warning")];
}

function graph(widget: { readonly title: string; readonly tells: string }): Body {
  return {
    ...head("timeseries", widget, []),
    show_legend: true,
    legend_layout: "auto",
    legend_columns: ["value", "max"],
    yaxis: { include_zero: true },
  };
}

function head(type: string, { title, tells }: Pick<Widget, "title" | "tells">, values: readonly AnyExpression[]): Body {
  const time = ownTime(values);
  return { type, title, description: tells, ...(time === null ? {} : { time }) };
}
