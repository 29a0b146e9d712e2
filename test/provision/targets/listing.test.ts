import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { byTags } from "../../../src/provision/identity.ts";
import { listPages, type Page, pagesByNumber, pagesByOffset } from "../../../src/provision/targets/listing.ts";
import type { FakeDatadog, SeenRequest } from "../fake-datadog/server.ts";
import { monitor, provisionStage, stackName } from "../stage.ts";

type Change = (items: string[]) => void;

/** @param changes happen before these readings, which are counted from 0 */
function shelf(items: string[], changes: Readonly<Record<number, Change>>, page = pagesByOffset(3)) {
  const asked: Page[] = [];
  const listed = listPages<string>({
    what: "the letters",
    page,
    idOf: (item) => item,
    async read(part) {
      changes[asked.length]?.(items);
      asked.push(part);
      return items.slice(part.offset, part.offset + part.size);
    },
  });
  return { listed, asked };
}

const letters = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe("what is listed page by page", () => {
  it("is asked for once, however many pages there are", async () => {
    for (const [count, pages] of [
      [0, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
    ] as const) {
      const { listed, asked } = shelf(letters(count), {});
      assert.deepEqual([await listed, asked.length], [letters(count), pages], `${count} of them`);
    }
  });

  it("is whole at every number of items, for pages by number and by offset", async () => {
    for (const page of [pagesByNumber(10), pagesByOffset(10)])
      for (let count = 0; count <= 25; count += 1)
        assert.deepEqual(await shelf(letters(count), {}, page).listed, letters(count));
  });

  it("is asked for by numbers and sizes that an API without offsets understands", () => {
    for (const part of letters(500).map((_, number) => pagesByNumber(1000)(number)))
      assert.equal(part.number * part.size, part.offset);
  });

  it("holds what has moved to a page that was read already", async () => {
    const { listed, asked } = shelf(letters(6), { 1: (items) => items.splice(0, 1) });
    assert.deepEqual(await listed, ["1", "2", "3", "4", "5"]);
    assert.equal(asked.filter(({ number }) => number === 0).length, 2, "it began anew");
  });

  it("also when the next page is empty for it", async () => {
    const { listed } = shelf(letters(3), { 1: (items) => items.splice(0, 1) });
    assert.deepEqual(await listed, ["1", "2"]);
  });

  it("is no list with somebody's item missing when one goes while another comes", async () => {
    const { listed } = shelf(letters(6), {
      1: (items) => {
        items.splice(0, 1);
        items.splice(4, 0, "new");
      },
    });
    assert.deepEqual(await listed, ["1", "2", "3", "4", "new", "5"]);
  });

  it("holds what was made meanwhile, and nothing twice", async () => {
    const { listed } = shelf(letters(4), { 1: (items) => items.unshift("new") });
    assert.deepEqual(await listed, ["new", "0", "1", "2", "3"]);
  });

  it("holds nothing twice that has moved behind what was read", async () => {
    const { listed } = shelf(letters(6), {
      1: (items) => {
        items.unshift("new");
        items.push(...items.splice(1, 1));
      },
    });
    const found = await listed;
    assert.deepEqual([found.length, new Set(found).size], [7, 7]);
  });

  it("is no list when it never stays the same", async () => {
    let made = 0;
    const always = new Proxy<Record<number, Change>>(
      {},
      {
        get: () => (items: string[]) => {
          made += 1;
          items.push(`new${made}`);
          items.shift();
        },
      },
    );
    const { listed, asked } = shelf(letters(5), always);
    await assert.rejects(listed, { reason: "disagreement", message: /the letters cannot be listed completely/ });
    assert.ok(asked.length <= 20, "it gives up");
  });

  it("is no list when it does not end", async () => {
    const endless = listPages({
      what: "the letters",
      page: pagesByOffset(3),
      idOf: String,
      read: async ({ offset }) => [offset, offset + 1, offset + 2],
    });
    await assert.rejects(endless, { reason: "disagreement", message: /does not end/ });
  });

  it("misses nothing that was there from the first reading to the last, whatever is made and deleted meanwhile", async () => {
    const change = fc.record({ isMade: fc.boolean(), at: fc.nat(40) });
    const meanwhile = fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 8 });
    const pages = fc.oneof(fc.integer({ min: 2, max: 8 }).map(pagesByOffset), fc.constant(pagesByNumber(14)));
    let listings = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(30), meanwhile, pages, async (count, readings, page) => {
        const items = letters(count);
        const stayed = new Set(items);
        let made = 0;
        const apply = ({ isMade, at }: { isMade: boolean; at: number }) => {
          made += 1;
          if (isMade) items.splice(at % (items.length + 1), 0, `new${made}`);
          else for (const gone of items.splice(at % (items.length + 1), 1)) stayed.delete(gone);
        };
        const changes = readings.map((some) => () => some.forEach(apply));
        const found = await shelf(items, changes, page).listed.catch(() => null);
        if (found === null) return;
        listings += 1;
        assert.deepEqual(
          [...stayed].filter((item) => !found.includes(item)),
          [],
        );
        assert.equal(new Set(found).size, found.length, "nothing twice");
      }),
      { numRuns: 2000 },
    );
    assert.ok(listings > 1000, "most of them end with a list");
  });
});

