import { byTags } from "../src/provision/identity.ts";
import { startFakeDatadog } from "../test/provision/fake-datadog/server.ts";
import { monitor, stackName } from "../test/provision/stage.ts";

/** A fake Datadog in a process of its own, with so many monitors; it ends with who has started it. */
const fake = await startFakeDatadog({ after: () => undefined });
for (let n = 0; n < Number(process.argv[2]); n += 1) {
  const id = `m${n}`;
  fake.monitors.create(byTags.write({ ...monitor(id).body }, { stack: stackName, id, applied: null }));
}
fake.limit = { calls: 50, seconds: 1 };
fake.delay = 5;
process.on("message", () => {
  process.send?.({ requests: fake.seen.length, mostWrites: fake.mostWrites(), refused: fake.refused() });
});
process.once("disconnect", () => process.exit());
process.send?.({ url: fake.url });
