import type { Json, Reply } from "./monitors.ts";

export interface MetadataStore {
  /** What is known of each metric that was ever reported. */
  readonly all: Map<string, Json>;
  readonly route: (method: string, name: string, sent: Json) => Reply;
}

const nothing = {
  description: null,
  short_name: null,
  type: null,
  unit: null,
  per_unit: null,
  statsd_interval: null,
  integration: null,
};
const bad: Reply = { status: 400, json: { errors: ["error updating metric metadata"] } };

/**
 * What Datadog tells about metrics, as users of it have reported: one that was never reported is 404 to read and 400 to write
 * (DataDog/datadog-sync-cli#617), a distribution stays one and is not to be called so (DataDog/terraform-provider-datadog#2222, #2287). Whether what is
 * not sent stays is written nowhere: here it does not.
 */
export function createMetadata(): MetadataStore {
  const all = new Map<string, Json>();
  return {
    all,
    route(method, name, sent) {
      const known = all.get(name);
      if (method !== "PUT") {
        return known === undefined
          ? { status: 404, json: { errors: ["metric_name not found"] } }
          : { status: 200, json: { ...nothing, ...known } };
      }
      if (known === undefined || sent["type"] === "distribution") return bad;
      const written = { ...nothing, ...sent };
      all.set(name, known["type"] === "distribution" ? { ...written, type: "distribution" } : written);
      return { status: 200, json: written };
    },
  };
}
