import type { JsonValue } from "../../model/measurement.ts";
import { type Field, type Fields, normalForm, set, text, withoutNulls } from "../normal-form.ts";
import { type Body, isBody } from "../resource.ts";

const nothing: Field = { default: null };
const no: Field = { default: false };
const zero: Field = { default: 0 };
const words: Field = { default: "", write: text };
const list: Field = { default: [], write: set };

/** https://docs.datadoghq.com/api/latest/monitors/ and what recorded answers add to what was sent, November 2026. */
const options: Fields = {
  aggregation: nothing,
  enable_logs_sample: no,
  enable_samples: no,
  escalation_message: words,
  evaluation_delay: zero,
  group_retention_duration: nothing,
  groupby_simple_monitor: no,
  include_tags: { default: true },
  locked: no,
  min_failure_duration: zero,
  min_location_failed: { default: 1 },
  new_group_delay: nothing,
  new_host_delay: { default: 300 },
  no_data_timeframe: nothing,
  notification_preset_name: { default: "show_all" },
  notify_audit: no,
  notify_by: list,
  notify_no_data: no,
  on_missing_data: { default: "default" },
  renotify_interval: zero,
  renotify_occurrences: nothing,
  renotify_statuses: list,
  require_full_window: no,
  scheduling_options: { default: {}, write: withoutNulls },
  synthetics_check_id: nothing,
  threshold_windows: { default: {}, write: withoutNulls },
  thresholds: { default: {}, write: withoutNulls },
  timeout_h: zero,
  variables: { default: [] },
};

/** What of a monitor is ours; `silenced` is not: who mutes it in the UI shall find it muted. */
export const monitorFields: Fields = {
  name: words,
  type: { default: "query alert", write: (value) => (value === "metric alert" ? "query alert" : value) },
  query: { default: "", write: normalQuery },
  message: words,
  tags: list,
  priority: nothing,
  restricted_roles: list,
  draft_status: { default: "published" },
  assets: { default: [] },
  options: { default: {}, fields: options },
};

/** What a monitor does, written in one way. */
export function normalMonitor(body: Body): Body {
  const given = isBody(body["options"]) ? body["options"] : {};
  return normalForm({ ...body, options: inForce(given, body["query"]) }, monitorFields);
}

/** An update replaces the options as a whole, and with them who has muted it. */
export function keepMuted(body: Body, remote: Body): Body {
  const muted = isBody(remote["options"]) ? remote["options"]["silenced"] : undefined;
  if (!isBody(muted) || Object.keys(muted).length === 0) return body;
  return { ...body, options: { ...(isBody(body["options"]) ? body["options"] : {}), silenced: muted } };
}

/** Options without effect, which the server fills in as it likes, are not compared. */
function inForce(given: Body, query: JsonValue | undefined): Body {
  const isOld = given["on_missing_data"] === undefined || given["on_missing_data"] === null;
  const timeframe = given["no_data_timeframe"] ?? usualTimeframe(String(query));
  return {
    ...given,
    no_data_timeframe: isOld && given["notify_no_data"] === true ? timeframe : null,
    ...(given["new_group_delay"] === undefined || given["new_group_delay"] === null ? {} : { new_host_delay: null }),
    ...(given["renotify_interval"] ? {} : { renotify_occurrences: null, renotify_statuses: null }),
  };
}

/**
 * Minutes without data after which the server notifies where nobody has said it: twice the window of a query, a day of a check
 * (https://docs.datadoghq.com/api/latest/monitors/, `no_data_timeframe`).
 */
function usualTimeframe(query: string): number | null {
  const [, count, unit = ""] = /\(last_(\d+)([mhdw])\):/.exec(query) ?? [];
  if (count !== undefined) return 2 * Number(count) * (minutesOf[unit] ?? Number.NaN);
  return /\.last\(\d+\)\.count_by_status\(\)/.test(query) ? 1440 : null;
}

const minutesOf: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440, w: 10_080 };

/** Space outside of quotes, and how numbers are written, mean nothing. */
export function normalQuery(value: JsonValue): JsonValue {
  if (typeof value !== "string") return value;
  const parts = value.split(/("(?:[^"\\]|\\.)*")/);
  const written = parts.map((part, index) =>
    index % 2 === 1
      ? part
      : part
          .replaceAll(/\s+/g, " ")
          .replaceAll(/ ?, ?/g, ",")
          .replaceAll(/\{ | \}/g, (brace) => brace.trim())
          .replaceAll(/\bby ?\{/g, "by {")
          .replaceAll(/ ?(<=|>=|<|>|\|\||&&) ?/g, " $1 "),
  );
  return written
    .join("")
    .trim()
    .replace(/(?<=[<>]=? )-?[\d.]+(?:e[+-]?\d+)?$/i, (number) => String(Number(number)));
}
