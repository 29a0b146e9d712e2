import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { asJson, type Json, type Reply } from "./monitors.ts";

/** Recordings and the description of the API, which are no part of the project. */
export const recordings = join(import.meta.dirname, "../../../../shared/datadog");
export const hasRecordings = existsSync(join(recordings, "openapi-v1.yaml"));

let ajv: Ajv | null = null;
const validators = new Map<string, ValidateFunction>();

/**
 * Holds what is sent and answered against the description of the API, where that is there.
 * @throws Error that says what the description objects to
 */
export function checkShape(method: string, path: string, sent: Json, { status, json }: Reply): void {
  if (!hasRecordings || json === null) return;
  const [request, response] = schemasOf(method, path);
  // What cannot all be deleted is told as what can be.
  if (status >= 300 && !path.endsWith("/can_delete")) {
    hold("APIErrorResponse", json, `${method} ${path} answers`);
    return;
  }
  if (request !== null) hold(request, sent, `${method} ${path} sends`);
  if (response !== null)
    for (const item of Array.isArray(json) ? json : [json])
      hold(response, response === "MetricMetadata" ? withoutNulls(item) : item, `${method} ${path} answers`);
}

/** Metadata that nobody has written is null in answers, which the description does not say. */
function withoutNulls(item: unknown): Json {
  return Object.fromEntries(Object.entries(asJson(item)).filter(([, value]) => value !== null));
}

function schemasOf(method: string, path: string): readonly [request: string | null, response: string | null] {
  if (path.startsWith("/api/v1/slo")) return sloSchemas(method, path);
  if (path.startsWith("/api/v1/dashboard")) return dashboardSchemas(method, path);
  if (path.startsWith("/api/v1/metrics/")) return [method === "PUT" ? "MetricMetadata" : null, "MetricMetadata"];
  if (path.startsWith("/api/v1/downtime"))
    return [method === "POST" || method === "PUT" ? "Downtime" : null, "Downtime"];
  if (path.endsWith("/validate") && method === "POST") return ["Monitor", null];
  if (path === "/api/v1/validate") return [null, "AuthenticationValidationResponse"];
  if (path.endsWith("/can_delete")) return [null, "CheckCanDeleteMonitorResponse"];
  if (method === "DELETE") return [null, "DeletedMonitor"];
  if (method === "PUT") return ["MonitorUpdateRequest", "Monitor"];
  return [method === "POST" ? "Monitor" : null, "Monitor"];
}

function dashboardSchemas(method: string, path: string): readonly [string | null, string | null] {
  if (method === "DELETE") return [null, "DashboardDeleteResponse"];
  if (method === "GET") return [null, path === "/api/v1/dashboard" ? "DashboardSummary" : "Dashboard"];
  return ["Dashboard", "Dashboard"];
}

function sloSchemas(method: string, path: string): readonly [string | null, string | null] {
  if (path.endsWith("/can_delete")) return [null, "CheckCanDeleteSLOResponse"];
  if (method === "DELETE") return [null, "SLODeleteResponse"];
  if (method === "POST") return ["ServiceLevelObjectiveRequest", "SLOListResponse"];
  if (method === "PUT") return ["ServiceLevelObjective", "SLOListResponse"];
  return [null, path === "/api/v1/slo" ? "SLOListResponse" : "SLOResponse"];
}

export function hold(schema: string, value: unknown, about: string): void {
  const validate = validatorOf(schema);
  if (!validate(value))
    throw new Error(`${about} what openapi-v1.yaml does not allow: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
}

function validatorOf(schema: string): ValidateFunction {
  ajv ??= withDescription();
  const known = validators.get(schema) ?? ajv.compile({ $ref: `datadog#/components/schemas/${schema}` });
  validators.set(schema, known);
  return known;
}

function withDescription(): Ajv {
  const { components } = parse(readFileSync(join(recordings, "openapi-v1.yaml"), "utf8")) as { components: Json };
  const compiler = new Ajv({ strict: false, validateFormats: false });
  compiler.addSchema({ $id: "datadog", components: mended({ schemas: components["schemas"] }) });
  return compiler;
}

/** ajv takes `nullable` only beside a type. */
function mended(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mended);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, ...rest } = asJson(value);
  const inside = Object.fromEntries(Object.entries(rest).map(([name, part]) => [name, mended(part)]));
  if (nullable === undefined || "type" in rest) return nullable === undefined ? inside : { ...inside, nullable };
  return nullable === true ? { anyOf: [inside, { type: "null" }] } : inside;
}
