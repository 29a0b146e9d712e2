import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import type { StepError } from "../../src/model/run/outcome.ts";
import { isPending } from "../../src/provision/plan.ts";
import { prunable } from "../../src/provision/prune.ts";
import { type Body, nameOf, type Resource } from "../../src/provision/resource.ts";
import { definitions } from "./definitions.ts";
import type { Json } from "./fake-datadog/monitors.ts";
import type { Fault } from "./fake-datadog/server.ts";
import { edits, type Hand, type HeldKind, handsOf, heldKinds, plantForeign, unmark } from "./people.ts";
import { composite, monitor, type ProvisionStage, provisionStage, stackName } from "./stage.ts";

const kind = fc.constantFrom(...heldKinds);
const change = fc.oneof(
  { weight: 3, arbitrary: definitions.map((defined) => ({ what: "define", defined }) as const) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant("edit" as const), kind, which: fc.nat(), how: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("delete" as const), kind, which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("clone" as const), kind, which: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ what: "prune" } as const) },
  { weight: 3, arbitrary: fc.constant({ what: "sync" } as const) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly stage: ProvisionStage;
  readonly hands: Readonly<Record<HeldKind, Hand>>;
  defined: readonly Resource[];
}

/** One Datadog for all sequences would be fast, but what fails in one must not be left of another. */
async function worldOf(t: Parameters<typeof provisionStage>[0], defined: readonly Resource[]): Promise<World> {
  const stage = await provisionStage(t, {}, heldKinds);
  const hands = handsOf(stage.fake);
  plantForeign(hands);
  return { stage, hands, defined };
}

type Start = (t: TestContext) => Promise<World>;

/** What an interrupted sync starts from. */
const starts: Readonly<Record<string, Start>> = {
  "from an empty place": (t) => worldOf(t, everyKind),
  "of changes, where somebody has edited one": async (t) => {
    const world = await worldOf(t, everyKind);
    await world.stage.sync(everyKind.map((resource, index) => (index % 2 === 0 ? asBefore(resource) : resource)));
    const { monitor: hand } = world.hands;
    const one = oursOf(hand).find((it) => markOf(hand, it)?.id === "y") as Json;
    hand.edit(one, (it) => Object.assign(it, { message: "mine" }));
    return world;
  },
};

/** Another text in what the definition says for people. */
function asBefore(resource: Resource): Resource {
  const { kind: each, body } = resource;
  const text = each === "monitor" ? "message" : "description";
  return { ...resource, body: { ...body, [text]: `as it was: ${String(body[text])}` } };
}

