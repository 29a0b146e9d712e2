import { TableSortByFieldStateBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/table";
import { choosing } from "../../model/alert/expression.ts";
import type { Table } from "../../model/dashboard/widget.ts";
import { cellLook } from "./look.ts";
import { datasource, refId, rows, shownByGrafana } from "./query.ts";

/** @param pathOf where the dashboard of an id is found */
export function table(widget: Table, chosen: readonly string[], pathOf: (id: string) => string): PanelBuilder {
  const { columns, by, first, opens } = widget;
  const titles = columns.map(({ title }) => title);
  const panel = new PanelBuilder().filterable(true).noValue("");
  for (const [index, { value }] of columns.entries()) {
    panel.withTarget(rows(shownByGrafana(choosing(chosen, value)), index));
  }
  if (columns.length > 1) panel.withTransformation({ id: "merge", options: {} });
  panel.withTransformation({ id: "organize", options: organized(by, titles) });
  for (const { title, value, judgement } of columns) panel.overrideByName(title, cellLook(value.unit, judgement));
  const [sorted = ""] = titles;
  panel.sortBy([new TableSortByFieldStateBuilder().displayName(sorted).desc(first === "greatest")]);
  const led = by.at(-1);
  if (opens !== null && led !== undefined) {
    const url = `${pathOf(opens)}?\${__url_time_range}&var-datasource=${datasource.uid}&${by.map(chosenInRow).join("&")}`;
    panel.overrideByName(led, [{ id: "links", value: [{ title: `Open ${opens.replaceAll("-", " ")}`, url }] }]);
  }
  return panel;
}

const chosenInRow = (label: string) => `var-${label}=\${__data.fields["${label}"]:percentencode}`;

/** Labels first, then the values under their titles; the time of the query says nothing. */
function organized(by: readonly string[], titles: readonly string[]) {
  const fieldOf = (index: number) => (titles.length > 1 ? `Value #${refId(index)}` : "Value");
  const values = titles.map((title, index) => [fieldOf(index), title] as const);
  const order = [...by, ...values.map(([field]) => field)];
  return {
    excludeByName: { Time: true },
    indexByName: Object.fromEntries(order.map((field, index) => [field, index])),
    renameByName: Object.fromEntries(values),
  };
}