const isSecondPage = ({ query }: SeenRequest) => /(^|&)(page=1|offset=999|start=99)(&|$)/.test(query);

/** Somebody deletes the first one once the first page has been read. */
function deleteMeanwhile(fake: FakeDatadog, remove: () => unknown): void {
  let isDone = false;
  fake.fault = (request) => {
    if (!isDone && isSecondPage(request)) {
      isDone = true;
      remove();
    }
    return null;
  };
}

const mark = (id: string) => ({ stack: stackName, id, applied: null });

describe("a resource of ours on the second page is listed although one of the first page is deleted meanwhile", () => {
  it("among the monitors of a stack", async (t) => {
    const { fake, target } = await provisionStage(t);
    for (let n = 0; n <= 1000; n += 1) fake.monitors.create(byTags.write({ ...monitor(`m${n}`).body }, mark(`m${n}`)));
    const [first] = fake.monitors.all();
    deleteMeanwhile(fake, () => fake.monitors.remove(first?.["id"] as number, true));
    const listed = await target.list("monitor", stackName);
    assert.deepEqual([listed.length, listed.at(-1)?.body["name"]], [1000, "Alert m1000"]);
  });

  it("among the SLOs of a stack", async (t) => {
    const { fake, target } = await provisionStage(t);
    const none = new URLSearchParams();
    for (let n = 0; n <= 1000; n += 1) {
      const thresholds = [{ timeframe: "30d", target: 99 }];
      const slo = { name: `s${n}`, type: "metric", query: { numerator: "a", denominator: "b" }, thresholds };
      fake.slos.route("POST", "", none, { ...slo, tags: ["managed_by:pantheros", `pantheros_stack:${stackName}`] });
    }
    const [first] = fake.slos.all();
    deleteMeanwhile(fake, () => fake.slos.route("DELETE", String(first?.["id"]), none, {}));
    const listed = await target.list("slo", stackName);
    assert.deepEqual([listed.length, listed.at(-1)?.body["name"]], [1000, "s1000"]);
  });

  it("among the dashboards of everybody", async (t) => {
    const { fake, target } = await provisionStage(t);
    const none = new URLSearchParams();
    const marks = `managed_by:pantheros pantheros_stack:${stackName} pantheros_id:own`;
    for (let n = 0; n <= 100; n += 1) {
      const description = n === 100 ? marks : "of somebody";
      fake.dashboards.route("POST", "", none, { title: `d${n}`, description, layout_type: "ordered", widgets: [] });
    }
    const [first] = fake.dashboards.all();
    deleteMeanwhile(fake, () => fake.dashboards.route("DELETE", String(first?.["id"]), none, {}));
    const listed = await target.list("dashboard", stackName);
    assert.deepEqual(
      listed.map(({ body }) => body["title"]),
      ["d100"],
    );
  });
});