describe("plan and sync", () => {
  it("converge after whatever people have done, and touch nothing that is not ours", async (t) => {
    const runs = 250;
    const counted: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(definitions, fc.array(change, { maxLength: 10 }), async (first, changes) => {
        const ended: (() => unknown)[] = [];
        const world = await worldOf({ after: (fn) => ended.push(fn as () => unknown) }, first);
        try {
          for (const each of changes) {
            counted[each.what] = (counted[each.what] ?? 0) + 1;
            await happen(each, world);
          }
          await converges(world);
        } finally {
          for (const end of ended) await end();
        }
      }),
      { numRuns: runs },
    );
    t.diagnostic(`${runs} sequences: ${JSON.stringify({ ...counted, lostMarks })}`);
    assert.ok(lostMarks > 0, "marks were lost and found");
  });

  const lost: Readonly<Record<string, Fault>> = {
    "before the server has it": { kind: "hangUp" },
    "after the server has done its work": { kind: "hangUpAfter" },
    "in the middle of its answer": { kind: "halfAfter" },
    "behind a gateway, which answers in its place": {
      kind: "answerAfter",
      status: 502,
      text: "<html>Bad gateway</html>",
    },
  };
  for (const [when, fault] of Object.entries(lost)) {
    for (const [from, start] of Object.entries(starts))
      it(`${from} need no second sync when one connection breaks ${when}, whichever it was`, async (t) => {
        const requests = await requestsOfSync(t, start);
        for (let lostAt = 0; lostAt < requests; lostAt += 1) {
          const world = await start(t);
          const before = world.stage.fake.seen.length;
          world.stage.fake.fault = (_request, index) => (index - before === lostAt ? fault : null);
          const applied = await world.stage.sync(everyKind);
          assert.deepEqual(new Set(applied.map(({ outcome }) => outcome)), new Set(["done"]), `request ${lostAt}`);
          assert.equal(isPending((await world.stage.plan(everyKind)).plan), false);
          await converges(world);
        }
        t.diagnostic(`${requests} connections`);
      });
  }

  const killed: Readonly<Record<string, Fault | null>> = {
    "before its request is read": { kind: "hangUp" },
    "after its work is done": { kind: "hangUpAfter" },
    "in the middle of the answer": { kind: "halfAfter" },
    "while it waits for the answer": { kind: "silence" },
    "while it waits for the answer to what is done": { kind: "silenceAfter" },
  };
  for (const [when, fault] of Object.entries(killed)) {
    for (const [from, start] of Object.entries(starts))
      it(`converge without duplicates when a sync ${from} was killed ${when}, whichever request it was`, async (t) => {
        const requests = await requestsOfSync(t, start);
        for (let killedAt = 0; killedAt < requests; killedAt += 1) {
          const world = await start(t);
          const { stage } = world;
          const before = stage.fake.seen.length;
          const stop = new AbortController();
          stage.fake.fault = (_request, index) => {
            if (index - before < killedAt) return null;
            if (index - before === killedAt) setTimeout(() => stop.abort(new Error("killed")), 5);
            return fault;
          };
          // What the listing throws is what a killed sync throws.
          await stage.sync(everyKind, stop.signal).catch((error: unknown) => assert.ok(error instanceof Error));
          stage.fake.fault = () => null;
          await converges(world);
        }
        t.diagnostic(`${requests} kill points`);
      });
  }
});

const [everything] = fc.sample(
  definitions.filter((defined) => defined.length === 9),
  { seed: 1, numRuns: 1 },
) as [readonly Resource[]];
/** Every kind, and everything that names another. */
const everyKind: readonly Resource[] = [...everything, composite("pair", ["x", "y"]), monitor("x"), monitor("y")];

async function requestsOfSync(t: TestContext, start: Start): Promise<number> {
  const { stage } = await start(t);
  const before = stage.fake.seen.length;
  const applied = await stage.sync(everyKind);
  assert.ok(applied.length > 5 && applied.every(({ outcome }) => outcome === "done"));
  return stage.fake.seen.length - before;
}

async function happen(each: Change, world: World): Promise<void> {
  if (each.what === "define") world.defined = each.defined;
  else if (each.what === "sync") await syncOrRefuse(world);
  else if (each.what === "prune") await prune(world);
  else {
    const hand = world.hands[each.kind];
    const chosen = pick(oursOf(hand), each.which);
    if (chosen === undefined) return;
    if (each.what === "delete") hand.remove(chosen);
    else if (each.what === "edit") hand.edit(chosen, pick(Object.values(edits[each.kind]), each.how) ?? (() => null));
    else hand.make(hand.rename(structuredClone(chosen)));
  }
}

const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % Math.max(1, all.length)];
const markOf = ({ identity }: Hand, it: Json) => identity.read(it as Body);
const oursOf = (hand: Hand) => hand.all().filter((it) => markOf(hand, it)?.stack === stackName);
const foreignOf = (hand: Hand) => hand.all().filter((it) => markOf(hand, it)?.stack !== stackName);

/** Everything that is not ours, to the byte. */
const foreignText = ({ hands }: World) => JSON.stringify(heldKinds.map((each) => foreignOf(hands[each])));
const wholeText = ({ hands }: World) => JSON.stringify(heldKinds.map((each) => hands[each].all()));

/** Those whose id somebody else has as well. */
function copiesOf(hand: Hand): readonly Json[] {
  const groups = Map.groupBy(oursOf(hand), (it) => markOf(hand, it)?.id);
  return [...groups.values()].flatMap(([, ...others]) => others);
}

