import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { normalMonitor } from "../../src/provision/datadog/monitor-form.ts";
import { type Body, isBody } from "../../src/provision/resource.ts";
import { monitor } from "./stage.ts";

const { body: plain } = monitor("x");
const options = isBody(plain["options"]) ? plain["options"] : {};
const withOptions = (change: Body): Body => ({ ...plain, options: { ...options, ...change } });

/** Each has made somebody's plan never empty; numbers are issues of DataDog/terraform-provider-datadog. */
const equal: Readonly<Record<string, Body>> = {
  "a query alert that is called a metric alert": { ...plain, type: "metric alert" },
  "tags in another order, one twice": { ...plain, tags: ["severity:critical", "severity:critical"] },
  "a message with other line ends and space around it": { ...plain, message: `\r\n${plain["message"]}  \r\n` },
  "a query with other space in it": {
    ...plain,
    query: "  max(last_5m):max:pantheros.x{ * }  by { host }   >  2.0 ",
  },
  "what the server adds to the options": withOptions({
    notify_no_data: false,
    notify_audit: false,
    new_host_delay: 300,
    silenced: {},
    groupby_simple_monitor: false,
    avalanche_window: 20,
  }),
  "what the UI exports (#1739)": {
    ...withOptions({ groupby_simple_monitor: false, silenced: { "*": null } }),
    restriction_query: null,
  },
  "nothing against empty lists (#1384)": { ...withOptions({ renotify_statuses: null }), restricted_roles: [] },
  "no restriction at all (#1384)": { ...withOptions({ renotify_statuses: [] }), restricted_roles: null },
  "no draft status against published (#3496)": { ...plain, draft_status: "published" },
  "a time frame without data that only the server knows (#369)": withOptions({ no_data_timeframe: 15 }),
  "a time frame without data beside newer words, which leave it without effect": withOptions({
    on_missing_data: "default",
    notify_no_data: false,
    no_data_timeframe: 15,
  }),
  "whom nobody tells again, of which states": withOptions({ renotify_statuses: ["alert"], renotify_occurrences: 3 }),
  "the default of missing data, said aloud": withOptions({ on_missing_data: "default" }),
  "intervals of nothing": withOptions({ renotify_interval: null, timeout_h: 0, evaluation_delay: null }),
  "fields that are the server's": {
    ...plain,
    id: 5,
    org_id: 7,
    overall_state: "Alert",
    creator: { name: null },
    multi: true,
  },
  "muted in the UI": withOptions({ silenced: { "host:a": 1_800_000_000 } }),
};

const different: Readonly<Record<string, Body>> = {
  "another threshold": withOptions({ thresholds: { critical: 3 } }),
  "a word more in the message": { ...plain, message: `${plain["message"]}!` },
  "one tag more": { ...plain, tags: ["severity:critical", "team:a"] },
  "space within quotes": { ...plain, query: 'logs("a  b").last("5m") > 2' },
  "restricted to a role": { ...plain, restricted_roles: ["r"] },
  "a draft": { ...plain, draft_status: "draft" },
  "told again after an hour": withOptions({ renotify_interval: 60 }),
  "told again only after alerts": withOptions({ renotify_interval: 60, renotify_statuses: ["alert"] }),
  "told when there is no data": withOptions({ notify_no_data: true, no_data_timeframe: 10 }),
  "told when there is no data, after the usual time": withOptions({ on_missing_data: null, notify_no_data: true }),
  "another delay of new groups": withOptions({ new_group_delay: 60 }),
  "another delay of new hosts": withOptions({ new_host_delay: 60 }),
};

describe("the normal form of a monitor", () => {
  for (const [what, body] of Object.entries(equal)) {
    it(`is the same for ${what}`, () => assert.deepEqual(normalMonitor(body), normalMonitor(plain)));
  }

  for (const [what, body] of Object.entries(different)) {
    it(`is another one for ${what}`, () => assert.notDeepEqual(normalMonitor(body), normalMonitor(plain)));
  }

  it("compares the delay of new hosts only where none of new groups takes its place", () => {
    const delayed = (new_group_delay: number | null, new_host_delay: number) =>
      normalMonitor(withOptions({ new_group_delay, new_host_delay }));
    assert.deepEqual(delayed(60, 0), delayed(60, 300));
    assert.notDeepEqual(delayed(null, 0), delayed(null, 300));
  });

  it("has the time that the server takes where nobody says after how long no data is told", () => {
    const told = (no_data_timeframe: number | null, on_missing_data: string | null = null) =>
      normalMonitor(withOptions({ notify_no_data: true, no_data_timeframe, on_missing_data }));
    assert.deepEqual(told(null), told(10), "twice the window of the query");
    assert.notDeepEqual(told(null), told(15));
    assert.deepEqual(told(null, "show_no_data"), told(15, "show_no_data"));
  });

  it("takes what the description of the API calls a default for nothing said", () => {
    const defaults = { include_tags: true, min_location_failed: 1, min_failure_duration: 0, new_host_delay: 300 };
    const silent: Body = { ...plain, options: {} };
    assert.deepEqual(normalMonitor({ ...silent, options: defaults }), normalMonitor(silent));
    assert.deepEqual(normalMonitor({ ...silent, options: null }), normalMonitor(silent));
  });

  it("of a normal form is itself, whatever the body", () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const anything = fc.record(
      { name: value, type: value, query: fc.oneof(fc.string(), value), message: value, tags: value, options: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anything, (body) => {
        const once = normalMonitor(body as Body);
        assert.deepEqual(normalMonitor(once), once);
      }),
    );
  });
});
