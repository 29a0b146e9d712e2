import type { AnyAlert } from "../../model/alert/alert.ts";
import type { Stack } from "../../model/alert/stack.ts";
import type { Body, Resource } from "../resource.ts";
import { datadogMonitors } from "./monitors.ts";

/** The monitors of a stack as resources, each with the file of its alert. */
export function monitorResources(alerts: readonly AnyAlert[], stack: Stack): readonly Resource[] {
  const formerly = new Map(alerts.map((alert) => [alert.id, alert.formerly ?? []]));
  return datadogMonitors(alerts, stack).map(({ id, body }) => {
    const [, of = id, part = ""] = /^(.*?)(\.\d+)?$/.exec(id) ?? [];
    const before = formerly.get(of)?.map((old) => `${old}${part}`) ?? [];
    return {
      kind: "monitor",
      id,
      needs: [],
      ...(before.length === 0 ? {} : { formerly: before }),
      body: { ...body } as unknown as Body,
      file: `monitors/${of}.ts`,
    };
  });
}
