import type { AnyCondition, Severity, Silence, Threshold } from "../../src/model/alert/condition.ts";
import type { AnyExpression, Selecting } from "../../src/model/alert/expression.ts";
import type { Unit } from "../../src/model/alert/measure.ts";
import type { MetricDefinition } from "../../src/model/metrics/definition.ts";
import { type MetricName, metrics } from "../../src/model/metrics.ts";

/** One series as `promtool test rules` takes it, a value a minute. */
interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** A world, and at which minute the alert is to fire for its one group, or not. */
export interface Scenario {
  readonly name: string;
  /** What the alert has to say of its group while it fires; absent: its value is an estimate, or says nothing. */
  readonly value?: number;
  readonly series: readonly InputSeries[];
  readonly expected: readonly { readonly minute: number; readonly fires: boolean }[];
}

const host = `host="web1"`;
/** pantheros itself is heard of all the time: only then can a counter that appears be told from one that is seen for the first time. */
const alive = (minutes: number): InputSeries => ({
  series: `${metrics.buildInfo.prometheus}{${host}, version="1", node="24"}`,
  values: `1x${minutes}`,
});

/** Each condition at each of its levels: beyond, at the level, recovered, and never heard of. */
export function scenariosOf(condition: AnyCondition, severity: Severity): Scenario[] {
  if (condition.kind === "either") {
    return condition.of.flatMap((part, index) =>
      scenariosOf(part, severity).map((scenario) => ({ ...scenario, name: `part ${index + 1}: ${scenario.name}` })),
    );
  }
  if (condition.kind === "silence") return condition.severity === severity ? ofSilence(condition) : [];
  const level = condition.levels[severity];
  return level === undefined ? [] : ofThreshold(condition, level);
}

function ofThreshold(threshold: Threshold & AnyCondition, level: number): Scenario[] {
  const { value, is } = threshold;
  const lasting = Math.ceil(threshold.lasting / 60);
  if (value.kind === "increase") return ofIncrease(value, lasting);
  const step = Math.max(Math.abs(level) * 0.01, leastStep[value.unit] ?? 0.01);
  const beyond = is === "above" ? level + step : level - step;
  const fine = is === "above" ? level - step : level + step;
  const length = lasting + 30;
  const always = (at: number) => seriesOf(value, `${at}x${length}`, at);
  const recovering = seriesOf(value, `${at(value, beyond)}x${lasting + 5} ${at(value, fine)}x20`, null);
  const scenarios: readonly Scenario[] = [
    {
      name: "fires beyond its level once that has lasted, not before",
      series: always(beyond),
      expected: [...(lasting > 1 ? [{ minute: lasting - 1, fires: false }] : []), { minute: lasting + 1, fires: true }],
    },
    { name: "stays silent on the right side", series: always(fine), expected: [{ minute: lasting + 5, fires: false }] },
    {
      name: "stays silent at the level itself",
      series: always(level),
      expected: [{ minute: lasting + 5, fires: false }],
    },
    {
      name: "recovers",
      series: recovering,
      expected: [
        { minute: lasting + 2, fires: true },
        { minute: lasting + 12, fires: false },
      ],
    },
    {
      name: "goes on while pantheros is started anew and a scrape fails, and waits no longer for that",
      series: [
        ...seriesOf(value, `${at(value, beyond)}x4 stale _x6 ${at(value, beyond)}x${length}`, null),
        alive(length),
      ],
      expected: [
        ...(lasting < 9 ? [{ minute: 9, fires: true }] : []),
        { minute: Math.max(13, lasting + 1), fires: true },
      ],
    },
    {
      name: "says nothing more once its series is gone, as that of a job that was taken out of the configuration",
      series: [...seriesOf(value, `${at(value, beyond)}x${lasting + 5} stale`, null), alive(length)],
      expected: [
        { minute: lasting + 2, fires: true },
        { minute: lasting + 20, fires: false },
      ],
    },
    ...ofOneSide(value, beyond, lasting),
    {
      name: "stays silent where there is no such series",
      series: [alive(length)],
      expected: [{ minute: lasting + 5, fires: false }],
    },
  ];
  // Whenever it fires, it is as far beyond.
  return scenarios.map((scenario) => ({ ...scenario, value: beyond }));
}

/** What is more by less than this is no news to a person. */
const leastStep: Partial<Record<Unit, number>> = { count: 1, seconds: 60 };

/** What is known of one side alone is neither a multiple nor a difference. */
function ofOneSide(value: AnyExpression, beyond: number, lasting: number): Scenario[] {
  if (!("left" in value)) return [];
  const length = lasting + 30;
  const expected = [lasting + 1, lasting + 20].map((minute) => ({ minute, fires: false }));
  return [
    {
      name: "stays silent where nothing is known of what it is compared with",
      series: [...seriesOf(value.left, `${at(value, beyond)}x${length}`, null), alive(length)],
      expected,
    },
    {
      name: "stays silent where only that is known which it is compared with",
      series: [...seriesOf(value.right, `${other}x${length}`, null), alive(length)],
      expected,
    },
  ];
}

