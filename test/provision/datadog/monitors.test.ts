import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alerts } from "../../../monitors/index.ts";
import { exampleStack, stacks } from "../../../monitors/stacks.ts";
import { defineAlert } from "../../../src/model/alert/alert.ts";
import { type AnyCondition, above, type Condition, either, silent } from "../../../src/model/alert/condition.ts";
import { difference, highest, increase, quotient } from "../../../src/model/alert/expression.ts";
import { count, days, half, hours, minutes, percent, seconds, times, usd } from "../../../src/model/alert/measure.ts";
import type { Stack } from "../../../src/model/alert/stack.ts";
import { datadogMonitors, type MonitorBody } from "../../../src/provision/datadog/monitors.ts";
import { sloResources } from "../../../src/provision/datadog/slo-resources.ts";

function bodies(condition: AnyCondition, stack: Stack = exampleStack): readonly MonitorBody[] {
  const alert = defineAlert({
    id: "x",
    title: "Something is wrong",
    condition: () => condition as Condition<string>,
    summary: ({ value }) => `It is ${value}.`,
    why: "It matters.",
    remedies: () => [{ what: "Look", command: "pantheros status" }],
  });
  return datadogMonitors([alert], stack).map(({ body }) => body);
}
const only = (condition: AnyCondition, stack = exampleStack) => bodies(condition, stack)[0] as MonitorBody;
const by = ["host", "job"] as const;
const failed = highest("jobOutcome", { by, where: { outcome: ["failed"] } });
const overdue = highest("jobOverdue", { by });

