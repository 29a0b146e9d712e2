import type { AnyAlert } from "../../model/alert/alert.ts";
import {
  type AnyCondition,
  type Severity,
  type Silence,
  severitiesOf,
  type Threshold,
} from "../../model/alert/condition.ts";
import { readingsOf } from "../../model/alert/expression.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import { amountInWords } from "../condition-words.ts";
import { shortName } from "./metric-metadata.ts";
import { messageOf } from "./notification.ts";
import { levelToDatadog, monitorQuery, series, windowOf } from "./query.ts";

/** The body of a monitor as the API takes it, with its id among our own resources. */
export interface Monitor {
  readonly id: string;
  readonly body: MonitorBody;
}

export interface MonitorBody {
  readonly name: string;
  readonly type: "query alert";
  readonly query: string;
  readonly message: string;
  readonly tags: readonly string[];
  /** 1 (high) to 5 (low). */
  readonly priority: number;
  readonly options: Readonly<Record<string, unknown>>;
}

const priorities: Readonly<Record<Severity, number>> = { critical: 1, warning: 3 };

/**
 * Every monitor of a stack. A condition of parts is a monitor for each of them, not a composite: that sees only what all of its parts
 * report (https://docs.datadoghq.com/monitors/types/composite/), so a job for which only one of them speaks would not be in it.
 */
export function datadogMonitors(alerts: readonly AnyAlert[], stack: Stack): readonly Monitor[] {
  return alerts.flatMap((alert) => {
    const condition = alert.condition(stack);
    if (condition.kind !== "either") return [single(alert, alert.id, alert.title, condition, stack)];
    return condition.of.map((part, index) =>
      single(alert, `${alert.id}.${index + 1}`, `${alert.title}: ${partInWords(part)}`, part, stack),
    );
  });
}

function single(alert: AnyAlert, id: string, title: string, condition: AnyCondition, stack: Stack): Monitor {
  if (condition.kind === "either") throw new Error(`${alert.id}: a part of a condition has parts itself`);
  const judged = condition.kind === "threshold" ? ofThreshold(condition) : ofSilence(condition, condition.by);
  const severity = severitiesOf(condition)[0] ?? "warning";
  const body: MonitorBody = {
    name: `${title} (${stack.name})`,
    type: "query alert",
    query: judged.query,
    message: messageOf(alert, condition, stack),
    tags: ["managed_by:pantheros", `pantheros_stack:${stack.name}`, `pantheros_id:${id}`, `severity:${severity}`],
    priority: priorities[severity],
    options: { ...always, ...judged.options },
  };
  return { id, body };
}

function ofThreshold(condition: Threshold) {
  const { value, levels, lasting } = condition;
  const shown = (level: number) => round(levelToDatadog(value, level));
  // Datadog has no monitor with a warning alone: what is only a warning is its critical level, told to fewer people.
  const worst = levels.critical ?? levels.warning ?? 0;
  const thresholds = {
    critical: shown(worst),
    ...(levels.critical !== undefined && levels.warning !== undefined ? { warning: shown(levels.warning) } : {}),
  };
  return {
    query: monitorQuery(condition, shown(worst)),
    options: {
      thresholds,
      // Otherwise Datadog keeps what it last knew, for a day.
      on_missing_data: condition.absent === "well" ? "resolve" : "default",
      // A series that is five minutes old has not been so for two hours.
      require_full_window: lasting > 0,
    },
  };
}

/**
 * A sign of life is 1: it is never below one half, only missing. Who may be silent cannot be said here: nothing that Datadog judges is joined
 * with what another metric has.
 */
function ofSilence({ metric, longer, ...selecting }: Silence, by: readonly string[]) {
  return {
    query: `min(${windowOf(longer)}):${series("max", metric, selecting, by)} < 0.5`,
    options: {
      thresholds: { critical: 0.5 },
      on_missing_data: "show_and_notify_no_data",
      require_full_window: false,
    },
  };
}

/** Complete, because the API replaces them as a whole, https://docs.datadoghq.com/monitors/guide/monitor_api_options/ */
const always = {
  // Which host and which job: in the title, where mails are told apart.
  include_tags: true,
  notify_audit: false,
  // In minutes: what goes on is told again as often as by Alertmanager.
  renotify_interval: 720,
  renotify_statuses: ["alert", "warn", "no data"],
  new_group_delay: 60,
  evaluation_delay: 0,
};

/** `job consecutive failures above 2`: what tells the monitors of one alert apart. */
function partInWords(part: AnyCondition): string {
  if (part.kind !== "threshold") throw new Error("a part of a condition judges a value");
  const { value, is, levels } = part;
  const [first] = readingsOf(value);
  const names = first === undefined ? [] : [shortName(metrics[first.metric].datadog), ...Object.values(first.where)];
  const level = levels.critical ?? levels.warning ?? 0;
  return [...names.flat(), ...(value.unit === "boolean" ? [] : [is, amountInWords(value.unit, level)])].join(" ");
}

/** 0.85 × 100 is 85, whatever binary fractions say. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
