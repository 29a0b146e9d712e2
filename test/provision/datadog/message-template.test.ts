import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { templateProblems } from "../../../src/provision/datadog/message-template.ts";
import type { Scope } from "../../../src/provision/datadog/message-variables.ts";
import { monitorProblems } from "../../../src/provision/datadog/monitor-rules.ts";
import { composite, monitor } from "../stage.ts";

const scope = (type: string, groups: readonly string[] = ["host"], parts = 0): Scope => ({
  type,
  groups: new Set(groups),
  parts,
});
const metric = scope("query alert");

/** As https://docs.datadoghq.com/monitors/notify/variables/ has them, November 2026. */
const documented: readonly (readonly [what: string, scope: Scope, message: string])[] = [
  [
    "the built-in ones",
    metric,
    "{{value}} {{comparator}} {{threshold}} {{warn_threshold}} {{alert_recovery_threshold}}",
  ],
  ["times", metric, "{{first_triggered_at}} {{last_triggered_at_epoch}} {{triggered_duration_sec}}"],
  ["a group", metric, "{{host.name}} {{ host.name }}"],
  [
    "what is known of a host",
    metric,
    '{{host.ip}} {{host.metadata_platform}} {{#is_match "host.role.name" "db"}}x{{/is_match}}',
  ],
  ["a label with a period", scope("query alert", ["dot.key.test"]), "{{[dot.key.test].name}}"],
  ["a facet", scope("log alert", ["@machine_id"]), "{{ @machine_id.name }}"],
  ["a facet with periods", scope("log alert", ["@network.client.ip"]), "{{ [@network.client.ip].name }}"],
  ["a namespace", scope("query alert", ["kube_namespace", "kube_cluster_name"]), "{{kube_namespace.labels}}"],
  ["a pod", scope("query alert", ["pod_name", "kube_namespace"]), "{{pod_name.phase}}"],
  ["a service", scope("query alert", ["service"]), "{{service.team}} {{service.links[Runbook]}}"],
  ["a log", scope("log alert"), "{{log.message}} {{log.tags.env}} {{ log.attributes.[error.message] }} {{log.link}}"],
  ["a span", scope("trace-analytics alert"), "{{span.resource_name}} {{span.attributes.key}}"],
  ["an event of a browser", scope("rum alert"), "{{rum.service}} {{rum.tags.key}}"],
  ["an event", scope("event-v2 alert"), "{{{event.text}}} {{event.host.name}} {{ event.tags.[dot.key.test] }}"],
  ["an audit", scope("audit alert"), "{{audit.message}} {{audit.attributes.key}}"],
  [
    "a pipeline",
    scope("ci-pipelines alert"),
    "{{cipipeline.ci_level}} {{cipipeline.status}} {{cipipeline.attributes.key}}",
  ],
  ["a test", scope("ci-tests alert"), "{{citest.error.message}} {{citest.attributes.key}}"],
  ["a database", scope("database-monitoring alert"), "{{databasemonitoring.attributes.key}}"],
  [
    "an issue",
    scope("error-tracking alert"),
    "{{issue.attributes.key}} {{issue.link}} {{span.attributes.[error.message]}}",
  ],
  ["a synthetic test", scope("synthetics alert"), "{{synthetics.attributes.key}}"],
  ["a check", scope("service check"), "{{check_message}} {{{check_message}}} {{ok_threshold}}"],
  ["the parts of a composite", scope("composite", ["host"], 2), "{{a.value}} {{ b.status }} {{a.log.my_facet}}"],
  [
    "sums",
    metric,
    '{{eval "last_triggered_at_epoch-15*60*1000"}} {{eval "humanize_bytes(value)"}} {{eval "int(value / 60 % 24)"}}',
  ],
  ["a text in a sum", metric, `{{eval "humanize_duration(value, 'seconds')"}}`],
  ["another priority", metric, "{{override_priority 'P2'}}"],
  ["a label with a dash", scope("query alert", ["kube-app"]), '{{urlencode "kube-app.name"}}'],
  [
    "anything in a composite of what is not known",
    { type: "composite", groups: null, parts: 2 },
    '{{job.name}} {{#is_match "job" "a"}}x{{/is_match}}',
  ],
  ["a time elsewhere", metric, "{{local_time 'last_triggered_at' 'Asia/Tokyo'}}"],
  ["a part of an address", scope("query alert", ["service"]), '{{urlencode "service.name"}}'],
  ["a comment", metric, "{{!-- {{nothing}} --}}{{! {{#is_alert}}"],
  ["raw text", metric, "{{{{raw}}}}\n{{ nothing }} {{#each}}\n{{{{/raw}}}}"],
  ["raw text on a condition", metric, '{{{{is_match "host.name" "a"}}}}{{ .matched }}{{{{/is_match}}}}'],
  ["a block and what else", metric, '{{#is_match "host.name" "db" "web"}}a{{else}}b{{/is_match}}'],
  ["a comparison of the value", metric, '{{#is_exact_match "value" "5"}}a{{/is_exact_match}}'],
  ["a comparison of a label", scope("query alert", ["env"]), '{{^is_match "env" "production"}}a{{/is_match}}'],
  ["a comparison with nothing", metric, '{{#is_exact_match "host.datacenter" ""}}a{{/is_exact_match}}'],
  [
    "a comparison of a sum",
    metric,
    '{{#is_exact_match (eval "int(last_triggered_at_epoch / 3600000 % 24)") "14" "15"}}a{{/is_exact_match}}',
  ],
  ["a priority", metric, "{{#is_priority 'P1'}}a{{/is_priority}}"],
  ["a variable of a type of monitor that is not described", scope("network-path alert"), "{{netpath.attributes.key}}"],
];

