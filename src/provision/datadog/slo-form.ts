import type { JsonValue } from "../../model/measurement.ts";
import { type Fields, normalForm, set, text } from "../normal-form.ts";
import { type Body, isBody } from "../resource.ts";
import { normalQuery } from "./monitor-form.ts";

const query = { default: "", write: normalQuery };

/** What of an SLO is ours; its first threshold stands a second time at its top, and each as a text for display: the server's affair. */
export const sloFields: Fields = {
  name: { default: "", write: text },
  description: { default: "", write: text },
  type: { default: null },
  tags: { default: [], write: set },
  thresholds: { default: [], write: thresholds },
  query: { default: {}, fields: { numerator: query, denominator: query } },
  sli_specification: {
    default: {},
    fields: {
      time_slice: {
        default: {},
        fields: {
          comparator: { default: null },
          threshold: { default: null },
          query: { default: null },
          query_interval_seconds: { default: 300 },
        },
      },
    },
  },
  monitor_ids: { default: [], write: set },
  groups: { default: [], write: set },
};

/** Monitors are named by numbers; what is none yet stays for a person to read. */
export function withMonitorNumbers(body: Body): Body {
  const { monitor_ids: ids } = body;
  if (!Array.isArray(ids)) return body;
  return { ...body, monitor_ids: ids.map((id) => (typeof id === "string" && /^\d+$/.test(id) ? Number(id) : id)) };
}

/** What an SLO promises, written in one way. */
export function normalSlo(body: Body): Body {
  return normalForm(body, sloFields);
}

function thresholds(value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return value;
  const plain = value.map((item) => {
    if (!isBody(item)) return item;
    const { timeframe = null, target = null, warning = null } = item;
    return { timeframe, target, warning };
  });
  return set(plain);
}
