import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { describe, it } from "node:test";
import { createDogStatsD } from "../../src/outputs/dogstatsd.ts";

// The real sockets are in test/integration/dogstatsd.test.ts.
describe("DogStatsD by a Unix socket where the optional package could not be compiled", () => {
  it("drops what is sent, and says what to do instead", async (t) => {
    const hooks = registerHooks({
      resolve(specifier, context, nextResolve) {
        if (specifier === "unix-dgram") throw new Error("Cannot find module 'unix-dgram'");
        return nextResolve(specifier, context);
      },
    });
    t.after(() => hooks.deregister());
    const drops: string[] = [];
    const dogstatsd = createDogStatsD({
      address: "unix:///run/datadog/dsd.socket",
      hostTag: null,
      state: "push",
      onDrop: (reason) => drops.push(reason),
    });
    dogstatsd.count([{ metric: "snapshotCreated", labels: { subvol: "home" }, value: 1 }]);
    const reason =
      "DogStatsD at unix:///run/datadog/dsd.socket: Unix sockets need the optional package unix-dgram, which is not here: use udp://";
    assert.deepEqual(await dogstatsd.close(), { sent: 0, dropped: 1, reason });
    assert.deepEqual(drops, [reason]);
  });
});
