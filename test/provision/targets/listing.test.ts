import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { byTags } from "../../../src/provision/identity.ts";
import { listPages } from "../../../src/provision/targets/listing.ts";
import type { FakeDatadog, SeenRequest } from "../fake-datadog/server.ts";
import { monitor, provisionStage, stackName } from "../stage.ts";

type Change = (items: string[]) => void;

/** Two to a page. @param changes happen before these readings, which are counted from 0 */
function shelf(items: string[], changes: Readonly<Record<number, Change>>) {
  let readings = 0;
  const listed = listPages<string>({
    what: "the letters",
    pageSize: 2,
    idOf: (item) => item,
    async read(index) {
      changes[readings]?.(items);
      readings += 1;
      return items.slice(index * 2, index * 2 + 2);
    },
  });
  return { listed, readings: () => readings };
}

describe("what is listed page by page", () => {
  it("is asked for once where there is one page", async () => {
    const { listed, readings } = shelf(["a"], {});
    assert.deepEqual([await listed, readings()], [["a"], 1]);
  });

  it("is asked for twice where there are several", async () => {
    const { listed, readings } = shelf(["a", "b", "c"], {});
    assert.deepEqual([await listed, readings()], [["a", "b", "c"], 4]);
  });

  it("holds what has moved to a page that was read already", async () => {
    const { listed } = shelf(["a", "b", "c", "d", "e"], { 1: (items) => items.splice(0, 1) });
    assert.deepEqual(await listed, ["b", "c", "d", "e"]);
  });

  it("also when the last page is empty for it", async () => {
    const { listed } = shelf(["a", "b", "c"], { 1: (items) => items.splice(0, 1) });
    assert.deepEqual(await listed, ["b", "c"]);
  });

  it("holds what was made meanwhile, and nothing twice", async () => {
    const { listed } = shelf(["a", "b", "c"], { 1: (items) => items.unshift("new") });
    assert.deepEqual((await listed).toSorted(), ["a", "b", "c", "new"]);
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
    const { listed, readings } = shelf(["a", "b", "c"], always);
    await assert.rejects(listed, { reason: "disagreement", message: /the letters cannot be listed completely/ });
    assert.ok(readings() <= 20, "it gives up");
  });
});

const isSecondPage = ({ query }: SeenRequest) => /(^|&)(page=1|offset=1000|start=100)(&|$)/.test(query);

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
