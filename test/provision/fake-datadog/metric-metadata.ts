import type { Json, Reply } from "./monitors.ts";

export interface MetadataStore {
  /** What is known of each metric that was ever reported. */
  readonly all: Map<string, Json>;
  readonly route: (method: string, name: string, sent: Json) => Reply;
}

/** What Datadog tells about metrics; those that nobody has reported it does not know. */
export function createMetadata(): MetadataStore {
  const all = new Map<string, Json>();
  return {
    all,
    route(method, name, sent) {
      const known = all.get(name);
      if (known === undefined) return { status: 404, json: { errors: [`metric_name not found`] } };
      // What is not sent stays.
      if (method === "PUT") all.set(name, { ...known, ...sent });
      return { status: 200, json: all.get(name) };
    },
  };
}