/** A copy stops the run before anything is written; the person takes our marks from it, and it is theirs. */
async function syncOrRefuse(world: World): Promise<void> {
  const { stage, hands } = world;
  const copies = heldKinds.flatMap((each) => copiesOf(hands[each]).map((it) => [hands[each], it] as const));
  if (copies.length > 0) {
    const before = wholeText(world);
    await assert.rejects(stage.sync(world.defined), /two resources say that they are/);
    assert.equal(wholeText(world), before, "nothing was written");
    for (const [index, [hand, it]] of copies.entries()) {
      if (index % 2 === 0) hand.remove(it);
      else hand.edit(it, unmark);
    }
  }
  await giveMarksBack(world);
  const foreign = foreignText(world);
  const applied = await stage.sync(world.defined, undefined, null);
  assert.deepEqual(
    applied.filter(({ outcome }) => outcome !== "done").map(({ step, failure }) => `${step.id}: ${failure?.message}`),
    [],
  );
  assert.equal(foreignText(world), foreign, "what is not ours is as it was");
}

/** What lost its mark stops the run before anything is written; the person does one of the things that the sentence offers. */
async function giveMarksBack(world: World): Promise<void> {
  const { stage, hands, defined } = world;
  const before = wholeText(world);
  const lost = await stage.plan(defined, false, undefined, null).then(
    () => [],
    ({ details }: StepError) => details.evidence?.["unmarked"] as readonly Lost[],
  );
  if (lost.length > 0) assert.equal(wholeText(world), before, "nothing was written");
  const given = new Set<string>();
  for (const { kind: each, id, remoteId } of lost) {
    lostMarks += 1;
    const hand = hands[each];
    const it = hand.all().find((one) => String(one["id"]) === remoteId) as Json;
    // Of two with one title one alone can be ours.
    if (given.has(nameOf({ kind: each, id })) || lostMarks % 3 === 0) hand.remove(it);
    else hand.edit(it, (one) => Object.assign(one, marked(hand, one, id)));
    given.add(nameOf({ kind: each, id }));
  }
}

interface Lost {
  readonly kind: HeldKind;
  readonly id: string;
  readonly remoteId: string;
}

let lostMarks = 0;
const marked = ({ identity }: Hand, it: Json, id: string) =>
  identity.write(it as Body, { stack: stackName, id, applied: null });

async function prune(world: World): Promise<void> {
  const { stage, hands, defined } = world;
  if (heldKinds.some((each) => copiesOf(hands[each]).length > 0)) return;
  const foreign = foreignText(world);
  const planned = await stage.plan(defined, true);
  if (planned.owned.size === planned.plan.steps.filter(({ action }) => action === "delete").length) return;
  for (const owned of prunable(planned, 100)) {
    const why = (await stage.target.removable(owned.kind, [owned.remoteId])).get(owned.remoteId);
    if (why === null) await stage.target.remove(owned.kind, owned.remoteId);
  }
  assert.equal(foreignText(world), foreign, "what is not ours is as it was");
}

async function converges(world: World): Promise<void> {
  await syncOrRefuse(world);
  const { stage, hands, defined } = world;
  const { plan } = await stage.plan(defined);
  const left = plan.steps.filter(({ action }) => action !== "unchanged" && action !== "orphan");
  assert.equal(isPending(plan), false, JSON.stringify(left, null, 2));
  for (const each of heldKinds) {
    const hand = hands[each];
    assert.deepEqual(copiesOf(hand), [], "duplicates");
    const found = new Map(oursOf(hand).map((it) => [markOf(hand, it)?.id, it]));
    for (const { id, body } of defined.filter((resource) => resource.kind === each)) {
      const told = ({ name, title, message, thresholds }: Json) => ({ name, title, message, thresholds });
      const { thresholds: _, ...own } = told(body);
      const { thresholds: _theirs, ...theirs } = told(found.get(id) ?? {});
      assert.deepEqual(theirs, own, `${each} ${id} says what is defined`);
    }
  }
}