/** What the left side must be, so that the whole expression has a value. */
const other = 100;
function at(value: AnyExpression, wanted: number): number {
  if (value.kind === "quotient") return wanted * other;
  if (value.kind === "difference") return wanted + other;
  return wanted;
}

function seriesOf(value: AnyExpression, values: string, wanted: number | null): InputSeries[] {
  if (value.kind === "current" || value.kind === "increase") {
    return [{ series: nameOf(value), values }];
  }
  if (value.kind === "tally") throw new Error("no alert counts groups");
  const left = wanted === null ? values : values.replace(/^[^x]+/, String(at(value, wanted)));
  return [...seriesOf(value.left, left, null), ...seriesOf(value.right, `${other}x10000`, null)];
}

function ofIncrease(value: AnyExpression & { readonly kind: "increase" }, lasting: number): Scenario[] {
  const series = nameOf(value);
  const window = value.within / 60;
  return [
    {
      name: "fires when the counter grows, and recovers once that is long enough ago",
      series: [alive(window * 4), { series, values: `3x${window + 10} 4x${window * 3}` }],
      expected: [
        { minute: window + 5, fires: false },
        { minute: window + 14 + lasting, fires: true },
        { minute: window * 2 + 20, fires: false },
      ],
    },
    {
      name:
        value.appearing === "new"
          ? "sees a first failure, whose counter begins at 1"
          : "stays silent about a disk that appears with what it has counted under another name",
      series: [alive(window * 4), { series, values: `_x${window + 10} 1x${window * 3}` }],
      expected: [
        { minute: window + 5, fires: false },
        { minute: window + 14 + lasting, fires: value.appearing === "new" },
        { minute: window * 2 + 20, fires: false },
      ],
    },
    {
      name: "stays silent about old failures of a host that is seen for the first time",
      series: [
        { ...alive(window), values: `_x10 1x${window}` },
        { series, values: `_x10 7x${window}` },
      ],
      expected: [{ minute: 15 + lasting, fires: false }],
    },
    {
      name: "stays silent where the counter stands still, and where it begins anew",
      series: [alive(window * 3), { series, values: `5x${window + 10} 0x${window}` }],
      expected: [
        { minute: window + 5, fires: false },
        { minute: window + 15, fires: false },
      ],
    },
    {
      name: "stays silent where there is no such series",
      series: [alive(window * 2)],
      expected: [{ minute: window, fires: false }],
    },
  ];
}

function ofSilence({ metric, longer, unless }: Silence): Scenario[] {
  const series = `${metrics[metric].prometheus}{${host}, version="1", node="24"}`;
  const minutes = longer / 60;
  return [
    {
      name: "fires once nothing was heard for long enough, and recovers when it is heard again",
      series: [{ series, values: `1x20 _x${minutes + 30} 1x30` }],
      expected: [
        { minute: 10, fires: false },
        // The last value of a series counts for five minutes.
        { minute: 20 + minutes, fires: false },
        { minute: 20 + minutes + 10, fires: true },
        { minute: 20 + minutes + 45, fires: false },
      ],
    },
    {
      name: "forgets a host that is gone for more than a week",
      series: [{ series, values: `1x20 _x${9 * 1440}` }],
      expected: [
        { minute: 6 * 1440, fires: true },
        { minute: 8 * 1440, fires: false },
      ],
    },
    ...(unless === null ? [] : [ofExcused(series, seriesName(unless.metric, unless))]),
    {
      name: "says nothing of a host that was never heard of",
      series: [],
      expected: [{ minute: minutes * 2, fires: false }],
    },
  ];
}

/** A laptop whose lid is closed for most of a week. */
function ofExcused(series: string, excuse: string): Scenario {
  const values = `1x20 stale _x${6 * 1440} 1x20`;
  return {
    name: "lets what sleeps be silent",
    series: [
      { series, values },
      { series: excuse, values },
    ],
    expected: [10, 60, 3 * 1440, 6 * 1440 + 30].map((minute) => ({ minute, fires: false })),
  };
}

/** A series that the expression selects, with a value for each of its labels. */
function nameOf(reading: AnyExpression & { readonly kind: "current" | "increase" }): string {
  return seriesName(reading.metric, reading);
}

function seriesName(metric: MetricName, { where, without }: Selecting): string {
  const { prometheus, labels, values }: MetricDefinition = metrics[metric];
  const pairs = labels.map((label) => {
    const selected = (value: string) =>
      (where[label]?.includes(value) ?? true) && !(without[label]?.includes(value) ?? false);
    // Only what is really published: a selection of something else finds no series here either.
    const value = values[label] === undefined ? (where[label]?.[0] ?? `a ${label}`) : values[label].find(selected);
    if (value === undefined) throw new Error(`${metric} is never published with such a ${label}`);
    return `${label}="${value}"`;
  });
  return `${prometheus}{${[host, ...pairs].join(", ")}}`;
}