const wrong: readonly (readonly [what: string, scope: Scope, message: string, said: RegExp])[] = [
  ["a log where there is none", metric, "{{log.message}}", /a query alert has no log\.message/],
  ["a field that logs do not have", scope("log alert"), "{{log.massage}}", /has no log\.massage/],
  ["the attributes of an event as a whole", scope("log alert"), "{{log.attributes}}", /has no log\.attributes/],
  ["what a check said, of no check", metric, "{{check_message}}", /a query alert has no check_message/],
  ["a host by which nothing is grouped", scope("query alert", ["job"]), "{{host.ip}}", /does not group by host/],
  ["a label without its name", metric, "{{host}}", /of host there is no host/],
  [
    "something that nobody knows of a job",
    scope("query alert", ["job"]),
    "{{job.owner}}",
    /of job there is no job\.owner/,
  ],
  ["a third part of two", scope("composite", ["host"], 2), "{{c.value}}", /does not group by c/],
  ["a part as a whole", scope("composite", ["host"], 2), "{{a}}", /does not group by a$/],
  ["an event as a whole", scope("error-tracking alert"), "{{issue}}", /has no issue$/],
  ["a variable without quotes", metric, "{{urlencode job.name}}", /does not group by job$/],
  ["a variable in a sum", metric, '{{eval "round(valeu*100)"}}', /does not group by valeu/],
  ["a variable in an address", metric, '{{urlencode "service.name"}}', /does not group by service/],
  ["a comparison of nothing", metric, "{{#is_match}}a{{/is_match}}", /compares nothing/],
  [
    "a comparison of a sum of what is not there",
    metric,
    '{{#is_match (eval "int(vlue)") "1"}}a{{/is_match}}',
    /by vlue/,
  ],
  ["an else outside of a block", metric, "{{else}}", /stands in no block/],
];

describe("the template of a message", () => {
  for (const [what, where, message] of documented) {
    it(`may hold ${what}`, () => assert.deepEqual(templateProblems(message, where), []));
  }

  for (const [what, where, message, said] of wrong) {
    it(`may not hold ${what}`, () => {
      const problems = templateProblems(message, where);
      assert.equal(problems.length, 1);
      assert.match(String(problems[0]?.[0]), said);
    });
  }

  it("is told what its query groups by, also where that is nothing", () => {
    const advice = (groups: readonly string[]) =>
      templateProblems("{{job.name}}", scope("query alert", groups))[0]?.[1];
    assert.deepEqual([advice([]), advice(["host", "disk"])], ["it groups by nothing", "it groups by host, disk"]);
  });

  it("of a composite names its parts by letters, as many as its query has, and what they group by", () => {
    const parts = [monitor("one"), monitor("two")];
    const saying = (message: string) => {
      const { body, ...rest } = composite("both", ["one", "two"]);
      return monitorProblems({ ...rest, body: { ...body, message } }, parts);
    };
    assert.deepEqual(saying("{{a.value}} {{b.status}} {{host.name}}"), []);
    assert.match(String(saying("{{c.value}}")[0]), /does not group by c/);
    assert.match(String(saying("{{job.name}}")[0]), /groups by host/);
    const byNumber = monitor("x", { type: "composite", query: "12 && 34", message: "{{b.value}} {{job.name}}" });
    assert.deepEqual(monitorProblems(byNumber, []), [], "what others group by is not known");
  });

  it("knows the groups of logs, and those of a formula's queries", () => {
    const grouped = (body: object, message: string) =>
      monitorProblems(monitor("x", { options: { thresholds: { critical: 2 } }, ...body, message }), []);
    const logs = { type: "log alert", query: 'logs("a").index("*").rollup("count").by("@user.id,env").last("5m") > 2' };
    assert.deepEqual(grouped(logs, "{{[@user.id].name}} {{env.name}}"), []);
    const formula = {
      type: "rum alert",
      query: 'formula("query1").last("15m") > 2',
      options: { thresholds: { critical: 2 }, variables: [{ name: "query1", group_by: [{ facet: "@view" }] }] },
    };
    assert.deepEqual(grouped(formula, "{{@view.name}}"), []);
    assert.equal(grouped(formula, "{{env.name}}").length, 1);
    const several = { ...formula.options, variables: [{ name: "query1", group_by: ["@view", "env"] }] };
    assert.deepEqual(grouped({ ...formula, options: several }, "{{@view.name}} {{env.name}}"), []);
  });
});
