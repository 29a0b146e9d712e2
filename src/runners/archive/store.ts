import type { ObjectStore } from "../../tools/destinations/object-store.ts";
import { type OpenDestination, withDestination } from "../../tools/destinations/open-destination.ts";
import { openObjectStore } from "../../tools/destinations/open-object-store.ts";
import type { RunnerContext } from "../runner.ts";

/**
 * A destination of the configuration as a place of objects, for as long as something is done with it.
 * @throws StepError `config` when it is not declared, `auth` when a credential cannot be read
 */
export async function withStore<Result>(
  name: string,
  context: RunnerContext,
  use: (store: ObjectStore, destination: OpenDestination) => Promise<Result>,
): Promise<Result> {
  return await withDestination(name, context, async (destination) => {
    const store = openObjectStore(destination.place, context.signal);
    try {
      return await use(store, destination);
    } finally {
      store.close();
    }
  });
}
