import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isPending } from "../../src/provision/plan.ts";
import type { Resource } from "../../src/provision/resource.ts";
import { asJson, type Json } from "./fake-datadog/monitors.ts";
import type { Fault } from "./fake-datadog/server.ts";
import { composite, monitor, type ProvisionStage, provisionStage, stackName } from "./stage.ts";

const ids = ["a", "b", "c", "d"] as const;

/** The definitions of one moment: which there are and what they say; `both` is there with its parts only. */
const definitions = fc
  .record({
    variants: fc.array(
      fc.record({
        id: fc.constantFrom(...ids),
        text: fc.constantFrom("one", "two"),
        level: fc.constantFrom(2, 3.5),
        again: fc.constantFrom(0, 60),
      }),
      { maxLength: 6 },
    ),
    both: fc.boolean(),
  })
  .map(({ variants, both }): readonly Resource[] => {
    const found = new Map(variants.map((variant) => [variant.id, variant]));
    const monitors = [...found.values()].map(({ id, text, level, again }) =>
      monitor(id, {
        message: `{{host.name}}: ${text}`,
        query: `max(last_5m):max:pantheros.${id}{*} by {host} > ${level}`,
        options: {
          thresholds: { critical: level },
          include_tags: false,
          ...(again === 0 ? {} : { renotify_interval: again }),
        },
      }),
    );
    return both && found.has("a") && found.has("b") ? [composite("both", ["a", "b"]), ...monitors] : monitors;
  });

/** What a person does in the UI to whatever is there. */
const edits: Readonly<Record<string, (monitor: Json) => void>> = {
  message: (it) => Object.assign(it, { message: `${it["message"]} – ask me first` }),
  name: (it) => Object.assign(it, { name: "renamed" }),
  priority: (it) => Object.assign(it, { priority: 5 }),
  roles: (it) => Object.assign(it, { restricted_roles: ["r"] }),
  draft: (it) => Object.assign(it, { draft_status: "draft" }),
  tag: (it) => Object.assign(it, { tags: [...(it["tags"] as string[]), "team:a"] }),
  mute: (it) => Object.assign(it, { options: { ...asJson(it["options"]), silenced: { "*": null } } }),
  repeat: (it) =>
    Object.assign(it, { options: { ...asJson(it["options"]), renotify_interval: 90, renotify_statuses: ["alert"] } }),
  saved: (it) =>
    Object.assign(it, {
      restriction_query: null,
      options: { ...asJson(it["options"]), groupby_simple_monitor: false, timeout_h: null },
    }),
  level: (it) => {
    if (it["type"] === "composite") return;
    const options = { ...asJson(it["options"]), thresholds: { critical: 9 } };
    Object.assign(it, { query: String(it["query"]).replace(/> \S+$/, "> 9"), options });
  },
};

const change = fc.oneof(
  definitions.map((defined) => ({ kind: "define", defined }) as const),
  fc.record({ kind: fc.constant("edit" as const), which: fc.nat(), how: fc.constantFrom(...Object.keys(edits)) }),
  fc.record({ kind: fc.constant("delete" as const), which: fc.nat() }),
  fc.constant({ kind: "sync" } as const),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

describe("plan and sync", () => {
  it("converge after whatever people have done, and touch nothing that is not ours", async (t) => {
    const runs = 150;
    await fc.assert(
      fc.asyncProperty(definitions, fc.array(change, { maxLength: 8 }), async (first, changes) => {
        const ended: (() => unknown)[] = [];
        const stage = await provisionStage({ after: (fn) => ended.push(fn as () => unknown) });
        try {
          const foreign = plantForeign(stage);
          let defined = first;
          for (const each of changes) defined = await happen(each, defined, stage);
          await converges(stage, defined);
          assert.deepEqual(
            foreign.map((id) => stage.fake.monitors.get(id).json),
            foreignBodies.get(stage),
          );
        } finally {
          for (const end of ended) await end();
        }
      }),
      { numRuns: runs },
    );
    t.diagnostic(`${runs} sequences`);
  });

  const killed: Readonly<Record<string, Fault | null>> = {
    "before its request is read": { kind: "hangUp" },
    "after its work is done": { kind: "hangUpAfter" },
    "in the middle of the answer": { kind: "halfAfter" },
    "while it waits for the answer": { kind: "silence" },
  };
  for (const [when, fault] of Object.entries(killed)) {
    it(`converge without duplicates when a sync was killed ${when}, whichever request it was`, async (t) => {
      const defined = [composite("both", ["a", "b"]), monitor("a"), monitor("b"), monitor("c")];
      for (let killedAt = 0; killedAt < 6; killedAt += 1) {
        const stage = await provisionStage(t);
        const stop = new AbortController();
        stage.fake.fault = (_request, index) => {
          if (index < killedAt) return null;
          if (index === killedAt) setTimeout(() => stop.abort(new Error("killed")), 5);
          return fault;
        };
        // What the listing throws is what a killed sync throws.
        await stage.sync(defined, stop.signal).catch((error: unknown) => assert.ok(error instanceof Error));
        stage.fake.fault = () => null;
        await converges(stage, defined);
      }
    });
  }
});

const foreignBodies = new WeakMap<ProvisionStage, readonly unknown[]>();

/** Monitors of others: without marks, with half of them, of another stack. */
function plantForeign(stage: ProvisionStage): readonly number[] {
  const tags = [
    [],
    ["managed_by:terraform", `pantheros_stack:${stackName}`, "pantheros_id:a"],
    ["managed_by:pantheros", "pantheros_stack:cluster", "pantheros_id:a"],
  ];
  const created = tags.map(
    (own, index) =>
      stage.fake.monitors.create({ ...monitor("foreign").body, name: `foreign ${index}`, tags: own }).json,
  );
  foreignBodies.set(stage, structuredClone(created));
  return created.map((json) => asJson(json)["id"] as number);
}

async function happen(each: Change, defined: readonly Resource[], stage: ProvisionStage): Promise<readonly Resource[]> {
  if (each.kind === "define") return each.defined;
  if (each.kind === "sync") {
    await stage.sync(defined);
    return defined;
  }
  const ours = stage.fake.monitors
    .all()
    .filter(
      (it) =>
        (it["tags"] as string[]).includes(`pantheros_stack:${stackName}`) &&
        (it["tags"] as string[]).includes("managed_by:pantheros"),
    );
  const chosen = ours[each.which % Math.max(1, ours.length)];
  if (chosen === undefined) return defined;
  const id = chosen["id"] as number;
  if (each.kind === "delete") stage.fake.monitors.remove(id, true);
  else stage.fake.monitors.edit(id, edits[each.how] as (monitor: Json) => void);
  return defined;
}

async function converges(stage: ProvisionStage, defined: readonly Resource[]): Promise<void> {
  const applied = await stage.sync(defined);
  assert.deepEqual(
    applied.filter(({ outcome }) => outcome !== "done").map(({ step, failure }) => `${step.id}: ${failure?.message}`),
    [],
  );
  const { plan } = await stage.plan(defined);
  assert.equal(
    isPending(plan),
    false,
    JSON.stringify(
      plan.steps.filter(({ action }) => action !== "unchanged"),
      null,
      2,
    ),
  );
  const own = stage.fake.monitors.all().flatMap(({ tags }) => {
    const words = tags as string[];
    return words.includes(`pantheros_stack:${stackName}`) && words.includes("managed_by:pantheros")
      ? words.filter((tag) => tag.startsWith("pantheros_id:"))
      : [];
  });
  assert.equal(new Set(own).size, own.length, "duplicates");
}
