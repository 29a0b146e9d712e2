import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { normalMonitor } from "../../../src/provision/datadog/monitor-form.ts";
import { isPending } from "../../../src/provision/plan.ts";
import type { Body, Resource } from "../../../src/provision/resource.ts";
import { asJson, type Json } from "../fake-datadog/monitors.ts";
import { monitor, provisionStage } from "../stage.ts";

interface Trap {
  /** What makes plans that are never empty; its number among the issues of DataDog/terraform-provider-datadog. */
  readonly what: string;
  readonly defined: Resource;
  /** What the server or its UI makes of it afterwards. */
  readonly habit: (it: Json) => unknown;
}

const inOptions = (change: Json) => (it: Json) =>
  Object.assign(it, { options: { ...asJson(it["options"]), ...change } });
const plain = monitor("x");
const withOptions = (change: Body): Resource => {
  const options = { thresholds: { critical: 2 }, include_tags: false, ...change };
  return monitor("x", { options });
};

const traps: readonly Trap[] = [
  {
    what: "saved again in the UI: groupby_simple_monitor false, restriction_query null, silenced {*: null} (#1739)",
    defined: plain,
    habit: (it) => {
      inOptions({ groupby_simple_monitor: false, silenced: { "*": null } })(it);
      Object.assign(it, { restriction_query: null });
    },
  },
  {
    what: "renotify_statuses absent against empty (#1384)",
    defined: plain,
    habit: inOptions({ renotify_statuses: [] }),
  },
  {
    what: "renotify_statuses empty against null (#1384)",
    defined: withOptions({ renotify_statuses: [] }),
    habit: inOptions({ renotify_statuses: null }),
  },
  {
    what: "restricted_roles absent against empty (#1384)",
    defined: plain,
    habit: (it) => Object.assign(it, { restricted_roles: [] }),
  },
  {
    what: "restricted_roles empty against null (#1384)",
    defined: monitor("x", { restricted_roles: [] }),
    habit: (it) => Object.assign(it, { restricted_roles: null }),
  },
  {
    what: "draft_status absent against published (#3496)",
    defined: plain,
    habit: (it) => Object.assign(it, { draft_status: "published" }),
  },
  {
    what: "draft_status published against absent (#3496)",
    defined: monitor("x", { draft_status: "published" }),
    habit: (it) => delete it["draft_status"],
  },
  {
    what: "no_data_timeframe that the server fills in where nobody is told (#369)",
    defined: plain,
    habit: inOptions({ no_data_timeframe: 10 }),
  },
  {
    what: "no_data_timeframe that the server fills in where somebody is told (#369)",
    defined: withOptions({ notify_no_data: true }),
    habit: (it) => assert.equal(asJson(it["options"])["no_data_timeframe"], 10, "the fake has the habit"),
  },
];

describe("a plan is empty after a sync, although Datadog has it", () => {
  for (const { what, defined, habit } of traps) {
    it(what, async (t) => {
      const stage = await provisionStage(t);
      await stage.sync([defined]);
      const id = Number(stage.fake.monitors.all()[0]?.["id"]);
      stage.fake.monitors.edit(id, habit);
      const { plan } = await stage.plan([defined]);
      assert.equal(isPending(plan), false, JSON.stringify(plan.steps));
      const before = stage.fake.seen.length;
      // What is made anew where it is there already is refused as a duplicate: nothing is.
      assert.deepEqual(await stage.sync([defined]), []);
      assert.deepEqual(
        stage.fake.seen.slice(before).map(({ method }) => method),
        ["GET"],
      );
    });
  }

  it("no_data_timeframe is twice the window, or a day of checks, and another one is an edit (#369)", () => {
    const told = (query: string, timeframe?: number): Body => {
      const options = { notify_no_data: true, ...(timeframe === undefined ? {} : { no_data_timeframe: timeframe }) };
      return normalMonitor({ ...plain.body, query, options });
    };
    const inWindow = (window: string) => `max(last_${window}):max:pantheros.x{*} by {host} > 2`;
    const check = '"ntp.in_sync".over("*").by("host").last(6).count_by_status()';
    for (const [query, minutes] of [
      [inWindow("5m"), 10],
      [inWindow("2h"), 240],
      [inWindow("1d"), 2880],
      [inWindow("1w"), 20_160],
      [check, 1440],
    ] as const) {
      assert.deepEqual(told(query), told(query, minutes));
      assert.notDeepEqual(told(query), told(query, minutes + 1));
    }
  });
});

it("every trap of the design has a test of its name", () => {
  const folder = join(import.meta.dirname, "..");
  const files = globSync("**/*.test.ts", { cwd: folder }).map((file) => readFileSync(join(folder, file), "utf8"));
  for (const issue of [1739, 1384, 3496, 369, 2595, 1848, 2956]) {
    const title = new RegExp(`["\`][^"\`\\n]*#${issue}\\b[^"\`\\n]*["\`]`);
    assert.ok(
      files.some((text) => title.test(text)),
      `#${issue}`,
    );
  }
});
