import { entriesOf, type Path, valueAt } from "./path.ts";
import type { PartialConfig } from "./problems.ts";
import { configuration } from "./schema.ts";

/**
 * What can be used of a refused configuration: each part on its own, where it is right or left out.
 * @param broken the text is not YAML: what is left out may stand in the part that could not be read, so nothing is assumed
 */
export function partialConfig(value: unknown, broken: boolean): PartialConfig {
  const { host, state_directory, outputs } = configuration.shape;
  const name = host.safeParse(valueAt(value, ["host"]));
  const written = valueAt(value, ["state_directory"]);
  const directory = state_directory.safeParse(broken ? (written ?? null) : written);
  const dogstatsd = outputs.unwrap().shape.dogstatsd.safeParse(reduced(value, ["outputs", "dogstatsd"]));
  return {
    ...(name.success ? { host: name.data } : {}),
    ...(directory.success ? { stateDirectory: directory.data } : {}),
    ...(dogstatsd.data ? { dogstatsd: { address: dogstatsd.data.address, hostTag: dogstatsd.data.host_tag } } : {}),
    jobs: entriesOf(valueAt(value, ["jobs"])).map(([job]) => job),
  };
}

/** Only the keys that are needed: a typing error beside them must not cost the address. */
function reduced(value: unknown, path: Path): unknown {
  const written = valueAt(value, path);
  if (written === undefined) return undefined;
  const wanted = entriesOf(written).filter(([key]) => key === "address" || key === "host_tag");
  return Object.fromEntries(wanted);
}
