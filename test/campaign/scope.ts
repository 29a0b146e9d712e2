import type { TestContext } from "node:test";

/** What the tests' own supports want of a test: to be told when it is over. */
export type Scope = Pick<TestContext, "after">;

/** A scope outside of a test. `close` undoes everything, the latest first; one that fails hinders no other. */
export function openScope(): Scope & { readonly close: () => Promise<void> } {
  const works: (() => unknown)[] = [];
  return {
    after: (work) => {
      if (work) works.push(work as () => unknown);
    },
    async close() {
      const failures: unknown[] = [];
      for (const work of works.splice(0).reverse()) {
        await Promise.resolve()
          .then(work)
          .catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw new AggregateError(failures, `cleaning up: ${failures.map(String).join("; ")}`);
    },
  };
}
