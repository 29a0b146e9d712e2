import type { Config } from "../config/schema.ts";
import { declaredKinds } from "../model/metrics/label-values.ts";
import type { Sample } from "../model/samples/sample.ts";
import { defineLiveCollector } from "./collector.ts";

/** Everything declared, by the name of its kind; jobs have series of their own from the first second on. */
const sections = {
  subvolume: "subvolumes",
  repository: "repositories",
  destination: "destinations",
  objective: "objectives",
  policy: "retention",
} as const satisfies Record<(typeof declaredKinds)[number], keyof Config>;

/**
 * What was never snapshotted, reached or looked at has no numbers, and so no series that could be missed. Therefore everything declared has
 * one that only says so: what is declared and has nothing else is what nobody knows anything of.
 */
export const inventory = defineLiveCollector({
  name: "inventory",
  summary: "Everything that the configuration declares, from the first second, also when nothing is known of it.",
  live: true,
  collect({ config }) {
    return declaredKinds.flatMap((kind) =>
      Object.keys(config[sections[kind]]).map(
        (name): Sample => ({ metric: "declared", labels: { kind, name }, value: 1 }),
      ),
    );
  },
});
