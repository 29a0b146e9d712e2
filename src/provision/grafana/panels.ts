import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { FieldColorBuilder, FieldColorModeId, MappingType } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TextPanel } from "@grafana/grafana-foundation-sdk/text";
import { PanelBuilder as Graph } from "@grafana/grafana-foundation-sdk/timeseries";
import { type AnyExpression, choosing, hasLabel } from "../../model/alert/expression.ts";
import type { Bars, Single, States, Text, Timeseries } from "../../model/dashboard/widget.ts";
import { promqlDuration } from "../prometheus/promql.ts";
import { thresholds, toneColors, unitIds, yesOrNo } from "./look.ts";
import { legend, now, overTime, shownByGrafana, stateQuery } from "./query.ts";

/** What is shown of a counter that has not grown: nothing has happened. */
const nothing = "none";
const isIncrease = (value: AnyExpression) => value.kind === "increase";
const lastValue = () => new ReduceDataOptionsBuilder().calcs(["lastNotNull"]);

export function single({ value, judgement }: Single, chosen: readonly string[]): Stat {
  const panel = new Stat()
    .withTarget(now(shownByGrafana(choosing(chosen, value))))
    .unit(unitIds[value.unit])
    .thresholds(thresholds(judgement, value.unit))
    .reduceOptions(lastValue())
    .graphMode(BigValueGraphMode.None)
    .colorMode(judgement === null ? BigValueColorMode.Value : BigValueColorMode.Background);
  if (value.unit === "count") panel.decimals(0);
  if (value.unit === "boolean") panel.mappings([yesOrNo]);
  return isIncrease(value) ? panel.noValue(nothing) : panel;
}

export function bars({ value, judgement }: Bars, chosen: readonly string[]): BarGauge {
  const query = now(`sort_desc(${shownByGrafana(choosing(chosen, value))})`);
  const panel = new BarGauge()
    .withTarget(query.legendFormat(legend(value.by)))
    .unit(unitIds[value.unit])
    .min(0)
    .thresholds(thresholds(judgement, value.unit, judgement === null ? "semi-dark-blue" : undefined))
    .reduceOptions(lastValue())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic);
  if (value.unit === "ratio") panel.max(1);
  if (value.unit === "count") panel.decimals(0);
  return isIncrease(value) ? panel.noValue(nothing) : panel;
}

export function timeseries({ lines, drawn, judgement }: Timeseries, chosen: readonly string[]): Graph {
  const unit = lines[0]?.value.unit ?? "count";
  const style = judgement === null ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed;
  const panel = new Graph()
    .unit(unitIds[unit])
    .min(0)
    .thresholds(thresholds(judgement, unit, "transparent"))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(style))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(drawn === "bars" ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(drawn === "lines" ? 0 : 40)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(drawn === "lines" ? StackingMode.None : StackingMode.Normal))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (unit === "count") panel.decimals(0);
  for (const [index, { name, value }] of lines.entries()) {
    const query = overTime(shownByGrafana(choosing(chosen, value)), index);
    panel.withTarget(query.legendFormat(legend(value.by, name)));
  }
  // A bar for each stretch, none counted twice.
  const windows = lines.flatMap(({ value }) => (value.kind === "increase" ? [value.within] : []));
  return drawn === "bars" && windows.length > 0 ? panel.interval(promqlDuration(Math.max(...windows))) : panel;
}

export function states(widget: States, chosen: readonly string[]): StateTimeline {
  const own = chosen.filter((label) => hasLabel(widget.metric, label));
  const first = widget.label === null ? 0 : 1;
  const options = Object.entries(widget.states).map(([text, tone], index) => {
    return [String(first + index), { text, color: toneColors[tone], index }] as const;
  });
  return new StateTimeline()
    .withTarget(overTime(stateQuery(widget, own)).legendFormat(legend(widget.by)))
    .mappings([{ type: MappingType.ValueToText, options: Object.fromEntries(options) }])
    .thresholds(thresholds(null, "status"))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .fillOpacity(80)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    );
}

export function text({ markdown }: Text): TextPanel {
  return new TextPanel().content(markdown).transparent(true);
}
