import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, type Benchmark, exactly, milliseconds } from "./row.ts";

const monitors = 1000;
const changes = 100;

/** A plan of a thousand monitors and a sync of a hundred, against a fake Datadog in a process of its own. */
export const provision: Benchmark = {
  name: "provision",
  needs: [],
  async run({ note }) {
    const server = fork(join(import.meta.dirname, "provision-server.ts"), [String(monitors)]);
    try {
      const [{ url }] = (await once(server, "message")) as [{ url: string }];
      const count = async () => {
        server.send("count");
        return ((await once(server, "message")) as [{ requests: number; mostWrites: number; refused: number }])[0];
      };
      note(`a plan of ${monitors} monitors`);
      const before = process.cpuUsage();
      const { Secret } = await import("../src/model/secret.ts");
      const { makePlan } = await import("../src/provision/plan.ts");
      const { checkResources } = await import("../src/provision/rules.ts");
      const { applyPlan } = await import("../src/provision/apply.ts");
      const { createDatadog } = await import("../src/provision/targets/datadog-target.ts");
      const { monitor, stackName } = await import("../test/provision/stage.ts");
      const { signal } = new AbortController();
      const target = createDatadog({
        url,
        apiKey: new Secret("api", "bench"),
        applicationKey: new Secret("app", "bench"),
        signal,
        now: Date.now,
        random: Math.random,
        wait: async (pause) => await sleep(pause),
      });
      const desired = Array.from({ length: monitors }, (_, n) =>
        monitor(`m${n}`, n < changes ? { message: "new" } : {}),
      );
      const findings = checkResources(desired);
      const planned = makePlan({
        stack: stackName,
        place: url,
        desired,
        remote: await target.list("monitor", stackName),
      });
      const { user, system } = process.cpuUsage(before);
      const planning = await count();
      const updates = planned.plan.steps.filter(({ action }) => action === "update").length;
      if (findings.length > 0 || updates !== changes) throw new Error(`the plan is wrong: ${updates} updates`);
      note(`a sync of ${changes} changes`);
      const applied = await applyPlan(planned, { target, signal });
      const syncing = await count();
      const done = applied.filter(({ outcome }) => outcome === "done").length;
      if (done !== changes) throw new Error(`only ${done} of ${changes} were written`);
      return [
        atMost(
          `plan of ${monitors} monitors: requests`,
          { value: planning.requests, limit: monitors / 10, write: String },
          {
            how: "Listing in pages of 1 000, compared with one GET for each monitor, divided by ten; nothing else is asked.",
          },
        ),
        atMost(
          `plan of ${monitors} monitors: CPU`,
          { value: (user + system) / 1000, limit: 2000, write: milliseconds },
          {
            how: "User and system time of loading the code, checking the definitions, listing and comparing; the server is another process.",
          },
        ),
        exactly(
          `sync of ${changes} changes: writes in flight`,
          { value: syncing.mostWrites, wanted: 4 },
          "The most that the server has seen at once.",
        ),
        atMost(
          `sync of ${changes} changes: calls beyond the announced limit`,
          { value: syncing.refused, limit: 0, write: String },
          { how: "The server announces 50 calls a second and refuses the 51st." },
        ),
      ];
    } finally {
      server.disconnect();
    }
  },
};
