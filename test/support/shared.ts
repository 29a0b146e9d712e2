import { after, type TestContext } from "node:test";

/** For what all tests of a file, or of a `describe`, share: it is cleaned up after the last of them, the newest first. */
export function sharedByTests(): Pick<TestContext, "after"> {
  const cleanups: (() => unknown)[] = [];
  after(async () => {
    for (const clean of cleanups.toReversed()) await clean();
  });
  return { after: (clean) => void cleanups.push(clean as () => unknown) };
}
