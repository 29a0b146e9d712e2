import { dashboardFields, normalDashboard } from "./datadog/dashboard-form.ts";
import { dashboardIdentity } from "./datadog/dashboards.ts";
import { downtimeIdentity } from "./datadog/downtime.ts";
import { keepMuted, monitorFields, normalMonitor } from "./datadog/monitor-form.ts";
import { normalSlo, sloFields, withMonitorNumbers } from "./datadog/slo-form.ts";
import { keepWidgetIds } from "./datadog/widget-ids.ts";
import { byTags, type Identity } from "./identity.ts";
import type { Fields } from "./normal-form.ts";
import type { Body, Kind } from "./resource.ts";

/** How resources of a kind are told apart, compared and written. */
export interface Form {
  readonly identity: Identity;
  /** What a body does, written in one way: see `normalForm`. */
  readonly normal: (body: Body) => Body;
  /** The table behind it: what an update resets when only the remote side has it. */
  readonly fields: Fields;
  /** Fields that can be said once and never be changed. @default none */
  readonly fixed?: readonly string[];
  /** The body once what it names has its number, as the API wants it. @default as it is */
  readonly settle?: (body: Body) => Body;
  /** What of the remote side an update must send back, since what is not sent is lost. @default nothing */
  readonly keep?: (body: Body, remote: Body) => Body;
}

/** Every kind that can be provisioned: one line each. */
const forms: Partial<Record<Kind, Form>> = {
  monitor: { identity: byTags, normal: normalMonitor, fields: monitorFields, fixed: ["type"], keep: keepMuted },
  slo: { identity: byTags, normal: normalSlo, fields: sloFields, fixed: ["type"], settle: withMonitorNumbers },
  dashboard: {
    identity: dashboardIdentity,
    normal: normalDashboard,
    fields: dashboardFields,
    keep: keepWidgetIds,
  },
  downtime: { identity: downtimeIdentity, normal: (body) => body, fields: {} },
};

/** @throws Error for a kind that nothing defines yet */
export function formOf(kind: Kind): Form {
  const form = forms[kind];
  if (form === undefined) throw new Error(`nothing is known about resources of kind ${kind}`);
  return form;
}

/** The body as it is compared: the mark's changing part is nobody's edit. */
export function comparedForm(kind: Kind, body: Body): Body {
  const { identity, normal } = formOf(kind);
  return normal(identity.strip(body));
}

/**
 * The body of an update: complete, because what is not sent stays as somebody has made it (fields) or is lost (options).
 * @param wanted with its mark
 */
export function updateBody(kind: Kind, wanted: Body, remote: Body): Body {
  const { normal, fields, keep } = formOf(kind);
  const kept = normal(remote);
  const resets = Object.keys(kept)
    .filter((name) => wanted[name] === undefined)
    .map((name) => [name, fields[name]?.default ?? null]);
  const complete: Body = { ...wanted, ...Object.fromEntries(resets) };
  return keep === undefined ? complete : keep(complete, remote);
}
