import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { alerts } from "../../../monitors/index.ts";
import { exampleStack, stacks } from "../../../monitors/stacks.ts";
import { type Severity, severitiesOf } from "../../../src/model/alert/condition.ts";
import type { Routes, Stack } from "../../../src/model/alert/stack.ts";
import { StepError } from "../../../src/model/run/outcome.ts";
import { alertmanagerConfig } from "../../../src/provision/prometheus/alertmanager.ts";
import { alertingRules } from "../../../src/provision/prometheus/rules.ts";
import { serviceLevelRules } from "../../../src/provision/prometheus/service-levels.ts";
import { needs, onPath } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const withRoutes = (routes: Partial<Routes>): Stack => ({
  ...exampleStack,
  routes: { ...exampleStack.routes, ...routes },
});

function amtool(t: TestContext, stack: Stack) {
  const file = join(temporaryDirectory(t), "alertmanager.yaml");
  writeFileSync(file, alertmanagerConfig(alerts, stack));
  const call = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(onPath("amtool") ?? "amtool", words, { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
    return stdout.trim();
  };
  return {
    check: () => call("check-config", file),
    receivers: (labels: Readonly<Record<string, string>>) => {
      const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
      return call("config", "routes", "test", `--config.file=${file}`, ...words);
    },
  };
}

describe("who is told", () => {
  for (const stack of [exampleStack, ...stacks]) {
    it(`${stack.name}: amtool accepts it`, needs("amtool"), (t) => {
      assert.match(amtool(t, stack).check(), /SUCCESS/);
    });
  }

  it(
    "of every alert at each of its levels: all by mail, the chat of what is critical, of production who is on call",
    needs("amtool"),
    (t) => {
      const { receivers } = amtool(t, exampleStack);
      const told = { critical: "chat,email", warning: "email" };
      const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        laptop: told,
        ...Object.fromEntries(
          exampleStack.routes.production.map((host) => [host, { ...told, critical: "on-call,chat,email" }]),
        ),
      };
      assert.deepEqual(Object.keys(expected), ["laptop", "db1", "web1"]);
      const rules = [
        ...alertingRules(alerts, exampleStack),
        ...serviceLevelRules(exampleStack).map(({ alert }) => alert),
      ];
      assert.equal(rules.filter(({ labels }) => labels["pantheros_id"]?.startsWith("slo-")).length, 2);
      for (const { labels } of rules) {
        for (const [host, of] of Object.entries(expected)) {
          const { pantheros_id, severity = "" } = labels;
          assert.equal(receivers({ ...labels, host }), of[severity], `${pantheros_id} as ${severity} on ${host}`);
        }
      }
    },
  );

  it("of what is about all hosts at once, which has none: by mail", needs("amtool"), (t) => {
    const { receivers } = amtool(t, exampleStack);
    assert.equal(receivers({ pantheros_id: "slo-backup-success", severity: "warning" }), "email");
  });

  it(
    "who is on call: of what is critical on production hosts, whose names are taken as they are",
    needs("amtool"),
    (t) => {
      const { receivers } = amtool(t, withRoutes({ production: ["db.1", "web1"] }));
      const of = (severity: Severity, host: string) => receivers({ pantheros_id: "job-failed", severity, host });
      assert.equal(of("critical", "db.1"), "on-call,chat,email");
      assert.equal(of("warning", "db.1"), "email");
      assert.equal(of("critical", "dbx1"), "chat,email");
      assert.equal(of("critical", "web12"), "chat,email");
    },
  );

  it("nobody of what is not ours, and nobody where there is no route", needs("amtool"), (t) => {
    const { receivers } = amtool(t, exampleStack);
    assert.equal(receivers({ alertname: "Another", severity: "warning" }), "nobody");
    const none = amtool(t, withRoutes({ email: [], chat: [], onCall: [] }));
    assert.equal(none.receivers({ pantheros_id: "job-failed", severity: "critical", host: "db1" }), "nobody");
  });

  it("is grouped by host, and a warning is held back by its own alert being critical", () => {
    const { route, inhibit_rules } = parse(alertmanagerConfig(alerts, exampleStack));
    assert.deepEqual(route.group_by, ["host"]);
    assert.equal(inhibit_rules.length, 2);
    assert.deepEqual(inhibit_rules[0].source_matchers, ['severity="critical"']);
    assert.deepEqual(inhibit_rules[0].target_matchers, ['severity="warning"']);
    const both = alerts.map((alert) => alert.condition(exampleStack)).filter((each) => severitiesOf(each).length === 2);
    assert.ok(both.length > 0);
    for (const { by } of both) for (const label of by) assert.ok(inhibit_rules[0].equal.includes(label), label);
    assert.ok(inhibit_rules[0].equal.includes("pantheros_id"));
    const [, { source_matchers, target_matchers }] = inhibit_rules;
    const ids = [
      ...alerts.map(({ id }) => id),
      ...serviceLevelRules(exampleStack).map(({ alert }) => alert.labels["pantheros_id"]),
    ];
    for (const [matcher] of [source_matchers, target_matchers])
      assert.ok(
        ids.some((id) => matcher === `pantheros_id="${id}"`),
        matcher,
      );
  });

  it("is told by addresses and keys that lie in files, and mail goes encrypted unless it stays here", () => {
    const place = { secrets: "/run/secrets", smarthost: "mail.example.org:587", sender: "ops@example.org" };
    const config = parse(alertmanagerConfig(alerts, exampleStack, place));
    assert.deepEqual(config.global, {
      smtp_smarthost: "mail.example.org:587",
      smtp_from: "ops@example.org",
      smtp_require_tls: true,
    });
    assert.equal(parse(alertmanagerConfig(alerts, exampleStack)).global.smtp_require_tls, false);
    const routes = { ...exampleStack.routes, email: [], production: [] };
    const few = parse(alertmanagerConfig(alerts, { ...exampleStack, routes }));
    assert.equal(few.global, undefined, "no mail, no server for it");
    const told = few.route.routes.map(({ receiver }: { receiver: string }) => receiver);
    assert.deepEqual(told, ["chat"], "nobody is called for hosts that nobody has named");
    const text = JSON.stringify(config.receivers);
    for (const name of ["slack-backups", "discord-backups", "pagerduty-backups"])
      assert.match(text, new RegExp(`_file":"/run/secrets/${name}"`));
  });

  it("takes the handles of Datadog, and says which it does not know", () => {
    const same = withRoutes({ email: ["@backups@example.org"], chat: ["@slack-backups", "@discord-backups"] });
    assert.equal(alertmanagerConfig(alerts, same), alertmanagerConfig(alerts, exampleStack));
    for (const routes of [{ chat: ["teams-backups"] }, { onCall: ["slack-backups"] }]) {
      assert.throws(
        () => alertmanagerConfig(alerts, withRoutes(routes)),
        (error: unknown) => {
          assert.ok(error instanceof StepError);
          assert.match(error.message, /(teams|slack)-backups is not known to be/);
          return error.reason === "config";
        },
      );
    }
  });
});
