import type { TestContext } from "node:test";
import { Secret } from "../../src/model/secret.ts";
import { type Applied, applyPlan } from "../../src/provision/apply.ts";
import { makePlan, type PlanInput, type Planned } from "../../src/provision/plan.ts";
import type { Body, Kind, RemoteResource, Resource } from "../../src/provision/resource.ts";
import type { Target } from "../../src/provision/target.ts";
import { createDatadog } from "../../src/provision/targets/datadog-target.ts";
import type { TransportOptions } from "../../src/provision/targets/transport.ts";
import { adoptedUnmarked, type UnmarkedChoice } from "../../src/provision/unmarked.ts";
import { type FakeDatadog, type FakeOptions, startFakeDatadog } from "./fake-datadog/server.ts";

/** A fake Datadog, our target in front of it, and the two steps that the commands are made of. */
export interface ProvisionStage {
  readonly fake: FakeDatadog;
  readonly target: Target;
  /** @param unmarked what becomes of what has lost its mark @default nobody looks */
  readonly plan: (
    desired: readonly Resource[],
    prune?: boolean,
    asked?: Target,
    unmarked?: UnmarkedChoice | null,
  ) => Promise<Planned>;
  readonly sync: (
    desired: readonly Resource[],
    signal?: AbortSignal,
    unmarked?: UnmarkedChoice | null,
  ) => Promise<readonly Applied[]>;
}

export const stackName = "hosts";

export async function provisionStage(
  t: Pick<TestContext, "after">,
  options: FakeOptions = {},
  kinds: readonly Kind[] = ["monitor"],
): Promise<ProvisionStage> {
  const fake = await startFakeDatadog(t, options);
  const target = targetOf(fake);
  const plan = async (
    desired: readonly Resource[],
    prune = false,
    asked = target,
    unmarked: UnmarkedChoice | null | undefined = undefined,
  ) => {
    const remote: RemoteResource[] = [];
    for (const kind of kinds) remote.push(...(await asked.list(kind, stackName)));
    const input: PlanInput = { stack: stackName, place: "fake", desired, remote, prune };
    const planned = makePlan(input);
    const adopted = unmarked === undefined ? [] : await adoptedUnmarked(planned, asked, unmarked);
    return adopted.length === 0 ? planned : makePlan({ ...input, adopted });
  };
  return {
    fake,
    target,
    plan,
    sync: async (desired, signal = new AbortController().signal, unmarked = undefined) => {
      const stoppable = targetOf(fake, { signal });
      return await applyPlan(await plan(desired, false, stoppable, unmarked), { target: stoppable, signal });
    },
  };
}

/** Waits a thousandth of what it would wait, so that pauses take no time but are there. */
export function transportTo({ url }: FakeDatadog, options: Partial<TransportOptions> = {}): TransportOptions {
  return {
    url,
    apiKey: new Secret("api", "test"),
    applicationKey: new Secret("app", "test"),
    signal: new AbortController().signal,
    now: Date.now,
    random: () => 0.5,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds / 1000)),
    // The first body of each kind is answered late: the description of its schema is compiled for it.
    timeout: 30_000,
    ...options,
  };
}

export function targetOf(fake: FakeDatadog, options: Partial<TransportOptions> = {}): Target {
  return createDatadog(transportTo(fake, options));
}

/** A monitor that is as simple as one can be. */
export function monitor(id: string, change: Body = {}, needs: readonly string[] = []): Resource {
  const body: Body = {
    name: `Alert ${id}`,
    type: "query alert",
    query: `max(last_5m):max:pantheros.${id.replaceAll(/\W/g, "_")}{*} by {host} > 2`,
    message: `{{host.name}} is not well: ${id}`,
    tags: ["severity:critical"],
    options: { thresholds: { critical: 2 }, include_tags: false },
    ...change,
  };
  return { kind: "monitor", id, needs, body, file: `monitors/${id}.ts` };
}

export function composite(id: string, needs: readonly string[]): Resource {
  const query = needs.map((need) => `{{${need}}}`).join(" || ");
  return monitor(id, { type: "composite", query, message: "both", options: { include_tags: false } }, needs);
}