/** What is sent in one state of one host, by the rules of https://docs.datadoghq.com/monitors/notify/variables/ */
function told(message: string, states: readonly string[], host: string): readonly string[] {
  const block = /\{\{([#^])(\w+)((?:\s+"[^"]*")*)\}\}((?:(?!\{\{[#^]\w).)*?)\{\{\/\2\}\}/s;
  let text = message;
  for (let found = block.exec(text); found !== null; found = block.exec(text)) {
    const [whole, sign, name = "", given = "", inside = ""] = found;
    const [, ...hosts] = [...given.matchAll(/"([^"]*)"/g)].map(([, word]) => word);
    const holds = name === "is_exact_match" ? hosts.includes(host) : states.includes(name);
    text = text.replace(whole, (sign === "#") === holds ? inside : "");
  }
  assert.doesNotMatch(text, /\{\{[#^/]/);
  return [...new Set(text.match(/@\S+/g) ?? [])];
}

describe("a monitor for Datadog", () => {
  describe("tells", () => {
    const mail = "@backups@example.org";
    const chat = ["@slack-backups", "@webhook-discord-backups"];
    const call = "@pagerduty-backups";
    const critical = only(above(failed, { critical: half })).message;
    const both = only(above(overdue, { warning: seconds(0), critical: hours(12) })).message;
    const warning = only(above(failed, { warning: half })).message;
    const silence = only(silent("buildInfo", { by: ["host"], longer: minutes(30), severity: "critical" })).message;
    const cases: readonly (readonly [string, string, readonly string[], string, readonly string[]])[] = [
      ["everybody of an alarm", critical, ["is_alert"], "db1", [mail, ...chat, call]],
      ["nobody on call of other hosts", critical, ["is_alert"], "laptop", [mail, ...chat]],
      ["them again while it goes on", critical, ["is_alert", "is_renotify"], "db1", [mail, ...chat, call]],
      ["them of its end", critical, ["is_recovery", "is_alert_recovery"], "db1", [mail, ...chat, call]],
      ["the mail alone of what is only a warning", warning, ["is_alert"], "db1", [mail]],
      ["the mail alone of the warning of a critical one", both, ["is_warning"], "db1", [mail]],
      [
        "the chat of an alarm that is only a warning now",
        both,
        ["is_warning", "is_alert_to_warning"],
        "laptop",
        [mail, ...chat],
      ],
      ["who is on call when that is over", both, ["is_recovery", "is_warning_recovery"], "db1", [mail, call]],
      ["everybody of silence, which is no alert", silence, ["is_no_data"], "db1", [mail, ...chat, call]],
      ["them of its end too", silence, ["is_recovery", "is_no_data_recovery"], "db1", [mail, ...chat, call]],
    ];
    for (const [what, message, states, host, expected] of cases)
      it(what, () => assert.deepEqual(told(message, states, host), expected));

    it("nobody where nobody is named", () => {
      const nobody = { ...exampleStack, routes: { email: [], chat: [], onCall: [], production: [] } };
      assert.doesNotMatch(bodies(above(failed, { critical: half }), nobody)[0]?.message ?? "@", /@|is_alert/);
    });

    it("by handles that are written with or without their @", () => {
      const messages = [
        ["ops@example.org", "discord-ops"],
        ["@ops@example.org", "@webhook-discord-ops"],
      ].map((email) => {
        const routes = { email, chat: [], onCall: [], production: [] };
        return only(above(failed, { critical: half }), { ...exampleStack, routes }).message;
      });
      assert.match(messages[0] ?? "", /\n@ops@example\.org @webhook-discord-ops$/);
      assert.equal(messages[0], messages[1]);
    });

    it("who is on call for no host that is named", () => {
      const routes = { ...exampleStack.routes, production: [] };
      const { message } = only(above(failed, { critical: half }), { ...exampleStack, routes });
      assert.doesNotMatch(message, /is_exact_match|pagerduty/);
    });

    it("of a host as it is written and as Datadog writes tags", () => {
      const routes = { ...exampleStack.routes, production: ["DB1"] };
      const [body] = bodies(above(failed, { critical: half }), { ...exampleStack, routes });
      assert.match(body?.message ?? "", /#is_exact_match "host.name" "DB1" "db1"/);
    });
  });

  it("says what is wrong while it is, and only that it is over when it is", () => {
    const { message } = only(above(failed, { critical: half }));
    const [trouble = "", end = ""] = message.split("{{/is_recovery}}");
    assert.match(trouble, /^\{\{\^is_recovery\}\}\nIt is .*It matters\..*- Look: `pantheros status`/s);
    assert.match(trouble, /Runbook: the section x of docs\/alerts\.md of pantheros\n$/, "a link would open nothing");
    assert.match(end, /\{\{#is_recovery\}\}\nSomething is wrong: no longer\.\n$/);
  });

  it("links to where its reader finds the runbooks", () => {
    const [body] = bodies(above(failed, { critical: half }), {
      ...exampleStack,
      runbooks: "https://example.org/alerts",
    });
    assert.match(body?.message ?? "", /Runbook: https:\/\/example\.org\/alerts#x/);
  });

  const values: readonly (readonly [what: string, condition: AnyCondition, shown: string])[] = [
    [
      "percent",
      above(highest("diskUsage", { by: ["device"] }), { critical: percent(85) }),
      '{{eval "round(value)"}} %',
    ],
    ["a share", above(highest("checkCoverage", { by }), { critical: percent(85) }), '{{eval "round(value*100)"}} %'],
    [
      "a multiple",
      above(quotient(highest("backupDuration", { by }), highest("jobExpectedDuration", { by })), {
        critical: times(2),
      }),
      '{{eval "round(value*100)"}} %',
    ],
    [
      "hours",
      above(highest("snapshotAge", { by: ["subvol"] }), { critical: hours(24) }),
      '{{eval "round(value)"}} hours',
    ],
    ["weeks", above(highest("drillAge", { by }), { critical: days(35) }), '{{eval "round(value/86400)"}} days'],
    ["half a day", above(overdue, { critical: hours(12) }), '{{eval "round(value/3600)"}} hours'],
    ["anything more than nothing", above(overdue, { critical: seconds(0) }), '{{eval "ceil(value/60)"}} minutes'],
    [
      "what takes longer",
      above(difference(highest("backupDuration", { by }), highest("jobExpectedDuration", { by })), {
        critical: seconds(0),
      }),
      '{{eval "ceil(value/60)"}} minutes',
    ],
    ["a number", above(highest("jobConsecutiveFailures", { by }), { critical: count(2) }), '{{eval "int(value)"}}'],
    ["money", above(highest("bucketCost", { by: ["bucket"] }), { critical: usd(2) }), "{{value}} USD"],
  ];
  for (const [what, condition, shown] of values)
    it(`shows ${what} as people say it`, () => assert.ok(only(condition).message.includes(`It is ${shown}.`)));

  it("needs a whole window of data where something must have lasted, and none where it must not", () => {
    assert.deepEqual(windowOf(above(failed, { critical: half })), ["max(last_5m)", false]);
    assert.deepEqual(windowOf(above(failed, { critical: half }, { lasting: hours(2) })), ["min(last_2h)", true]);
    assert.deepEqual(windowOf(above(failed, { critical: half }, { lasting: minutes(90) })), ["min(last_90m)", true]);
    assert.deepEqual(windowOf(above(failed, { critical: half }, { lasting: days(1) })), ["min(last_1d)", true]);
    const lost = increase("jobLost", { by: ["host"], within: days(7) });
    assert.deepEqual(windowOf(above(lost, { critical: count(0) })), ["sum(last_1w)", false]);
  });

  it("looks back in words that Datadog's API has, and not for longer than it can", () => {
    assert.deepEqual(windowOf(above(failed, { critical: half }, { lasting: days(2) })), ["min(last_48h)", true]);
    for (const stack of stacks)
      for (const { body } of datadogMonitors(alerts, stack))
        assert.match(body.query, /^(?:min|max|sum)\(last_(?:\d+m|\d+h|1d|1w)\):/);
    assert.throws(() => only(above(failed, { critical: half }, { lasting: days(8) })), /a week at most, not 691200/);
  });

  it("is told again as often as by Alertmanager, and says in its title which host and job it is about", () => {
    const { options } = only(above(failed, { critical: half }));
    assert.equal(options["renotify_interval"], 720);
    assert.deepEqual(options["renotify_statuses"], ["alert", "warn", "no data"]);
    assert.equal(options["include_tags"], true);
  });

  it("is one for each part of a condition: a composite sees only what all of its parts report", () => {
    const either2 = either(
      above(highest("jobConsecutiveFailures", { by }), { critical: count(2) }),
      above(highest("jobSuccessAge", { by, without: { rhythm: ["rarer"] } }), { critical: hours(36) }),
      above(failed, { critical: half }),
    );
    const parts = bodies(either2);
    assert.deepEqual(
      parts.map(({ name, type }) => [name, type]),
      [
        ["Something is wrong: job consecutive failures above 2 (example)", "query alert"],
        ["Something is wrong: job success age above 1d 12h (example)", "query alert"],
        ["Something is wrong: job last outcome failed (example)", "query alert"],
      ],
    );
    for (const { message } of parts) assert.match(message, /@slack-backups/);
  });

  it("resolves what is well when it is not there, tells silence, and keeps what it knew of everything else", () => {
    const missing = (condition: AnyCondition) => only(condition).options["on_missing_data"];
    assert.equal(missing(above(failed, { critical: half }, { absent: "well" })), "resolve");
    assert.equal(missing(above(failed, { critical: half })), "default");
    const silence = silent("buildInfo", { by: ["host"], longer: minutes(30), severity: "critical" });
    assert.equal(missing(silence), "show_and_notify_no_data");
  });

  it("judges the hosts of its stack alone, and so does silence", () => {
    const query = (hosts: NonNullable<Stack["hosts"]>, id: string) =>
      datadogMonitors(alerts, { ...exampleStack, hosts }).find((monitor) => monitor.id === id)?.body.query;
    assert.equal(
      query({ only: ["web1", "db1"] }, "host-silent"),
      "min(last_30m):max:pantheros.build.info{host IN (web1,db1)} by {host} < 0.5",
    );
    assert.equal(
      query({ except: ["laptop"] }, "job-failed"),
      "max(last_5m):max:pantheros.job.last_outcome{outcome:failed AND !host:laptop} by {host,job} > 0.5",
    );
  });

  it("counts what is counted, and never averages it", () => {
    for (const { body } of datadogMonitors(alerts, exampleStack)) {
      const isSum = body.query.startsWith("sum(");
      assert.equal(body.query.includes(".as_count()"), isSum, body.query);
    }
  });

  function windowOf(condition: AnyCondition): readonly unknown[] {
    const { query, options } = only(condition);
    return [query.split(":")[0], options["require_full_window"]];
  }
});

describe("an SLO for Datadog", () => {
  const [runs, points] = sloResources(exampleStack).map(({ body }) => body);

  it("promises what the service level says, and warns when half of its errors are used up", () => {
    for (const body of [runs, points])
      assert.deepEqual(body?.["thresholds"], [{ target: 99, warning: 99.5, timeframe: "30d" }]);
    assert.equal(runs?.["name"], "Backups succeed (example)");
  });

  it("counts runs, and of time that in which each objective was kept", () => {
    assert.deepEqual(runs?.["query"], {
      numerator: "sum:pantheros.job.runs{outcome:success}.as_count()",
      denominator: "sum:pantheros.job.runs{!outcome:skipped}.as_count()",
    });
    assert.match(
      JSON.stringify(points?.["sli_specification"]),
      /"comparator":">=","threshold":1.*min:pantheros\.objective\.met\{promise:rpo\} by \{host,objective\}/,
    );
  });

  it("is about the hosts of its stack alone", () => {
    for (const { body } of sloResources({ ...exampleStack, hosts: { only: ["web1"] } })) {
      const scopes = [...JSON.stringify(body).matchAll(/pantheros\.[\w.]+\{([^}]*)\}/g)].map(([, scope]) => scope);
      assert.ok(scopes.length > 0);
      for (const scope of scopes) assert.match(String(scope), /host:web1/);
    }
  });
});
