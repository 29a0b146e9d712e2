import type { AnyAlert } from "../../model/alert/alert.ts";
import type { Stack } from "../../model/alert/stack.ts";
import type { Body, Resource } from "../resource.ts";
import { datadogMonitors } from "./monitors.ts";

/** The monitors of a stack as resources, each with the file of its alert. */
export function monitorResources(alerts: readonly AnyAlert[], stack: Stack): readonly Resource[] {
  return datadogMonitors(alerts, stack).map(({ id, needs, body }) => ({
    kind: "monitor",
    id,
    needs,
    body: { ...body } as unknown as Body,
    file: `monitors/${id.replace(/\.\d+$/, "")}.ts`,
  }));
}
